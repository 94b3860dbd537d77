"""Tables of plain text, fitted to a width."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_dre.reporting.width import ELLIPSIS, display_width, pad, shorten

GAP = "  "
COMFORT = 14  # columns of a text that make it readable without guessing
MIN_HEADER = 12


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, its texts already harmless.

    Attributes:
        headers: What may stand above it, the longest first; where none fits, the last is shortened.
        cells: Its texts, one a row.
        right: Whether it is aligned to the right, as numbers are.
        minimum: Columns it may be shortened to.
        dispensable: 0 if it always stays; else columns with a higher number go first where room is short.
        luxury: Whether it goes already where texts would fall below 14 columns.
    """

    headers: tuple[str, ...]
    cells: tuple[str, ...]
    right: bool = False
    minimum: int = 0
    dispensable: int = 0
    luxury: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table laid out: the header, the rows, and the first headers of the columns that found no room."""

    header: str
    rows: tuple[str, ...]
    dropped: tuple[str, ...]

    def note(self, width: int) -> list[str]:
        """Return a line that names the columns left out, nothing if none was."""
        return [shorten(f"(no room for: {', '.join(self.dropped)})", width)] if self.dropped else []


def number_column(
    headers: tuple[str, ...], cells: Sequence[str], dispensable: int = 0, *, luxury: bool = False
) -> Column:
    """Return a column of numbers, which are never shortened; nor is its last header below 12 columns."""
    header = min(display_width(headers[-1]), MIN_HEADER)
    widest = max((display_width(cell) for cell in cells), default=0)
    return Column(headers, tuple(cells), True, max(header, widest), dispensable, luxury)


def lay_out(columns: Sequence[Column], width: int) -> Table:
    """Return the table in `width` columns: headers and texts are shortened first, then columns left out."""
    kept, dropped = _with_room(columns, width)
    kept = _with_short_headers(kept, width)
    widths = _shrunk(kept, width)
    headers = _headers(kept, widths)
    rows = zip(*(column.cells for column in kept), strict=True)
    return Table(
        header=_line(headers, kept, widths, width),
        rows=tuple(_line(row, kept, widths, width) for row in rows),
        dropped=tuple(column.headers[0] for column in dropped),
    )


def _with_room(columns: Sequence[Column], width: int) -> tuple[list[Column], list[Column]]:
    """Return the columns that have room if shortened, and those that have none, each in order."""
    order = sorted(range(len(columns)), key=lambda index: columns[index].dispensable)
    comfortable, least = [_comfortable(column) for column in columns], [_least(column) for column in columns]
    while columns[order[-1]].luxury and _total([comfortable[index] for index in order]) > width:
        order.pop()
    while columns[order[-1]].dispensable and _total([least[index] for index in order]) > width:
        order.pop()
    kept = set(order)
    return (
        [column for index, column in enumerate(columns) if index in kept],
        [column for index, column in enumerate(columns) if index not in kept],
    )


def _with_short_headers(columns: list[Column], width: int) -> list[Column]:
    """Return the columns with shorter headers, where that spares their texts; what saves most goes first."""
    columns = list(columns)
    while _total([_natural(column) for column in columns]) > width:
        savings = [_natural(column) - _natural(_shorter(column)) for column in columns]
        if max(savings) == 0:
            break
        index = savings.index(max(savings))
        columns[index] = _shorter(columns[index])
    return columns


def _shorter(column: Column) -> Column:
    return replace(column, headers=column.headers[1:]) if len(column.headers) > 1 else column


def _natural(column: Column) -> int:
    return max(map(display_width, (column.headers[0], *column.cells)))


def _least(column: Column) -> int:
    return min(_natural(column), max(column.minimum, 1))


def _comfortable(column: Column) -> int:
    return min(_natural(column), max(column.minimum, COMFORT))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _shrunk(columns: Sequence[Column], width: int) -> list[int]:
    """Return the columns' widths; what does not fit is taken from the widest that may still shrink."""
    widths = [min(_natural(column), max(width, _least(column))) for column in columns]
    least = [_least(column) for column in columns]
    while _total(widths) > width:
        spare = [index for index, room in enumerate(widths) if room > least[index]]
        if not spare:
            break
        widths[max(spare, key=lambda index: widths[index])] -= 1
    return widths


def _headers(columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    """Return what stands above each column; where a beginning is that of several names, both ends are kept."""
    names = [column.headers[-1] for column in columns]
    headers = []
    for column, room in zip(columns, widths, strict=True):
        header = _header(column, room)
        beginning = header.removesuffix(ELLIPSIS)
        if beginning != header and sum(name.startswith(beginning) for name in names) > 1:
            header = shorten(column.headers[-1], room, "middle")
        headers.append(header)
    return headers


def _header(column: Column, room: int) -> str:
    for header in column.headers:
        if display_width(header) <= room:
            return header
    return shorten(column.headers[-1], room)


def _line(texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int], width: int) -> str:
    cells = [
        pad(shorten(text, room, "middle"), room, right=column.right)
        for text, column, room in zip(texts, columns, widths, strict=True)
    ]
    return shorten(GAP.join(cells).rstrip(), width)
