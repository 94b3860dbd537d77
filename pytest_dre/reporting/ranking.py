"""Which conditions to show when there is no room for all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_dre.reporting.statistics import ConditionTally

Goal = Literal["maximize", "minimize"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions to show: some above and some below the line that says how many were left out.

    Attributes:
        above: The best (or first) conditions.
        below: The worst.
        omitted: How many conditions are not shown.
        ranked: Whether what is above is best and what is below is worst.
    """

    above: tuple[ConditionTally, ...]
    below: tuple[ConditionTally, ...] = ()
    omitted: int = 0
    ranked: bool = False


def select(conditions: Sequence[ConditionTally], room: int, goal: Goal | None) -> Selection:
    """Return what to show of `conditions` in `room` lines, the line that counts the rest included.

    All of them in plan order if they fit; else the best and the worst by mean outcome (the highest and the lowest
    without a goal). Conditions without a mean are neither: they come last where room is left, and in plan order if
    none has a mean.
    """
    if len(conditions) <= room:
        return Selection(tuple(conditions))
    shown = max(room - 1, 0)
    omitted = len(conditions) - shown
    ranked = sorted(filter(_has_mean, conditions), key=_mean, reverse=goal != "minimize")
    if not ranked:
        return Selection(tuple(conditions[:shown]), omitted=omitted)
    if len(ranked) <= shown:
        others = [item for item in conditions if not _has_mean(item)]
        return Selection((*ranked, *others[: shown - len(ranked)]), omitted=omitted)
    worst = shown // 2
    return Selection(tuple(ranked[: shown - worst]), tuple(ranked[len(ranked) - worst :]), omitted, ranked=True)


def omission_texts(selection: Selection, goal: Goal | None, outcome: str) -> tuple[str, ...]:
    """Return what to say where conditions were left out, the longest text first."""
    more = f"… {selection.omitted} more condition{'' if selection.omitted == 1 else 's'}"
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


def _mean(item: ConditionTally) -> float:
    mean = item.outcome.mean
    return math.nan if mean is None else mean


def _has_mean(item: ConditionTally) -> bool:
    return not math.isnan(_mean(item))
