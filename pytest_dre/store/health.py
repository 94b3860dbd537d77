"""Whether a file is a store, whose, and whole."""

import sqlite3
from pathlib import Path

from pytest_dre.errors import StoreError
from pytest_dre.store.failures import DamagedStoreError, is_damage
from pytest_dre.store.rows import read
from pytest_dre.store.schema import APPLICATION_ID, STORE_VERSION, TABLES

QUICK_CHECK_BELOW = 64 * 2**20  # bytes; read from the disk's cache in about a tenth of a second


def check_file(path: Path) -> None:
    """Raise DamagedStoreError for what SQLite must not even open: it would drop the write-ahead log beside it.

    Raises StoreError for what is no file.
    """
    log = path.with_name(f"{path.name}-wal")
    if path.is_dir():
        raise StoreError(f"the run store {path} cannot be opened: it is a directory; move it away")
    if not path.exists() and log.exists() and log.stat().st_size > 0:
        if not path.exists():  # not made in the meantime either
            raise DamagedStoreError(path, f"it is gone, {log.name} is still there")
    elif path.exists() and path.stat().st_size == 0:
        raise DamagedStoreError(path, "it is empty")
    elif interrupted_salvage(path) is not None:
        raise DamagedStoreError(path, "its salvage was interrupted")


def interrupted_salvage(path: Path) -> Path | None:
    """Return the name that a damaged store was given, if the new one has not taken its place yet."""
    if not path.exists() or path.stat().st_nlink == 1:
        return None
    names = path.parent.glob(f"{path.stem}.damaged-*{path.suffix}")
    return next((name for name in sorted(names) if name.samefile(path)), None)


def check_store(connection: sqlite3.Connection, path: Path, study_id: str) -> int:
    """Return the store's version. Raises StoreError for a damaged, foreign or newer store, or another study's."""
    try:
        return _version_of_store(connection, path, study_id)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise DamagedStoreError(path, str(error)) from error
        raise


def check_content(connection: sqlite3.Connection, path: Path) -> None:
    """Look at every page and result of a store that is not large. Raises DamagedStoreError."""
    if path.stat().st_size >= QUICK_CHECK_BELOW:
        return
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        verdict = str(error)
    if verdict != "ok":
        raise DamagedStoreError(path, " ".join(verdict.split()))
    if not _all_readable(connection):
        raise DamagedStoreError(path, "a result in it cannot be read")


def _all_readable(connection: sqlite3.Connection) -> bool:
    """SQLite does not look into what it keeps."""
    connection.text_factory = bytes
    try:
        for (payload,) in connection.execute("SELECT payload FROM results"):
            read(payload)
    except (ValueError, KeyError, TypeError):
        return False
    finally:
        connection.text_factory = str
    return True


def not_ours(path: Path) -> StoreError:
    """Return that the file is another program's database."""
    return StoreError(f"{path} is no run store of pytest-dre; move it away, or choose another --dre-output")


def newer(path: Path, version: int) -> StoreError:
    """Return that the store was written by a newer release."""
    return StoreError(
        f"{path} was written by a newer pytest-dre (store version {version}, this one knows {STORE_VERSION});"
        " upgrade it"
    )


def of_another_study(path: Path, owner: str, study_id: str) -> StoreError:
    """Return that the store belongs to another study."""
    return StoreError(
        f"{path} holds the runs of study {owner!r}, not of {study_id!r}; give each study an output_dir of its own"
    )


def _version_of_store(connection: sqlite3.Connection, path: Path, study_id: str) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if application != APPLICATION_ID and (application or tables):
        raise not_ours(path)
    if version > STORE_VERSION:
        raise newer(path, version)
    missing = TABLES.get(version, TABLES[1]) - tables
    if missing:
        raise DamagedStoreError(path, f"without table {min(missing)}")
    row = connection.execute("SELECT value FROM meta WHERE key = 'study_id'").fetchone()
    if row is None:
        raise DamagedStoreError(path, "it does not say whose runs it holds")
    if row[0] != study_id:
        raise of_another_study(path, str(row[0]), study_id)
    return version
