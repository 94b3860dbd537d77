"""Power of exact tests of one share of runs: those that succeed, or that lie on one side of a quantile's value.

It needs no assumption. Nothing here imports `scipy.stats`: gates that cannot decide ask it what would settle them.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.gates.testers import OneProblem, Proportion, Quantile, Tester
from pytest_dre.analysis.power.solving import MOST, POWER
from pytest_dre.analysis.power.statements import How

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Share:
    """One arm's proportion by the exact test (Clopper and Pearson, 1934), of a single side.

    Attributes:
        limit: What the proportion is compared with.
        above: Whether it is to lie above.
    """

    limit: float
    above: bool
    level: float
    how: How = "exact"

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true proportion there can be."""
        return 0.0, 1.0

    def possible(self, n: int) -> bool:
        """Return whether n runs can pass."""
        return bool(self._needed(np.array([n]))[0] <= n)

    def power(self, n: int, effect: float) -> float:
        """Return the chance of a PASS where the true proportion is `effect`."""
        return float(self._powers(np.array([n]), effect)[0])

    def least(self) -> int | None:
        """Return the fewest runs that can pass, None above 10,000."""
        sizes = np.arange(1, MOST + 1)
        return _first(sizes, self._needed(sizes) <= sizes)

    def least_for(self, effect: float, beyond: int = 0) -> int | None:
        """Return the fewest runs, more than `beyond`, with 80 % power; None above 10,000."""
        sizes = np.arange(beyond + 1, MOST + 1)
        return _first(sizes, self._powers(sizes, effect) >= POWER)

    def _powers(self, sizes: Array, effect: float) -> Array:
        chance = effect if self.above else 1 - effect
        return _at_least(self._needed(sizes), sizes, chance)

    def _needed(self, sizes: Array) -> Array:
        """Return the fewest successes (failures, of a proportion that is to lie below) that pass; n + 1 if none do."""
        null = self.limit if self.above else 1 - self.limit
        if null < 0:
            return np.zeros_like(sizes)
        if null >= 1:
            return sizes + 1
        if null == 0:
            return np.ones_like(sizes)
        near = np.ceil(special.bdtrik(1 - self.level, sizes.astype(float), null)).astype(int)
        found = sizes + 1
        for count in (near + 1, near, near - 1):  # rounding may leave the inverse one off
            found = np.where((count >= 0) & (_at_least(count, sizes, null) <= self.level), count, found)
        return np.asarray(found)


def share_of(tester: Tester, side: Side, level: float) -> Share | None:
    """Return the test of a single proportion that a method comes to, also of runs beyond a quantile's value."""
    match tester:
        case Proportion():
            return Share(side.limit, side.above, level)
        case OneProblem(k=k, kind=kind) if 0 < side.limit < 1:
            limit = 1 - (1 - side.limit) ** (1 / k) if kind == "pass@k" else side.limit ** (1 / k)
            return Share(limit, side.above, level)
        case OneProblem():
            return Share(side.limit, side.above, level)
        case Quantile(control=None, probability=probability):
            return Share(1 - probability if side.above else probability, True, level)
    return None


def share_seen(tester: Tester, side: Side) -> float:
    """Return the share of runs that `share_of` is about, as it is in the data. Raises TypeError for other methods."""
    match tester:
        case Proportion(successes=successes, n=n) | OneProblem(successes=successes, n=n):
            return successes / n
        case Quantile(treatment=values, control=None):
            return float((values > side.limit if side.above else values < side.limit).mean())
    raise TypeError(f"{type(tester).__name__} is not about one share")


def _at_least(counts: Array, sizes: Array, chance: float) -> Array:
    """Return P(at least `counts` of n succeed) for each n of `sizes`."""
    inside = np.clip(counts, 1, sizes)
    found = special.betainc(inside, sizes - inside + 1, chance)
    return np.asarray(np.where(counts <= 0, 1.0, np.where(counts > sizes, 0.0, found)))


def _first(sizes: Array, enough: Array) -> int | None:
    found = np.flatnonzero(enough)
    return int(sizes[found[0]]) if found.size else None
