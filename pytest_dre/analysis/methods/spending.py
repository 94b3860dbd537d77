"""Alpha spent over several looks at growing data (Lan and DeMets, 1983, "Discrete sequential boundaries")."""

import itertools
import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from pytest_dre.analysis.methods.bounds import Values, check_level
from pytest_dre.analysis.methods.distributions import normal_isf, normal_pdf, normal_sf

Spending: TypeAlias = Literal["obrien_fleming", "pocock"]

POINTS = 161  # of the density of the statistic, between its bounds; good to five decimals of z
FARTHEST = 8.0  # standard deviations
NEVER = 1e-16  # a probability too small to spend


def spent(alpha: float, fraction: float, spending: Spending) -> float:
    """Return the one-sided alpha spent once `fraction` of the planned information is in.

    O'Brien-Fleming type: 2 - 2 Phi(z(alpha / 2) / sqrt(fraction)); Pocock type: alpha ln(1 + (e - 1) fraction).
    """
    check_level(alpha)
    if not 0 < fraction <= 1:
        raise ValueError(f"an information fraction lies above 0 and at most at 1, got {fraction}")
    if spending == "pocock":
        return alpha * math.log(1 + (math.e - 1) * fraction)
    if spending == "obrien_fleming":
        return 2 * float(normal_sf(normal_isf(alpha / 2) / math.sqrt(fraction)))
    raise ValueError(f"unknown spending {spending!r}; use 'obrien_fleming' or 'pocock'")


def increments(alpha: float, fractions: Sequence[float], spending: Spending) -> list[float]:
    """Return the one-sided level of each look that any method may use: what is newly spent there.

    The levels add up to at most alpha, so the chance that any look errs is at most alpha (Bonferroni).
    """
    _check_fractions(fractions)
    totals = [0.0, *(spent(alpha, fraction, spending) for fraction in fractions)]
    return [later - earlier for earlier, later in itertools.pairwise(totals)]


def normal_bounds(alpha: float, fractions: Sequence[float], spending: Spending) -> list[float]:
    """Return the critical z of each look, for statistics that are normal with independent increments.

    The density of the score S = Z sqrt(fraction) among studies still going on is carried from look to look by numerical
    integration (Armitage, McPherson and Rowe, 1969; Jennison and Turnbull, 2000, ch. 19); each bound cuts off what is
    newly spent there. inf where that is nothing.
    """
    steps = increments(alpha, fractions, spending)
    scores, density = np.zeros(1), np.ones(1)  # weights of a start at S = 0
    earlier, bounds = 0.0, []
    for fraction, step in zip(fractions, steps, strict=True):
        spread = math.sqrt(fraction - earlier)
        bound = _cut(scores, density, spread, fraction, step)
        bounds.append(bound)
        scores, density = _carried(scores, density, spread, fraction, bound)
        earlier = fraction
    return bounds


def normal_levels(alpha: float, fractions: Sequence[float], spending: Spending) -> list[float]:
    """Return the one-sided nominal level of each look, the tail beyond `normal_bounds`."""
    return [float(normal_sf(bound)) for bound in normal_bounds(alpha, fractions, spending)]


def _check_fractions(fractions: Sequence[float]) -> None:
    if not fractions or any(later <= earlier for earlier, later in itertools.pairwise(fractions)):
        raise ValueError("looks need information fractions that grow from look to look")


def _cut(scores: Values, density: Values, spread: float, fraction: float, step: float) -> float:
    from scipy import optimize  # late: only gates with looks need it

    def excess(bound: float) -> float:
        tails = normal_sf((bound * math.sqrt(fraction) - scores) / spread)
        return float((density * tails).sum()) - step

    if step < NEVER or excess(FARTHEST) >= 0:
        return math.inf
    return float(optimize.brentq(excess, -FARTHEST, FARTHEST, xtol=1e-10))


def _carried(scores: Values, density: Values, spread: float, fraction: float, bound: float) -> tuple[Values, Values]:
    scale = math.sqrt(fraction)
    points = np.linspace(-FARTHEST * scale, min(bound, FARTHEST) * scale, POINTS)
    weights = np.full(POINTS, (points[1] - points[0]) / 3)  # Simpson's rule
    weights[1:-1:2] *= 4
    weights[2:-1:2] *= 2
    arrived = normal_pdf((points[:, None] - scores[None, :]) / spread) / spread
    return points, weights * (arrived @ density)
