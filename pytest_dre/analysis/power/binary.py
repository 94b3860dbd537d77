"""Power of exact tests of two proportions, by adding up the chances of all tables that pass."""

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.methods import binomial
from pytest_dre.analysis.power.regions import EXACT_PAIRS, Arm, arms_pass, pairs_pass
from pytest_dre.analysis.power.statements import How
from pytest_dre.analysis.power.targets import Target

NEGLIGIBLE = 1e-5  # chance of tables that need not be looked at

Array: TypeAlias = NDArray[Any]
Rejects = Callable[[int, int], bool]


@dataclass(frozen=True)
class TwoShares:
    """Two independent proportions; `sizes` are the planned runs of treatment and control.

    The control's proportion is the target's `control_mean`.
    """

    target: Target
    sizes: tuple[int, int]
    level: float

    @property
    def how(self) -> How:
        """Powers are sums over all tables."""
        return "exact"

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true difference there can be."""
        return -self.target.control_mean, 1 - self.target.control_mean

    def possible(self, n: int) -> bool:
        """Return whether n runs an arm can pass."""
        factor = n / min(self.sizes)
        first, second = (max(1, round(size * factor)) for size in self.sizes)
        if len(self.target.sides) == 2:
            alike = [((round(first * share), first), (round(second * share), second)) for share in (0.0, 0.5, 1.0)]
            return any(all(self._rejects(side, *arms) for side in self.target.sides) for arms in alike)
        (side,) = self.target.sides
        best = ((first, first), (0, second)) if side.above else ((0, first), (second, second))
        return self._rejects(side, *best)

    def power(self, n: int, effect: float) -> float:
        """Return the chance of a PASS of the planned runs where the true difference is `effect`."""
        del n  # the tables that pass are known for the planned numbers
        (first, second), q = self.sizes, self.target.control_mean
        p = min(max(q + effect, 0.0), 1.0)
        chances = stats.binom.pmf(self._controls, second, q)
        inside = np.ones_like(chances)
        for side, edges in zip(self.target.sides, self._frontiers, strict=True):
            beyond = stats.binom.sf(edges - 1, first, p) if side.above else stats.binom.cdf(edges, first, p)
            inside = inside + beyond - 1  # sides exclude each other's failures
        return float((chances * np.maximum(inside, 0.0)).sum())

    def deviation(self, effect: float) -> float:
        """Return the standard deviation of the difference of a run of either arm."""
        q = self.target.control_mean
        p = min(max(q + effect, 0.0), 1.0)
        weight = max(side.weight for side in self.target.sides)
        return math.sqrt(p * (1 - p) + weight**2 * q * (1 - q))

    @cached_property
    def _controls(self) -> Array:
        """The control's successes that are not negligible."""
        n, q = self.sizes[1], self.target.control_mean
        return np.arange(int(stats.binom.ppf(NEGLIGIBLE, n, q)), int(stats.binom.isf(NEGLIGIBLE, n, q)) + 1)

    @cached_property
    def _frontiers(self) -> list[Array]:
        return [self._frontier(side) for side in self.target.sides]

    def _frontier(self, side: Side) -> Array:
        """Return the treatment's fewest (of a side below: most) successes that pass, by the control's successes."""
        first, second = self.sizes
        if side.above:
            return _least(lambda x, y: self._rejects(side, (x, first), (y, second)), first, self._controls)

        def by_failures(x: int, y: int) -> bool:
            return self._rejects(side, (first - x, first), (second - y, second))

        return first - _least(by_failures, first, second - self._controls[::-1])[::-1]

    def _rejects(self, side: Side, treatment: Arm, control: Arm) -> bool:
        return arms_pass(side, treatment, control, self.level, relative=self.target.relative)


def _least(rejects: Rejects, most: int, others: Array) -> Array:
    """Return for each of the growing `others` the least count up to `most` that rejects, `most` + 1 if none does.

    What rejects with one other rejects with fewer, so the counts grow along.
    """
    found = []
    count = bisect.bisect_left(range(most + 1), True, key=lambda count: rejects(count, int(others[0])))
    for other in others:
        while count <= most and not rejects(count, int(other)):
            count += 1
        found.append(count)
    return np.array(found)


@dataclass(frozen=True)
class PairedShares:
    """Pairs of runs that succeed or not, by the exact test of discordant pairs.

    Attributes:
        pairs: Planned pairs.
        correlation: Of the two successes of a pair.
    """

    target: Target
    pairs: int
    correlation: float
    level: float

    @property
    def how(self) -> How:
        """Exact where the tables that pass are found by the test itself."""
        return "exact" if self.pairs <= EXACT_PAIRS or self.pairs > binomial.EXACT_PAIRS else "approximate"

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true difference there can be."""
        return -self.target.control_mean, 1 - self.target.control_mean

    def possible(self, n: int) -> bool:
        """Return whether n pairs can pass."""
        if len(self.target.sides) == 2:
            return all(self._rejects(side, 0, 0, n) for side in self.target.sides)
        return self._rejects(self.target.sides[0], n, 0, n)

    def power(self, n: int, effect: float) -> float:
        """Return the chance of a PASS of the planned pairs where the true difference is `effect`."""
        del n  # the tables that pass are known for the planned number
        only_treatment, only_control = self._discordant(effect)
        adverse = np.arange(self.pairs + 1)
        rest = self.pairs - adverse
        chance = only_treatment / (1 - only_control) if only_control < 1 else 0.0
        below, up_to = (
            np.zeros_like(rest),
            rest,
        )  # of those only the treatment succeeds in: the least and most that pass
        for side, edges in zip(self.target.sides, self._frontiers, strict=True):
            if side.above:
                below = edges
            else:
                up_to = np.searchsorted(edges, adverse, side="right") - 1
        inside = stats.binom.cdf(up_to, rest, chance) - stats.binom.cdf(below - 1, rest, chance)
        return float((stats.binom.pmf(adverse, self.pairs, only_control) * np.maximum(inside, 0.0)).sum())

    def deviation(self, effect: float) -> float:
        """Return the standard deviation of the difference of a pair."""
        return math.sqrt(max(0.0, sum(self._discordant(effect)) - effect**2))

    def _discordant(self, effect: float) -> tuple[float, float]:
        """Return the chances that only the treatment, or only the control, of a pair succeeds."""
        q = self.target.control_mean
        p = min(max(q + effect, 0.0), 1.0)
        both = p * q + self.correlation * math.sqrt(p * (1 - p) * q * (1 - q))
        both = min(max(both, p + q - 1, 0.0), p, q)
        return p - both, q - both

    @cached_property
    def _frontiers(self) -> list[Array]:
        return [self._frontier(side) for side in self.target.sides]

    def _frontier(self, side: Side) -> Array:
        """Return the fewest discordant pairs on the claim's side that pass, by those on the other; `pairs` + 1 if none.

        Those of the other side that are too many to be likely at the edge of the claim are passed over.
        """
        edge = side.limit if side.above else -side.limit
        least = max(0.0, -edge)
        likely = min(1.0, least + max(self._discordant(side.limit)) + 0.1)
        most = int(stats.binom.isf(NEGLIGIBLE, self.pairs, likely))
        found = np.full(self.pairs + 1, self.pairs + 1)
        others = np.arange(min(most, self.pairs) + 1)
        found[: len(others)] = _least(lambda x, y: self._rejects(side, x, y, self.pairs), self.pairs, others)
        return found

    def _rejects(self, side: Side, favourable: int, adverse: int, pairs: int) -> bool:
        return pairs_pass(side, favourable, adverse, pairs, self.level)
