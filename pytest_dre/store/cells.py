"""The rows on a page of a database, read without SQLite.

Formats: "Database File Format" (sqlite.org/fileformat2.html), sections 1.6 (b-tree pages) and 2.1 (records).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_dre.store.pages import HEADER_SIZE, DatabasePages

_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_INTEGER_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}

Value = None | int | float | str | bytes


@dataclass(frozen=True, slots=True)
class Cell:
    """A row: of a table with row ids, or (row id None) of an index or a table without."""

    row_id: int | None
    values: tuple[Value, ...]


def cells(pages: DatabasePages) -> Iterator[Cell]:
    """Yield every row that can be read from the database, older versions of it before newer ones.

    Pages are taken as they come, not by way of the trees: a damaged page costs its own rows only.
    """
    for number, content in pages.images():
        start = HEADER_SIZE if number == 1 else 0
        if len(content) > start + 12 and content[start] in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            yield from _cells_of(pages, content, start)


def _cells_of(pages: DatabasePages, content: bytes, start: int) -> Iterator[Cell]:
    kind = content[start]
    (count,) = struct.unpack_from(">H", content, start + 3)
    first = start + (12 if kind == _INDEX_INTERIOR else 8)
    for index in range(min(count, (len(content) - first) // 2)):
        (offset,) = struct.unpack_from(">H", content, first + 2 * index)
        try:
            yield _cell(pages, content, offset, kind)
        except (ValueError, IndexError, struct.error):  # a damaged row
            continue


def _cell(pages: DatabasePages, content: bytes, offset: int, kind: int) -> Cell:
    size, at = _varint(content, offset + (4 if kind == _INDEX_INTERIOR else 0))
    row_id = None
    if kind == _TABLE_LEAF:
        row_id, at = _varint(content, at)
        row_id -= (row_id >> 63) << 64
    return Cell(row_id, _record(_payload(pages, content, at, size, in_table=kind == _TABLE_LEAF)))


def _payload(pages: DatabasePages, content: bytes, at: int, size: int, *, in_table: bool) -> bytes:
    """Return a row's bytes, the first of them on its own page, what is too long for it on a chain of further pages."""
    usable = pages.usable
    if size > pages.size:
        raise ValueError("longer than the file")
    most = usable - 35 if in_table else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return _exactly(content[at : at + size], size)
    least = (usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (usable - 4)
    local = local if local <= most else least
    parts, left = [_exactly(content[at : at + local], local)], size - local
    (following,) = struct.unpack_from(">I", content, at + local)
    while left > 0:
        page = pages.page(following)
        parts.append(page[4 : 4 + min(left, usable - 4)])
        left -= len(parts[-1])
        (following,) = struct.unpack_from(">I", page)
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Value, ...]:
    end, at = _varint(payload, 0)
    body, values = end, []
    while at < end:
        kind, at = _varint(payload, at)
        value, body = _value(payload, body, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return (None if kind == 0 else kind - 8), at
    if kind in _INTEGER_SIZES:
        size = _INTEGER_SIZES[kind]
        return int.from_bytes(_exactly(payload[at : at + size], size), "big", signed=True), at + size
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind < 12:
        raise ValueError(f"no value is of kind {kind}")
    size = (kind - 12) // 2
    raw = _exactly(payload[at : at + size], size)
    return (raw.decode() if kind % 2 else raw), at + size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Return an integer of 1 to 9 bytes, and where it ends."""
    value = 0
    for index in range(8):
        byte = content[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | content[at + 8], at + 9


def _exactly(raw: bytes, size: int) -> bytes:
    if len(raw) != size:
        raise ValueError("cut short")
    return raw
