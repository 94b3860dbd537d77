"""Values as cells of a table, and back."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_dre.artifacts.schema import ColumnKind
from pytest_dre.canonical import canonical_value

Cell = str | int | float | bool | None
Row = tuple[Cell, ...]

_PLAIN = frozenset((str, int, float, bool, type(None)))
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_EMPTY: Mapping[type, str] = {dict: "{}", list: "[]"}  # half of all cells
_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}", re.ASCII)  # Python refuses to parse more digits than that


def json_cell(value: object) -> str:
    """Return the JSON text of `value`, with Python's literals NaN, Infinity and -Infinity.

    Non-ASCII is escaped, so that a cell has no line breaks and lone surrogates survive.
    """
    if not value and type(value) in _EMPTY:
        return _EMPTY[type(value)]
    try:
        return _ENCODE(value)
    except TypeError:  # no plain data: enums, paths, dates, keys that are no text …
        return _ENCODE(canonical_value(value))


def scalar_cell(value: object) -> Cell:
    """Return `value` itself if it is plain text, number, boolean or None, else its JSON (or canonical) text."""
    if type(value) in _PLAIN:
        return value  # type: ignore[return-value]
    plain = canonical_value(value)
    return json_cell(plain) if isinstance(plain, dict | list) else plain


def text_cell(value: object) -> str:
    """Return `value` as text; None is empty, structured data is JSON."""
    if type(value) is str:
        return value
    cell = scalar_cell(value)
    return "" if cell is None else str(cell)


def read_cell(kind: ColumnKind, text: str) -> Any:
    """Return the value of a cell of the CSV.

    What does not fit the column's kind is returned as text. Raises ValueError for a damaged JSON cell.
    """
    match kind:
        case "text":
            return text
        case "optional_text":
            return text or None
        case "json":
            return json.loads(text)
        case "boolean":
            return {"True": True, "False": False}.get(text, text)
        case _:
            return _read_scalar(text)


def _read_scalar(text: str) -> Cell:
    if text == "":
        return None
    if text in ("True", "False"):
        return text == "True"
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
