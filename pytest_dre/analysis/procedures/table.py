"""Columns of equal length, one row a run."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_dre.errors import DreError

Cell = float | int | bool | str | None
LARGEST = 2**1023  # integers beyond are no floats


def is_missing(cell: Any) -> bool:
    """Return whether a cell holds no value: None or NaN."""
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def is_number(cell: Any) -> bool:
    """Return whether a cell is a number; booleans are none."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def level_key(level: Any) -> tuple[int, float, str]:
    """Return a key that sorts levels in one way for all runs: numbers and booleans by value, then text."""
    if isinstance(level, int | float):
        return (0, float(level), "")
    return (1, 0.0, str(level))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of runs, held by column.

    Attributes:
        columns: Name of each column and its cells, numbers, booleans or text (NumPy's too); None and NaN are missing.

    Raises:
        DreError: Columns differ in length.
    """

    columns: Mapping[str, Sequence[Cell]]

    def __post_init__(self) -> None:
        lengths = {name: len(cells) for name, cells in self.columns.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise DreError(f"a table's columns must be equally long, not {listed}")
        plain = {name: [_plain(cell) for cell in cells] for name, cells in self.columns.items()}
        object.__setattr__(self, "columns", plain)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def column(self, name: str) -> Sequence[Cell]:
        """Return the cells of a column.

        Raises:
            DreError: There is none of that name.
        """
        if name not in self.columns:
            raise DreError(f"there is no column {name!r} to analyse; there are: {', '.join(self.columns) or 'none'}")
        return self.columns[name]

    def where(self, keep: Callable[[int], bool]) -> "Table":
        """Return the rows whose index satisfies `keep`, in their order."""
        rows = [row for row in range(len(self)) if keep(row)]
        return self._picked(rows)

    def in_canonical_order(self, names: Sequence[str]) -> "Table":
        """Return the named columns with rows ordered by their cells.

        Rows arrive in the order in which runs finished; sums and random draws must not depend on it.
        """
        chosen = Table({name: self.column(name) for name in dict.fromkeys(names)})
        keyed = [
            (tuple((is_missing(cells[row]), *level_key(cells[row])) for cells in chosen.columns.values()), row)
            for row in range(len(chosen))
        ]
        return chosen._picked([row for _, row in sorted(keyed, key=lambda item: item[0])])

    def levels(self, name: str) -> list[Cell]:
        """Return the distinct values of a column without the missing ones, numbers by value, then text."""
        return sorted({cell for cell in self.column(name) if not is_missing(cell)}, key=level_key)

    def _picked(self, rows: Sequence[int]) -> "Table":
        return Table({name: [cells[row] for row in rows] for name, cells in self.columns.items()})


def _plain(cell: Any) -> Any:
    """Return a NumPy scalar as the Python value it holds, an integer beyond the floats as infinite."""
    if hasattr(cell, "dtype") and hasattr(cell, "item"):
        return cell.item()
    if isinstance(cell, int) and not -LARGEST < cell < LARGEST:
        return math.inf if cell > 0 else -math.inf
    return cell
