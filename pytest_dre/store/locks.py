"""Locks between processes that end with the process that holds them, however it ends.

SQLite's file locks do that on every system, and forked children do not inherit them. The files hold nothing. They
must never be opened but by SQLite: on POSIX systems, closing a file drops the locks that the process has on it.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path


def hold(path: Path) -> sqlite3.Connection:
    """Hold a lock on the file, making it, until the connection is closed. Others may hold it too."""
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
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
    """Be the only process inside; the file is there while one is. Raises sqlite3.OperationalError after `timeout_s`."""
    connection = _exclusive(path, timeout_s)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is locked: who waits for it sees that it has no name any more
        connection.close()


def _exclusive(path: Path, timeout_s: float) -> sqlite3.Connection:
    while True:
        connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None)
        before = _identity(path)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            if before is not None and _identity(path) == before:
                return connection
        except sqlite3.OperationalError:
            if _identity(path) == before:
                connection.close()
                raise
        connection.close()  # the process before us removed the file: ours has no name


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino


def _existing(path: Path, timeout_s: float) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=timeout_s, isolation_level=None)
