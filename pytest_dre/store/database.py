"""Creating and opening the database file."""

import contextlib
import os
import sqlite3
import time
import uuid
from pathlib import Path

from pytest_dre.errors import StoreError
from pytest_dre.store.failures import opening_failed
from pytest_dre.store.health import check_content, check_file, check_store
from pytest_dre.store.locks import hold
from pytest_dre.store.migration import migrate
from pytest_dre.store.schema import STORE_VERSION, create_schema

STORE_NAME = "store.sqlite"
BUSY_TIMEOUT_S = 60.0
CHECKPOINT_PAGES = 4_000  # some 2,500 small results; SQLite's 1,000 would wait for the disk four times as often


def open_database(path: Path, study_id: str, *, thoroughly: bool = False) -> sqlite3.Connection:
    """Open the study's store, creating it if there is none, and bring it up to date.

    `thoroughly` looks at every page of it. Raises StoreError with what to do, DamagedStoreError if it can be salvaged.
    """
    try:
        wait_for_salvage(path)
    except (OSError, sqlite3.Error) as error:
        raise opening_failed(path, error) from error
    return open_present(path, study_id, thoroughly=thoroughly)


def open_present(path: Path, study_id: str, *, thoroughly: bool = False) -> sqlite3.Connection:
    """Do as `open_database`, for the process that replaces damaged stores itself."""
    try:
        check_file(path)
        if not path.exists():
            _create(path, study_id)
        _look_at(path, study_id, thoroughly)
        connection = _connect(path)
        try:
            if check_store(connection, path, study_id) < STORE_VERSION:
                migrate(connection, path)
        except BaseException:
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise opening_failed(path, error) from error
    return connection


def open_existing(path: Path, study_id: str) -> sqlite3.Connection | None:
    """Open the study's store, None if there is none yet; never creates one."""
    return open_database(path, study_id) if path.is_file() else None


def build(path: Path, study_id: str) -> sqlite3.Connection:
    """Make an empty store under a name that no other process knows; whole once the connection is closed."""
    connection = _connect(path)
    try:
        _use_wal_where_it_works(connection)
        create_schema(connection, study_id)
    except BaseException:
        connection.close()
        raise
    return connection


def temporary_beside(path: Path) -> Path:
    """Return a name beside `path` that no other process uses."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")


def remove_temporary(temporary: Path) -> None:
    """Remove what is left of a temporary database, its log included."""
    for leftover in temporary.parent.glob(f"{temporary.name}*"):
        leftover.unlink(missing_ok=True)


def salvage_lock(path: Path) -> Path:
    """Return the lock of the process that replaces a damaged store; it stays there once one was."""
    return path.with_name(f".{path.name}.salvage")


def wait_for_salvage(path: Path) -> None:
    """Wait until no process replaces the store; raises sqlite3.OperationalError if one does for too long."""
    lock = salvage_lock(path)
    if lock.exists():
        hold(lock, BUSY_TIMEOUT_S).close()


def link_into_place(temporary: Path, path: Path) -> None:
    """Give a finished file its name, unless another process was faster."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:
        # File systems without hard links: an exclusive name decides who moves its file into place.
        _claim_and_move(temporary, path)


def _connect(path: Path) -> sqlite3.Connection:
    # Autocommit: each statement is a transaction of its own, a run's record is one statement.
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _look_at(path: Path, study_id: str, thoroughly: bool) -> None:
    """Check the store without writing: a connection that may write would change a damaged file when it is closed."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        try:
            check_store(connection, path, study_id)
            if thoroughly:
                check_content(connection, path)
        except sqlite3.OperationalError:
            return  # after a crash without write-ahead log it needs a writer: checked once it is open


def _create(path: Path, study_id: str) -> None:
    """Make the database whole under a temporary name, then link it into place.

    Two processes may get here at once, and SQLite's busy timeout does not cover the switch to WAL: whoever links
    first wins, the other's file is dropped.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        build(temporary, study_id).close()
        link_into_place(temporary, path)
    finally:
        remove_temporary(temporary)


def _use_wal_where_it_works(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; network disks refuse it, and the rollback journal stays."""
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")


def _claim_and_move(temporary: Path, path: Path) -> None:
    claim = path.with_name(f".{path.name}.claim")
    try:
        claim.open("x").close()
    except FileExistsError:
        _wait_for(path)
        return
    temporary.replace(path)
    claim.unlink()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while not path.exists():
        if time.monotonic() > deadline:
            raise StoreError(f"another process claimed {path} and never made it; remove .{path.name}.claim beside it")
        time.sleep(0.02)
