"""Figures against their limits, and the table that shows them."""

import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from measuring import Sample


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that a benchmark is about.

    Attributes:
        name: What it is.
        value: The number; of repeated measurements the best of each side.
        limit: What it may be.
        at_least: Whether `limit` is the lowest allowed value; it is the highest otherwise.
        unit: "×" for a ratio.
        median: The same number from the medians, None where there is none.
        detail: The measurements behind it.
    """

    name: str
    value: float
    limit: float
    at_least: bool = False
    unit: str = "×"
    median: float | None = None
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return (operator.ge if self.at_least else operator.le)(self.value, self.limit)


def ratio(
    name: str,
    mine: Sequence[Sample],
    others: Sequence[Sample],
    of: Callable[[Sample], float],
    *,
    limit: float,
    unit: str,
) -> Figure:
    """Return the ratio of our best to the yardstick's best; `unit` is of the measurements behind it."""
    ours, bare = [of(sample) for sample in mine], [of(sample) for sample in others]
    cpu = min(sample.cpu_s for sample in mine) / min(sample.cpu_s for sample in others)
    shown = "" if unit != "s" else f"; processor time {cpu:.2f} ×"
    return Figure(
        name,
        min(ours) / min(bare),
        limit,
        median=statistics.median(ours) / statistics.median(bare),
        detail=f"{min(ours):.2f} {unit} against {min(bare):.2f} {unit}{shown}",
    )


def table(figures: Sequence[Figure]) -> list[str]:
    """Return the lines of the table."""
    rows = [("figure", "value", "median", "limit", "verdict", "best measurements"), *(_row(item) for item in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "≥" if figure.at_least else "≤"
    return (
        figure.name,
        f"{figure.value:.2f} {figure.unit}",
        "" if figure.median is None else f"{figure.median:.2f} {figure.unit}",
        f"{sign} {figure.limit:g} {figure.unit}",
        "ok" if figure.holds else "BROKEN",
        figure.detail,
    )
