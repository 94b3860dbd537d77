"""Which session runs a study: one at a time.

Each process of a session holds a lock on a file of its own beside the store, for as long as it lives; the store's
table `owner` names the session, and changes only inside BEGIN IMMEDIATE. So a session that was killed owns nothing
any more, without anybody having to say so.
"""

import contextlib
import hashlib
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_dre.errors import StoreError
from pytest_dre.store.database import wait_for_salvage
from pytest_dre.store.locks import hold, is_held
from pytest_dre.store.transactions import immediate

_PREFIX = ".store.session-"
_POLL_S = 0.1
_COMMAND_SHOWN = 200  # characters


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One process of a session.

    Attributes:
        session_id: The same in all processes of the session.
        main: Whether this is the process that its user started (the controller, or the only one).
        pid: Process id of the main process.
        host: Name of the machine.
        command: Command line of the main process.
        started: ISO 8601, UTC.
    """

    session_id: str
    main: bool
    pid: int
    host: str
    command: str
    started: str

    def describe(self) -> str:
        """Return who it is, for the user of another session."""
        command = " ".join(self.command.split())
        shown = command if len(command) <= _COMMAND_SHOWN else f"{command[: _COMMAND_SHOWN - 1]}…"
        since = self.started[:19].replace("T", " ")
        return f"pid {self.pid} on host {self.host} since {since} UTC ({shown})"


class RunningElsewhere(StoreError):
    """Another session runs the study; nothing of it was started here."""

    def __init__(self, study_id: str, owner: SessionInfo, *, only_workers: bool = False) -> None:
        self.owner = owner
        ended = "; that process has ended, but workers of it are still there" if only_workers else ""
        super().__init__(
            f"study {study_id!r} is being run by {owner.describe()}{ended}; wait for it, or stop it;"
            " nothing of it was started here"
        )


@dataclass(slots=True)
class Claim:
    """A process's part in the ownership of a study.

    Attributes:
        killed: The session that had the study last, if it did not give it up.
    """

    session: SessionInfo
    path: Path
    lock_path: Path
    _connection: sqlite3.Connection
    _lock: sqlite3.Connection | None
    killed: SessionInfo | None = None

    def release(self) -> None:
        """Give it up. The session's last process leaves the study without an owner."""
        if self._lock is None:
            return
        self._lock.close()
        self._lock = None
        # A store that is damaged or gone by now has no owner to remove; a lock that nobody holds binds nobody.
        with contextlib.suppress(OSError, sqlite3.Error), immediate(self._connection):
            _remove(self.lock_path)
            if not any(map(is_held, _locks(self.path, self.session.session_id))):
                _remove_dead_locks(self.path)
                self._connection.execute("DELETE FROM owner WHERE session_id = ?", (self.session.session_id,))


def claim(
    connection: sqlite3.Connection,
    path: Path,
    study_id: str,
    session: SessionInfo,
    *,
    wait_s: float,
    on_wait: Callable[[str], None] | None,
) -> Claim:
    """Make the session the study's owner, or join it.

    If the owner's main process died while workers of it still run, they are waited for up to `wait_s` seconds, after
    telling `on_wait` so. Raises RunningElsewhere if another session runs the study, sqlite3.Error, OSError.
    """
    deadline, told = time.monotonic() + wait_s, False
    while True:
        lock_path, lock = _hold_own(path, session)
        try:
            wait_for_salvage(path)  # who salvages later sees our lock
            rival, before = _try(connection, path, session, lock_path)
        except BaseException:
            _give_up(lock_path, lock)
            raise
        if rival is None:
            return Claim(session, path, lock_path, connection, lock, killed=before)
        _give_up(lock_path, lock)
        if rival.is_alive:
            raise RunningElsewhere(study_id, rival.owner)
        if rival.is_ending:
            if time.monotonic() >= deadline:
                raise RunningElsewhere(study_id, rival.owner, only_workers=True)
            if on_wait is not None and not told:
                on_wait(f"study {study_id!r}: waiting for the last workers of {rival.owner.describe()} to end")
            told = True
            time.sleep(_POLL_S)


def live_session(path: Path) -> bool:
    """Return whether any process has claimed the store at `path` and lives."""
    locks = list(path.parent.glob(f"{_PREFIX}*"))
    if not any(map(is_held, locks)):
        return False
    time.sleep(_POLL_S)  # a process that tests a lock holds it for a moment
    return any(map(is_held, locks))


@dataclass(frozen=True, slots=True)
class _Rival:
    owner: SessionInfo
    is_alive: bool
    is_ending: bool


def _try(
    connection: sqlite3.Connection, path: Path, session: SessionInfo, lock_path: Path
) -> tuple[_Rival | None, SessionInfo | None]:
    """Take the study or join its owner; return who has it if that is another session, or else who had it, killed."""
    with immediate(connection):
        owner = _owner(connection)
        if not lock_path.exists():  # a rival cleared it away before it was locked: once more
            return _Rival(session, is_alive=False, is_ending=False), None
        if owner is not None and owner.session_id != session.session_id:
            if any(map(is_held, _locks(path, owner.session_id, main=True))):
                return _Rival(owner, is_alive=True, is_ending=False), None
            if any(map(is_held, _locks(path, owner.session_id))):
                return _Rival(owner, is_alive=False, is_ending=True), None
        if owner is None or owner.session_id != session.session_id or session.main:
            _remove_dead_locks(path)
            connection.execute(
                "INSERT OR REPLACE INTO owner VALUES (1, ?, ?, ?, ?, ?)",
                (session.session_id, session.pid, session.host, session.command, session.started),
            )
    is_another = owner is not None and owner.session_id != session.session_id
    return None, owner if is_another else None


def _owner(connection: sqlite3.Connection) -> SessionInfo | None:
    row = connection.execute("SELECT session_id, 1, pid, host, command, started FROM owner").fetchone()
    return None if row is None else SessionInfo(*row)


def _hold_own(path: Path, session: SessionInfo) -> tuple[Path, sqlite3.Connection]:
    role = "main" if session.main else "worker"
    lock_path = path.with_name(f"{_PREFIX}{_key(session.session_id)}.{role}.{uuid.uuid4().hex[:12]}")
    try:
        return lock_path, hold(lock_path)
    except sqlite3.OperationalError:  # cleared away by a rival before it was locked?
        return lock_path, hold(lock_path)


def _give_up(lock_path: Path, lock: sqlite3.Connection) -> None:
    lock.close()
    _remove(lock_path)


def _locks(path: Path, session_id: str, *, main: bool = False) -> list[Path]:
    return list(path.parent.glob(f"{_PREFIX}{_key(session_id)}.{'main' if main else '*'}.*"))


def _remove_dead_locks(path: Path) -> None:
    """Remove the lock files of dead processes; one that is just being made is missed by its process, and made anew."""
    for lock_path in path.parent.glob(f"{_PREFIX}*"):
        if not is_held(lock_path):
            _remove(lock_path)


def _remove(lock_path: Path) -> None:
    with contextlib.suppress(OSError):  # Windows keeps a file that somebody has open; it binds nobody
        lock_path.unlink()


def _key(session_id: str) -> str:
    """Return the session's id as a file name."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:16]
