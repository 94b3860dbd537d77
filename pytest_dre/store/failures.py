"""What to tell a user when SQLite cannot read or write the store."""

import sqlite3
from pathlib import Path

from pytest_dre.errors import StoreError

_KEPT = "nothing stored before is lost"


class DamagedStoreError(StoreError):
    """The store's file is no database of ours any more; what can be read of it can be salvaged."""

    def __init__(self, path: Path, detail: str) -> None:
        self.path = path
        self.detail = detail
        super().__init__(
            f"the run store {path} is damaged ({detail}); it is left as it is: run the study again, then what is"
            " readable is salvaged and the damaged file kept aside"
        )


def is_damage(error: OSError | sqlite3.Error) -> bool:
    """Return whether the file's content is to blame."""
    return _name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or _is_no_text(error)


def opening_failed(path: Path, error: OSError | sqlite3.Error) -> StoreError:
    """Return what to say when the store cannot be opened or made."""
    if is_damage(error):
        return DamagedStoreError(path, "a text in it is not UTF-8" if _is_no_text(error) else str(error))
    hint = _HINTS.get(_family(error), "check the output directory")
    return StoreError(f"the run store {path} cannot be opened: {error}; {hint}")


def use_failed(path: Path, error: OSError | sqlite3.Error) -> StoreError:
    """Return what to say when a statement fails in a store that is open."""
    if is_damage(error):
        return DamagedStoreError(path, "a text in it is not UTF-8" if _is_no_text(error) else str(error))
    hint = _HINTS.get(_family(error))
    return StoreError(f"the run store {path} failed: {error}; {hint + '; ' if hint else ''}{_KEPT}")


def vanished(path: Path) -> StoreError:
    """Return what to say when the file is not where it was: SQLite writes on, into a file without a name."""
    return StoreError(
        f"the run store {path} was removed or replaced while runs were recorded; the results in it are gone with it:"
        " leave the output directory alone while a session runs, and run the study again"
    )


_HINTS = {
    "SQLITE_FULL": "the disk is full: free some space, then run what is missing",
    "SQLITE_IOERR": "the disk may be full, over its quota or gone: see to it, then run what is missing",
    "SQLITE_READONLY": "the file or its directory is read-only: make it writable, or choose another --dre-output",
    "SQLITE_CANTOPEN": "check that the output directory is there and writable",
    "SQLITE_BUSY": "another process has kept it locked for too long: end it, then run what is missing",
}


def _is_no_text(error: OSError | sqlite3.Error) -> bool:
    return not _name(error) and str(error).startswith("Could not decode to UTF-8")  # Python's own, with the text


def _name(error: OSError | sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))  # none if Python itself refused


def _family(error: OSError | sqlite3.Error) -> str:
    return "_".join(_name(error).split("_")[:2])
