"""Power of betting on units in a known range, by simulation.

Nothing here imports `scipy.stats`: gates that cannot decide ask it what would settle them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.methods import betting
from pytest_dre.analysis.methods.bounds import Values
from pytest_dre.analysis.power.solving import MOST
from pytest_dre.analysis.power.statements import How
from pytest_dre.analysis.power.targets import Target

Flags: TypeAlias = NDArray[np.bool_]

STUDIES = 1000  # simulated ones: the standard error of 80 % is 1.3 points
MOST_NUMBERS = 600_000  # drawn for all of them; 600 studies of the largest n, 1.6 points
FEWEST_STUDIES = 100
LARGEST = 1000  # units of a simulated study; power of more is that of so many at a nearer margin
POINTS = 801  # of a beta distribution's quantile function
CERTAIN = 1e-9  # a standard deviation, as a share of the range, that is none
EXTREME = 0.995  # of the largest possible deviation: all units lie at the ends of the range


@dataclass(frozen=True)
class BoundedMeans:
    """The mean of n units in a range, by betting; units are drawn from a beta distribution of given mean and deviation.

    Where the mean is so near an end of the range that the deviation is not possible, it is the largest that is.

    Attributes:
        range: Of the outcome.
        two_armed: Whether a unit is a difference, treatment - weight * control.
        extent: Lowest and highest true effect there can be.
        sd: Standard deviation of a unit.
        anytime: Whether the bets hold at any n.
        seed: Of the draws; they are the same for each effect and the same start for each n.
        most: Simulated studies; fewer of many units.
    """

    target: Target
    range: tuple[float, float]
    two_armed: bool
    extent: tuple[float, float]
    sd: float
    level: float
    seed: int
    how: How = "simulated"
    anytime: bool = False
    most: int = STUDIES

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true effect there can be."""
        return self.extent

    def possible(self, n: int) -> bool:
        """Return whether n units can pass: whether equal ones at the most favourable value do, whatever is assumed."""
        target = self.target
        if len(target.sides) == 2:
            return self.sure(n, target.middle)
        return self._equal_pass(n, lambda side: self._limits(side)[1 if side.above else 0])

    def sure(self, n: int, effect: float) -> bool:
        """Return whether n units pass that all equal the effect."""
        return self._equal_pass(n, lambda side: self.target.shifted(side, effect))

    def soonest(self, effect: float) -> int:
        """Return how many units that all equal the effect it takes at least: as many as the boldest bets would."""
        found, target = 1, -math.log(self.level if self.anytime or self.target.relative else _shown(self.level))
        for side in self.target.sides:
            value, null = self._against_null(side, self.target.shifted(side, effect))
            if 0 < null < value:
                found = max(found, math.ceil(target / math.log1p(betting.BOLDEST * (value / null - 1))))
        return min(found, MOST)

    def _against_null(self, side: Side, value: float) -> tuple[float, float]:
        """Return a value and the side's limit as parts of the range, such that the value is to lie above."""
        low, high = self._limits(side)
        scaled, null = ((number - low) / (high - low) for number in (value, side.limit))
        return (scaled, null) if side.above else (1 - scaled, 1 - null)

    def _equal_pass(self, n: int, value: Callable[[Side], float]) -> bool:
        def passes(size: int) -> bool:
            return bool(self._passes(lambda side: np.full((size, 1), value(side)))[0])

        # the first thousand are enough for most claims, and soon tried
        return passes(min(n, LARGEST)) or (n > LARGEST and passes(min(n, MOST)))

    def power(self, n: int, effect: float) -> float:
        """Return the chance that the gate passes where the true effect is `effect`."""
        if n > LARGEST:
            return self._power_of_many(n, effect)
        chances = self._chances[: n * self._studies(n)].reshape(n, -1)
        return float(self._passes(lambda side: self._units(side, effect, chances)).mean())

    def _power_of_many(self, n: int, effect: float) -> float:
        """Return about the power of many units: what counts is the distance in standard errors."""
        nearest = min(self.target.edges, key=lambda edge: abs(edge - effect))
        farther = nearest + (effect - nearest) * math.sqrt(n / LARGEST)
        return self.power(LARGEST, min(max(farther, self.ends[0]), self.ends[1]))

    def _studies(self, n: int) -> int:
        most = MOST_NUMBERS // len(betting.FRACTIONS) if self.anytime else MOST_NUMBERS
        return min(self.most, max(most // n, FEWEST_STUDIES))

    @cached_property
    def _chances(self) -> Values:
        return np.random.default_rng(self.seed).random(MOST_NUMBERS)

    def _limits(self, side: Side) -> tuple[float, float]:
        return betting.difference_range(*self.range, side.weight) if self.two_armed else self.range

    def _units(self, side: Side, effect: float, chances: Values) -> Values:
        low, high = self._limits(side)
        width = high - low
        mean = (self.target.shifted(side, effect) - low) / width
        return low + width * beta_values(mean, self.sd / width, chances)

    def _passes(self, units_of: Callable[[Side], Values]) -> Flags:
        found = [
            _rejects(
                units_of(side),
                self._limits(side),
                side,
                self.level,
                shown=not self.target.relative,
                anytime=self.anytime,
            )
            for side in self.target.sides
        ]
        return np.asarray(np.all(found, axis=0))


def beta_values(mean: float, deviation: float, chances: Values) -> Values:
    """Return values in [0, 1] of a beta distribution by their cumulative chances."""
    mean = min(max(mean, 0.0), 1.0)
    largest = math.sqrt(mean * (1 - mean))
    if min(deviation, largest) < CERTAIN:
        return np.full_like(chances, mean)
    if deviation >= EXTREME * largest:
        return (chances > 1 - mean).astype(float)
    concentration = mean * (1 - mean) / deviation**2 - 1
    known = (1 - np.cos(np.linspace(0, math.pi, POINTS))) / 2  # close at both ends
    table = special.betaincinv(mean * concentration, (1 - mean) * concentration, known)
    return np.asarray(np.interp(chances, known, table))


def _rejects(
    units: Values, limits: tuple[float, float], side: Side, level: float, *, shown: bool, anytime: bool = False
) -> Flags:
    """Return for each study (a column) whether it shows the side, as `judging` does.

    Its p-value must be at most the level; if the interval is about the same effect (`shown`), its bound must lie
    beyond the limit, too, which it does if the null at the limit, on the grid of the bounds, is rejected.
    """
    low, high = limits
    scaled = ((units - low) / (high - low)).clip(0.0, 1.0)
    null = (side.limit - low) / (high - low)
    if not side.above:
        scaled, null = 1 - scaled, 1 - null
    if null < -betting.TINY:
        return np.ones(units.shape[1], dtype=bool)
    if null >= 1:
        return np.zeros(units.shape[1], dtype=bool)
    if anytime:
        return np.asarray(betting.mixed_capitals(scaled, max(null, betting.TINY)) >= -math.log(level))
    passes = _capital(scaled, max(null, betting.TINY), level) >= -math.log(level)
    if shown:
        level = _shown(level)
        on_grid = max(math.ceil(round(null * betting.NULLS, 6)), 1) / betting.NULLS
        passes &= on_grid < 1 and _capital(scaled, min(on_grid, 1 - betting.TINY), level) >= -math.log(level)
    return np.asarray(passes)


def _shown(level: float) -> float:
    """Return what is left of a level for the bounds that a verdict is shown with."""
    return level * (1 - betting.SAFE_SHARE)


def _capital(units: Values, null: float, level: float) -> Values:
    """Return the final log capital of each study; the betting method takes studies side by side as it takes nulls."""
    return betting.aimed_capital(units, np.full(units.shape[1], null), level)
