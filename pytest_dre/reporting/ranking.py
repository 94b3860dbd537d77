"""Which rows to show when there is no room for all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_dre.analysis.outcomes import Goal
from pytest_dre.reporting.numbers import counted
from pytest_dre.reporting.statistics import RowTally


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows to show: some above and some below the line that says how many were left out.

    Attributes:
        above: The best (or first) rows.
        below: The worst.
        omitted: How many rows are not shown.
        ranked: Whether what is above is best and what is below is worst.
    """

    above: tuple[RowTally, ...]
    below: tuple[RowTally, ...] = ()
    omitted: int = 0
    ranked: bool = False


def select(rows: Sequence[RowTally], room: int, goal: Goal | None) -> Selection:
    """Return what to show of `rows` in `room` lines, the line that counts the rest included.

    All of them in plan order if they fit; else the best and the worst by mean outcome (the highest and the lowest
    without a goal). Rows without a mean are neither: they come last where room is left, and in plan order if
    none has a mean.
    """
    if len(rows) <= room:
        return Selection(tuple(rows))
    shown = max(room - 1, 0)
    omitted = len(rows) - shown
    ranked = sorted(filter(_has_mean, rows), key=_mean, reverse=goal != "minimize")
    if not ranked:
        return Selection(tuple(rows[:shown]), omitted=omitted)
    if len(ranked) <= shown:
        others = [item for item in rows if not _has_mean(item)]
        return Selection((*ranked, *others[: shown - len(ranked)]), omitted=omitted)
    worst = shown // 2
    return Selection(tuple(ranked[: shown - worst]), tuple(ranked[len(ranked) - worst :]), omitted, ranked=True)


def omission_texts(selection: Selection, goal: Goal | None, outcome: str, row: str = "condition") -> tuple[str, ...]:
    """Return what to say where rows were left out, the longest text first; `row` is what a row is called."""
    more = f"… {counted(selection.omitted, f'more {row}')}"
    if not selection.ranked:
        return (more,)
    first, last = ("best", "worst") if goal else ("highest", "lowest")
    if not selection.below:
        return (f"{more}; above, the {first} by {outcome}", f"{more}; above the {first}", more)
    above, below = len(selection.above), len(selection.below)
    return (
        f"{more}; above, the {above} {first} by {outcome}; below, the {below} {last}",
        f"{more}; above, the {above} {first}; below, the {below} {last}",
        f"… {selection.omitted} more ({first} above, {last} below)",
        more,
    )


def _mean(item: RowTally) -> float:
    mean = item.outcome.mean
    return math.nan if mean is None else mean


def _has_mean(item: RowTally) -> bool:
    return not math.isnan(_mean(item))
