"""The tables mirrored into an SQLite database."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType

from pytest_dre.artifacts.cells import Cell, Row
from pytest_dre.artifacts.schema import ColumnKind
from pytest_dre.encoding import encodable
from pytest_dre.errors import ArtifactError

MOST_COLUMNS = 2000  # SQLite's own default
_INT64 = range(-(2**63), 2**63)
_TYPES: dict[ColumnKind, str] = {
    "text": "TEXT",
    "optional_text": "TEXT",
    "json": "TEXT",
    "integer": "INTEGER",
    "boolean": "INTEGER",
    "number": "REAL",
    "scalar": "REAL",  # SQLite keeps what is no number as text
}


class Mirror:
    """An SQLite database under construction. Its tables have the columns of the CSV files, with real types.

    Booleans are INTEGER 0 and 1. NaN is NULL, for SQLite has no NaN: JSON columns keep it.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        # The file is moved into place once complete: a journal would only cost time.
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("BEGIN")

    def __enter__(self) -> "Mirror":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            self._connection.close()

    def create_table(self, name: str, columns: Sequence[tuple[str, str]]) -> Callable[[Row], None]:
        """Create a table of (column, type) and return what inserts a row into it."""
        names = distinct_names([column for column, _ in columns])
        definitions = ", ".join(
            f"{quoted(column)} {kind}".rstrip() for column, (_, kind) in zip(names, columns, strict=True)
        )
        self._connection.execute(f"CREATE TABLE {quoted(name)} ({definitions})")
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {quoted(name)} VALUES ({marks})"  # noqa: S608 (the name is quoted)
        execute = self._connection.execute

        def insert(row: Row) -> None:
            try:
                execute(statement, row)
            except (UnicodeEncodeError, OverflowError):
                execute(statement, [_storable(cell) for cell in row])

        return insert


def check_column_count(count: int) -> None:
    """Raise ArtifactError if a table has more columns than SQLite can hold."""
    if count > MOST_COLUMNS:
        raise ArtifactError(
            f"the conditions table has {count} columns, but SQLite holds at most {MOST_COLUMNS}; "
            "export without the SQLite mirror, the CSV tables have no such limit"
        )


def declared_type(kind: ColumnKind) -> str:
    """Return the SQLite type of a fixed column."""
    return _TYPES[kind]


def type_of_values(values: Iterable[Cell]) -> str:
    """Return the SQLite type that holds all of `values`, "" if they are of several kinds.

    SQLite stores the values of a column without a type as they are.
    """
    kinds = {_type_of(value) for value in values if value is not None}
    if kinds == {"INTEGER", "REAL"}:
        return "REAL"
    return kinds.pop() if len(kinds) == 1 else "" if kinds else "TEXT"


def distinct_names(names: Sequence[str]) -> list[str]:
    """Return the names, each that equals an earlier one but for ASCII case with `_2`, `_3` … behind it.

    SQLite does not tell `A` from `a`, and takes neither NUL nor lone surrogates in a name.
    """
    folded = [_folded(name) for name in names]
    seen: set[str] = set()
    distinct: list[str] = []
    for name, key in zip(names, folded, strict=True):
        candidate, number = key, 1
        while candidate in seen or (number > 1 and candidate in folded):
            number += 1
            candidate = f"{key}_{number}"
        seen.add(candidate)
        distinct.append(_printable(name) if number == 1 else f"{_printable(name)}_{number}")
    return distinct


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _printable(name: str) -> str:
    return encodable(name).replace("\0", "\\x00")


def _folded(name: str) -> str:
    """Return the name as SQLite compares it."""
    return "".join(char.lower() if char.isascii() else char for char in _printable(name))


def _type_of(value: Cell) -> str:
    if isinstance(value, str):
        return "TEXT"
    if isinstance(value, int):
        return "INTEGER" if value in _INT64 else "REAL"
    return "REAL"


def _storable(cell: Cell) -> Cell:
    """Return the cell as SQLite can hold it: integers beyond 64 bits as text, lone surrogates escaped."""
    if isinstance(cell, str):
        return encodable(cell)
    if isinstance(cell, int) and cell not in _INT64:
        return str(cell)
    return cell
