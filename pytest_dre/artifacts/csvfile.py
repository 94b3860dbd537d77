"""CSV files: UTF-8, comma, a header, line feeds; written as a stream, read back exactly."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pytest_dre.artifacts.cells import Cell

_BUFFER_CHARACTERS = 1 << 20
_LARGEST_FIELD = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the manifest says of a file: its size in bytes, SHA-256 and, for a table, its rows without the header."""

    size: int
    sha256: str
    rows: int | None = None


class CsvWriter:
    """Writes one CSV file row by row, and hashes it on the way.

    None is an empty cell, a boolean True or False, a float its shortest exact text (nan, inf, -inf).
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file = path.open("xb")
        self._hash = hashlib.sha256()
        self._lines: list[str] = []
        self._characters = 0
        self._size = 0
        self._rows = -1  # the header is no row
        # The dialect ends lines with CR LF and `write` makes that LF: only then does Python quote a lone CR.
        self._write_row = csv.writer(self, lineterminator="\r\n").writerow
        self.write_cells(header)

    def __enter__(self) -> "CsvWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._file.close()

    def write_cells(self, cells: Sequence[Cell]) -> None:
        """Append a row."""
        self._write_row(cells)
        self._rows += 1

    def write(self, line: str) -> None:
        """Take one line from the csv module."""
        self._lines.append(line[:-2])
        self._characters += len(line)
        if self._characters > _BUFFER_CHARACTERS:
            self._flush()

    def record(self) -> FileRecord:
        """Flush, and return what was written so far."""
        self._flush()
        return FileRecord(self._size, self._hash.hexdigest(), self._rows)

    def _flush(self) -> None:
        if self._lines:
            data = ("\n".join(self._lines) + "\n").encode("utf-8", "backslashreplace")
            self._file.write(data)
            self._hash.update(data)
            self._size += len(data)
            self._lines.clear()
            self._characters = 0
        self._file.flush()


def read_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of a CSV file, the header first. Read it inside `large_fields`.

    Raises csv.Error or UnicodeDecodeError if it is no CSV in UTF-8.
    """
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, strict=True)


@contextmanager
def large_fields() -> Iterator[None]:
    """Let the csv module read cells of any size meanwhile: an agent's output may exceed its 128 KiB."""
    before = csv.field_size_limit(_LARGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
