"""Files made aside and moved into place together, so that a failure leaves what was there."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_dre.errors import ArtifactError

LOCK_FILE = ".dre-export.lock"
WAIT_S = 300.0
_POLL_S = 0.05
_PREFIX = ".dre-export-"


@contextmanager
def staging_directory(directory: Path) -> Iterator[Path]:
    """Give a new directory inside `directory`, hence on the same file system, and remove it at the end.

    One process or thread at a time has one; others wait for it. So those that are there already are of exports that
    were killed, and are removed. Raises ArtifactError after `WAIT_S` seconds, sqlite3.Error, OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        for leftover in directory.glob(f"{_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=directory))
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def publish(staging: Path, directory: Path, names: Sequence[str]) -> None:
    """Move the files into `directory`, in that order, each at once over an older one of its name."""
    for name in names:
        os.replace(staging / name, directory / name)  # noqa: PTH105 (atomic on every platform)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Be the only one who stages files in the directory."""
    path, deadline = directory / LOCK_FILE, time.monotonic() + WAIT_S
    while (lock := _locked(path)) is None:
        if time.monotonic() >= deadline:
            raise ArtifactError(
                f"another process has been writing artifacts to {directory} for {WAIT_S:g} s; wait for it or stop it,"
                " then export again"
            )
        time.sleep(_POLL_S)
    with contextlib.closing(lock):
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows keeps a file that is open; unlocked, it binds nobody
                path.unlink()


def _locked(path: Path) -> sqlite3.Connection | None:
    """Return a lock on the file, None if somebody else has it or has just removed it.

    SQLite's locks end with the process that holds them, however it ends, and forked children do not inherit them. The
    file must not be opened but by SQLite: on POSIX systems, closing it drops the locks that the process has on it.
    """
    if not path.exists():
        _make(path)
    before = _identity(path)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        connection.close()
        # Some file systems cannot tell of a file that was removed between being opened and locked what it is.
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_IOERR_FSTAT")) or _identity(path) != before:
            return None
        raise
    if before is None or _identity(path) != before:  # locked, but perhaps not the file that others find there
        connection.close()
        return None
    return connection


def _make(path: Path) -> None:
    try:
        sqlite3.connect(path).close()
    except sqlite3.OperationalError:
        tempfile.TemporaryFile(dir=path.parent).close()  # its OSError tells why no file can be made
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino
