"""What one session spends on all its studies, known to all its processes."""

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path

from pytest_dre.errors import StoreError
from pytest_dre.model.runs import Spending
from pytest_dre.store.rows import spending_row
from pytest_dre.store.totals import Totals

_NAME = "spending.sqlite"
_TIMEOUT_S = 60.0


class SessionLedger:
    """A small database in a temporary directory; one process makes it, the others open it by its `path`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def create(cls) -> "SessionLedger":
        """Make a ledger in a temporary directory of its own. Raises StoreError."""
        try:
            path = Path(tempfile.mkdtemp(prefix="pytest-dre-")) / _NAME
            connection = _connect(path, "rwc")
            with contextlib.suppress(sqlite3.OperationalError):  # where it cannot work, the rollback journal does
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "CREATE TABLE spent (only INTEGER PRIMARY KEY CHECK (only = 1), cost_usd REAL, tokens INTEGER,"
                " seconds REAL, runs INTEGER, failures INTEGER)"
            )
            connection.execute("INSERT INTO spent VALUES (1, 0.0, 0, 0.0, 0, 0)")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"the session's ledger cannot be made in the temporary directory {tempfile.gettempdir()}: {error};"
                " set TMPDIR to a directory that can be written"
            ) from error
        return cls(connection, path)

    @classmethod
    def open(cls, path: Path) -> "SessionLedger":
        """Open the ledger that another process made. Raises StoreError if it is not there."""
        try:
            return cls(_connect(path, "rw"), path)
        except sqlite3.Error as error:
            raise _failed(path, error) from error

    def add(self, spending: Spending, *, runs: int = 0, failures: int = 0) -> None:
        """Add what a run or an attempt came to."""
        self._execute(
            "UPDATE spent SET cost_usd = cost_usd + ?, tokens = tokens + ?, seconds = seconds + ?,"
            " runs = runs + ?, failures = failures + ?",
            (*spending_row(spending), runs, failures),
        )

    def totals(self) -> Totals:
        """Return what all processes added so far."""
        row = self._execute("SELECT cost_usd, tokens, seconds, runs, failures FROM spent").fetchone()
        return Totals(*row)

    def close(self) -> None:
        """Close this process's connection."""
        self._connection.close()

    def remove(self) -> None:
        """Close the ledger and remove its directory; for the process that made it, last of all."""
        self.close()
        shutil.rmtree(self.path.parent, ignore_errors=True)

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise _failed(self.path, error) from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # it need not outlive the session
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _failed(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"the session's ledger {path} failed: {error}; no further run is started without it")
