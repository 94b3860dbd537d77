"""Creating and opening the database file."""

import contextlib
import os
import sqlite3
import time
import uuid
from pathlib import Path

from pytest_dre.errors import StoreError

STORE_NAME = "store.sqlite"
STORE_VERSION = 1
BUSY_TIMEOUT_S = 60.0
CHECKPOINT_PAGES = 16_000  # SQLite's 1,000 would wait for the disk every few hundred runs
_APPLICATION_ID = 0x64726531  # "dre1": tells our files from other SQLite databases

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE versions (
    kind TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE results (
    result_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX results_by_run ON results (run_id);
CREATE TABLE stops (session_id TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
"""


def open_database(path: Path, study_id: str) -> sqlite3.Connection:
    """Open the study's store, creating it if there is none. Raises StoreError with what to do."""
    try:
        if not path.exists():
            _create(path, study_id)
        connection = _connect(path)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the run store {path} cannot be opened: {error}; check the output directory") from error
    try:
        _check(connection, path, study_id)
    except BaseException:
        connection.close()
        raise
    return connection


def open_existing(path: Path, study_id: str) -> sqlite3.Connection | None:
    """Open the study's store, None if there is none yet; never creates anything."""
    return open_database(path, study_id) if path.is_file() else None


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


def _create(path: Path, study_id: str) -> None:
    """Make the database whole under a temporary name, then link it into place.

    Two processes may get here at once, and SQLite's busy timeout does not cover the switch to WAL: whoever links
    first wins, the other's file is dropped.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with contextlib.closing(_connect(temporary)) as connection:
            _use_wal_where_it_works(connection)
            connection.executescript(_SCHEMA)
            connection.execute("INSERT INTO meta VALUES ('study_id', ?)", (study_id,))
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {STORE_VERSION}")
        _link_into_place(temporary, path)
    finally:
        for leftover in path.parent.glob(f"{temporary.name}*"):
            leftover.unlink(missing_ok=True)


def _use_wal_where_it_works(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; network disks refuse it, and the rollback journal stays."""
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")


def _link_into_place(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:
        # File systems without hard links: an exclusive name decides who moves its file into place.
        _claim_and_move(temporary, path)


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


def _check(connection: sqlite3.Connection, path: Path, study_id: str) -> None:
    """Refuse a file that is damaged, not ours, of a newer version, or another study's."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION_ID:
            raise StoreError(f"{path} is no run store of pytest-dre; move it away, or choose another --dre-output")
        if version > STORE_VERSION:
            raise StoreError(
                f"{path} was written by a newer pytest-dre (store version {version}, this one knows {STORE_VERSION});"
                " upgrade it"
            )
        (owner,) = connection.execute("SELECT value FROM meta WHERE key = 'study_id'").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"the run store {path} is damaged ({error}); it is left as it is: move it away to start anew"
        ) from error
    if owner != study_id:
        raise StoreError(
            f"{path} holds the runs of study {owner!r}, not of {study_id!r}; give each study an output_dir of its own"
        )
