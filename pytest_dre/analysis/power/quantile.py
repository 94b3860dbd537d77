"""Power of comparisons of two quantiles by order statistics, by simulation."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pytest_dre.analysis.methods import quantiles
from pytest_dre.analysis.methods.bounds import Values
from pytest_dre.analysis.power.statements import How
from pytest_dre.analysis.power.targets import Target

STUDIES = 2000
FEWEST_STUDIES = 400  # the standard error of 80 % is 2 points
MOST_NUMBERS = 1_000_000


@dataclass(frozen=True)
class QuantileDifference:
    """A difference of quantiles of two arms of normal runs; the effect moves the treatment as a whole.

    Attributes:
        sizes: Planned runs of treatment and control.
        sds: Standard deviation of a run of either arm.
        seed: Of the draws.
    """

    target: Target
    probability: float
    sizes: tuple[int, int]
    sds: tuple[float, float]
    level: float
    seed: int
    how: How = "simulated"

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true effect there can be."""
        return -math.inf, math.inf

    def possible(self, n: int) -> bool:
        """Return whether n runs an arm have finite bounds."""
        arm = np.zeros(n)
        found = quantiles.quantile_difference_bounds(arm, arm, self.probability, self.level)
        return all(math.isfinite(found.low if side.above else found.high) for side in self.target.sides)

    def power(self, n: int, effect: float) -> float:
        """Return the chance of a PASS of the planned runs where the treatment's are moved by `effect`."""
        del n  # studies are drawn with the planned numbers
        signs = np.array([[1.0 if side.above else -1.0] for side in self.target.sides])
        return float((self._gaps + signs * effect >= 0).all(axis=0).mean())

    @cached_property
    def _gaps(self) -> Values:
        """How far each study's bounds lie within each side (a row) without an effect."""
        size = sum(self.sizes)
        studies = min(STUDIES, max(FEWEST_STUDIES, MOST_NUMBERS // size))
        rng = np.random.default_rng(self.seed)
        centre = 0.0 if math.isnan(self.target.control_mean) else self.target.control_mean
        return np.array([self._drawn(rng, centre) for _ in range(studies)]).T

    def _drawn(self, rng: np.random.Generator, centre: float) -> list[float]:
        first, second = (rng.normal(centre, sd, size) for sd, size in zip(self.sds, self.sizes, strict=True))
        gaps = []
        for side in self.target.sides:
            found = quantiles.quantile_difference_bounds(first, second, self.probability, self.level, side.weight)
            gaps.append(found.low - side.limit if side.above else side.limit - found.high)
        return gaps
