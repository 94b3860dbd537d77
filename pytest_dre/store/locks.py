"""Locks between processes that end with the process that holds them, however it ends.

SQLite's file locks do that on every system, and forked children do not inherit them. The files hold nothing. They
must never be opened but by SQLite: on POSIX systems, closing a file drops the locks that the process has on it.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path


def hold(path: Path, timeout_s: float = 10) -> sqlite3.Connection:
    """Hold a lock on the file, making it, until the connection is closed. Others may hold it too.

    Raises sqlite3.OperationalError if a process is `alone` with it for longer than `timeout_s`, or it cannot be made.
    """
    connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def is_held(path: Path) -> bool:
    """Return whether a live process holds a lock on the file."""
    try:
        with contextlib.closing(_existing(path, 0)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorname.startswith("SQLITE_BUSY")
    return False


@contextlib.contextmanager
def alone(path: Path, timeout_s: float) -> Iterator[None]:
    """Be the only process inside. Raises sqlite3.OperationalError after `timeout_s`.

    The file stays: if it were removed, a process that opened it before and one that makes it anew would both be alone.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=timeout_s, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


def _existing(path: Path, timeout_s: float) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=timeout_s, isolation_level=None)
