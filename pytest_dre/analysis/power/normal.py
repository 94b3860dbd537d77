"""Power of t tests: units that are about normal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from pytest_dre.analysis.methods.bounds import Values
from pytest_dre.analysis.power.statements import How
from pytest_dre.analysis.power.targets import Target

QUANTILES = 2000  # of the chi distribution, in place of its integral
DRAWS = 4000
MOST_NUMBERS = 2_000_000


def t_power(noncentrality: float, freedom: float, alpha: float) -> float:
    """Return the power of a one-sided t test: a noncentral t beyond the critical value (Cohen, 1988, ch. 2)."""
    return _sound(stats.nct.sf(stats.t.isf(alpha, freedom), freedom, noncentrality), noncentrality)


def two_sided_t_power(noncentrality: float, freedom: float, alpha: float) -> float:
    """Return the power of a two-sided t test at level `alpha`."""
    critical = stats.t.isf(alpha / 2, freedom)
    beyond = _sound(stats.nct.sf(critical, freedom, noncentrality), noncentrality)
    return min(1.0, beyond + _sound(stats.nct.cdf(-critical, freedom, noncentrality), -noncentrality))


def tost_power(distances: tuple[float, float], error: float, freedom: float, alpha: float) -> float:
    """Return the chance that both one-sided t tests of equivalence reject.

    Args:
        distances: How far the true effect lies within either margin.
        error: True standard error of the estimate.
        freedom: Degrees of freedom of the estimated one.
        alpha: One-sided level of each test.

    The integral over the estimated error (Phillips, 1990; Owen, 1965) is the mean over equally likely ones.
    """
    if error == 0:
        return float(min(distances) > 0)
    probabilities = (np.arange(QUANTILES) + 0.5) / QUANTILES
    estimated = error * np.sqrt(stats.chi2.ppf(probabilities, freedom) / freedom)
    return _within(distances, stats.t.isf(alpha, freedom) * estimated, error)


def _within(distances: Sequence[float], critical: Values, error: float) -> float:
    """Return the chance that an estimate lies within all sides by the critical distance, which is independent of it."""
    if len(distances) == 1:
        return float(stats.norm.cdf((distances[0] - critical) / error).mean())
    above, below = distances
    inner = stats.norm.cdf((above - critical) / error) - stats.norm.cdf((critical - below) / error)
    return float(np.maximum(inner, 0.0).mean())


def _sound(probability: float, noncentrality: float) -> float:
    """Return a tail of the noncentral t, whose series gives NaN far out, where it is 0 or 1."""
    found = float(probability)
    return (1.0 if noncentrality > 0 else 0.0) if math.isnan(found) else min(max(found, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Means:
    """The mean of n normal units of standard deviation `sd`, by t.

    With two sides of different weights, power is the sum of both sides' less 1, which errs on the low side.
    """

    target: Target
    sd: float
    level: float
    fewest: int
    how: How = "exact"

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true effect there can be."""
        return -math.inf, math.inf

    def possible(self, n: int) -> bool:
        """Return whether n units can pass."""
        return n >= max(2, self.fewest)

    def power(self, n: int, effect: float) -> float:
        """Return the chance that the gate passes where the true effect is `effect`."""
        if not self.possible(n):
            return 0.0
        error = self.sd / math.sqrt(n)
        distances = [self.target.distance(side, effect) for side in self.target.sides]
        if error == 0:
            return float(min(distances) > 0)
        if len(distances) == 2 and not self.target.relative:
            return tost_power((distances[0], distances[1]), error, n - 1, self.level)
        failures = sum(1 - t_power(distance / error, n - 1, self.level) for distance in distances)
        return max(0.0, 1 - failures)


@dataclass(frozen=True)
class StratifiedMeans:
    """Welch's t over strata: cells of normal runs, with a deviation an arm.

    The estimated variances are drawn; given them, the estimate is normal, and the chance of a PASS known.

    Attributes:
        sizes: Planned runs of each cell, treatment and control.
        sds: Standard deviation of a run of either arm.
        seed: Of the draws.
    """

    target: Target
    sizes: tuple[tuple[int, int], ...]
    sds: tuple[float, float]
    level: float
    fewest: int
    seed: int
    how: How = "simulated"

    @cached_property
    def planned(self) -> int:
        """Runs of the smaller arm."""
        return min(sum(first for first, _ in self.sizes), sum(second for _, second in self.sizes))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true effect there can be."""
        return -math.inf, math.inf

    def possible(self, n: int) -> bool:
        """Return whether n runs an arm can pass."""
        return n >= self.fewest and min(min(sizes) for sizes in self._scaled(n)) >= 2

    def power(self, n: int, effect: float) -> float:
        """Return the chance that the gate passes where the true effect is `effect`."""
        if not self.possible(n):
            return 0.0
        distances = [self.target.distance(side, effect) for side in self.target.sides]
        if max(self.sds) == 0:
            return float(min(distances) > 0)
        if len(distances) == 2 and not self.target.relative:
            return _within(distances, *self._errors(n, 1.0))
        chances = [
            _within([distance], *self._errors(n, side.weight))
            for side, distance in zip(self.target.sides, distances, strict=True)
        ]
        return max(0.0, 1 - sum(1 - chance for chance in chances))

    def _scaled(self, n: int) -> list[tuple[int, int]]:
        factor = n / self.planned
        return [(round(first * factor), round(second * factor)) for first, second in self.sizes]

    def _errors(self, n: int, weight: float) -> tuple[Values, float]:
        """Return drawn critical distances, and the true standard error."""
        known = self._cache.get((n, weight))
        if known is None:
            known = self._cache[n, weight] = self._drawn(n, weight)
        return known

    @cached_property
    def _cache(self) -> dict[tuple[int, float], tuple[Values, float]]:
        return {}

    def _drawn(self, n: int, weight: float) -> tuple[Values, float]:
        sizes = np.array(self._scaled(n), dtype=float)
        shares = np.array([1.0, weight * weight]) * np.square(self.sds) / len(sizes) ** 2
        parts = (shares / sizes).ravel()
        freedoms = (sizes - 1).ravel()
        count = int(min(DRAWS, max(100, MOST_NUMBERS // len(parts))))
        rng = np.random.default_rng(self.seed)
        drawn = parts * rng.chisquare(freedoms, (count, len(parts))) / freedoms
        total = drawn.sum(axis=1)
        freedom = total**2 / (drawn**2 / freedoms).sum(axis=1)  # Satterthwaite (1946)
        return stats.t.isf(self.level, freedom) * np.sqrt(total), math.sqrt(parts.sum())
