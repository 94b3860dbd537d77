"""Reading the files of custom matrices."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.designs.faults import refuse

PATH = ("design_spec", "matrix_path")
NAMED_ROWS = 3
MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row and the place users find it at, "matrix.csv:3"."""

    place: str
    values: Mapping[str, Any]


def places(rows: Sequence[MatrixRow]) -> str:
    """Return where the rows are: the first by their places, the others by their number."""
    named = ", ".join(row.place for row in rows[:NAMED_ROWS])
    more = len(rows) - NAMED_ROWS
    return named if more <= 0 else f"{named} and {more} more row{'s' if more > 1 else ''}"


def read_matrix(path: Path) -> list[MatrixRow]:
    """Return the rows of a matrix: a list of maps if the file ends in .json, else a CSV with a header.

    UTF-8, with or without a byte order mark. Raises StudyError.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}", "matrix_path is relative to the study file", *PATH)
    if len(content) > MAX_BYTES:
        refuse(f"{path.name} is larger than {MAX_BYTES // 10**6} MB", "name a CSV or JSON file of rows", *PATH)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(f"{path.name} is no UTF-8 (byte {error.start})", "save it as UTF-8", *PATH)
    rows = list(_json_rows(path.name, text) if path.suffix.lower() == ".json" else _csv_rows(path.name, text))
    if not rows:
        refuse(f"{path.name} has no rows", "write one row a condition", *PATH)
    return rows


def _csv_rows(name: str, text: str) -> Iterator[MatrixRow]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            place = f"{name}:{reader.line_num}"
            if not cells:  # an empty line
                continue
            if header is None:
                header = _checked_header(place, cells)
            elif len(cells) != len(header):
                message = f"{place}: the row has {len(cells)} cells, the header {len(header)}"
                refuse(message, "quote cells that contain commas", *PATH)
            else:
                yield MatrixRow(place, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        refuse(f"{name}:{reader.line_num}: malformed CSV: {error}", "check the quotes", *PATH)


def _checked_header(place: str, cells: list[str]) -> list[str]:
    for index, cell in enumerate(cells):
        if not cell.strip():
            refuse(f"{place}: column {index + 1} has no name", "name it as a factor or block", *PATH)
        if cell in cells[:index]:
            refuse(f"{place}: two columns are named {cell!r}", "remove one", *PATH)
    return cells


def _json_rows(name: str, text: str) -> Iterator[MatrixRow]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        refuse(f"{name} is no JSON: {error}", "write a list of maps", *PATH)
    if not isinstance(rows, list):
        refuse(f"{name} holds no list", "write a list of maps, one a condition", *PATH)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            refuse(f"{name}: row {number} is no map", "write {factor: value}", *PATH)
        yield MatrixRow(f"{name}: row {number}", row)
