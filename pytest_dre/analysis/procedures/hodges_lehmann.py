"""Hodges-Lehmann estimates of shift and the intervals that rank tests imply (Hollander & Wolfe 1999).

The estimate is the median of all differences between arms, or of all means of two differences (Walsh averages); the
interval's ends are order statistics of the same numbers. Where they are too many to hold, order statistics are found
by bisection of their counts.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pytest_dre.analysis.procedures.samples import Values

HELD = 4_000_000  # numbers sorted at once


@dataclass(frozen=True, slots=True)
class OrderStatistics:
    """Order statistics of `count` numbers, by rank from 1."""

    count: int
    at: Callable[[int], float]

    def median(self) -> float:
        """Return the median."""
        return (self.at((self.count + 1) // 2) + self.at(self.count // 2 + 1)) / 2

    def interval(self, below: int, above: int) -> tuple[float, float]:
        """Return the order statistics `below` from the bottom and `above` from the top; infinite for rank 0."""
        low = self.at(below) if below > 0 else -math.inf
        return low, self.at(self.count + 1 - above) if above > 0 else math.inf


def differences_between(treated: Values, controls: Values, held: int = HELD) -> OrderStatistics:
    """Return the order statistics of every treated value minus every control value; both must ascend."""
    count = len(treated) * len(controls)
    if count <= held:
        return _of_sorted(np.sort((treated[:, None] - controls[None, :]).ravel()))

    def at_most(bound: float) -> int:
        return int((len(controls) - np.searchsorted(controls, treated - bound, side="left")).sum())

    return _of_counts(count, at_most, float(treated[0] - controls[-1]), float(treated[-1] - controls[0]))


def walsh_averages(values: Values, held: int = HELD) -> OrderStatistics:
    """Return the order statistics of the means of every two values, each with itself too; values must ascend."""
    n = len(values)
    count = n * (n + 1) // 2
    if count <= held:
        rows, columns = np.triu_indices(n)
        return _of_sorted(np.sort((values[rows] + values[columns]) / 2))

    def at_most(bound: float) -> int:
        reach = np.searchsorted(values, 2 * bound - values, side="right")
        return int(np.maximum(reach - np.arange(n), 0).sum())

    return _of_counts(count, at_most, float(values[0]), float(values[-1]))


def _of_sorted(numbers: Values) -> OrderStatistics:
    return OrderStatistics(len(numbers), lambda rank: float(numbers[rank - 1]))


def _of_counts(count: int, at_most: Callable[[float], int], least: float, greatest: float) -> OrderStatistics:
    def at(rank: int) -> float:
        low, high = least, greatest
        while low < (middle := low + (high - low) / 2) < high:
            low, high = (low, middle) if at_most(middle) >= rank else (middle, high)
        return low if at_most(low) >= rank else high

    return OrderStatistics(count, at)
