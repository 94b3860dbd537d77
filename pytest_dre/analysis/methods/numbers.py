"""Means of numbers without a known range, by Student's t: right for about normal units, else approximate.

Skewed units break it: with n small and the long tail on the side of the claim the lower bound is too high more often
than alpha says (Bartlett, 1935; Johnson, 1978).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pytest_dre.analysis.methods.bounds import (
    Bounds,
    Numbers,
    Values,
    check_level,
    check_weight,
    finite_values,
    mean_of,
)
from pytest_dre.analysis.methods.distributions import t_isf, t_sf

UNITS = "independent, about normal units"
ROUNDING = 1e-12  # of the values: less is no difference, but what floating point makes of one


@dataclass(frozen=True, slots=True)
class _Normal:
    """An estimate with its standard error (NaN if unknown) and degrees of freedom; `scale` is of the values."""

    estimate: float
    error: float
    freedom: float
    scale: float


def differences(treatment: Values, control: Values, control_weight: float = 1.0) -> Values:
    """Return treatment - control_weight * control, pair by pair; all the same if only rounding tells them apart."""
    found = treatment - control_weight * control
    if found.size and float(np.ptp(found)) <= ROUNDING * max(_largest(treatment), _largest(control)):
        return np.full_like(found, np.median(found))
    return found


def mean_bounds(values: Numbers, alpha: float) -> Bounds:
    """Return t bounds of the mean of units: values, differences of pairs, or means of clusters (Student, 1908).

    Fewer than two units give no finite bounds; equal units give a width of 0, which says nothing of rare other values.
    """
    array = finite_values(values)
    return _bounds(_one_sample(array), alpha, len(array), "t")


def mean_p_superior(values: Numbers, margin: float) -> float:
    """Return the p-value of H0: mean of the units <= margin."""
    return _p_value(_one_sample(finite_values(values)), margin)


def mean_p_inferior(values: Numbers, margin: float) -> float:
    """Return the p-value of H0: mean of the units >= margin."""
    return mean_p_superior(-finite_values(values), -margin)


def difference_bounds(
    treatment: Sequence[Numbers], control: Sequence[Numbers], alpha: float, control_weight: float = 1.0
) -> Bounds:
    """Return t bounds of mean(treatment) - control_weight * mean(control), averaged over strata of equal weight.

    Each arm is a list of strata, matched by place; one stratum is Welch's (1947) test. Variances are those within
    each arm and stratum, the degrees of freedom Satterthwaite's (1946). A margin as a share m of the control's mean
    is the weight 1 - m with margin 0. Fewer than two values in any cell give no finite bounds.
    """
    cells = _checked(treatment, control, control_weight)
    method = "Welch t" if len(cells) == 1 else "stratified Welch t"
    n = min(sum(len(pair[arm]) for pair in cells) for arm in (0, 1))
    return _bounds(_stratified(cells, control_weight), alpha, n, method)


def difference_p_superior(
    treatment: Sequence[Numbers], control: Sequence[Numbers], margin: float, control_weight: float = 1.0
) -> float:
    """Return the p-value of H0: mean(treatment) - control_weight * mean(control) <= margin."""
    return _p_value(_stratified(_checked(treatment, control, control_weight), control_weight), margin)


def difference_p_inferior(
    treatment: Sequence[Numbers], control: Sequence[Numbers], margin: float, control_weight: float = 1.0
) -> float:
    """Return the p-value of H0: mean(treatment) - control_weight * mean(control) >= margin."""
    cells = _checked(treatment, control, control_weight)
    mirrored = [(-first, -second) for first, second in cells]
    return _p_value(_stratified(mirrored, control_weight), -margin)


def _checked(
    treatment: Sequence[Numbers], control: Sequence[Numbers], control_weight: float
) -> list[tuple[Values, Values]]:
    check_weight(control_weight)
    if not treatment or len(treatment) != len(control):
        raise ValueError(f"both arms need the same strata, got {len(treatment)} and {len(control)}")
    return [(finite_values(first), finite_values(second)) for first, second in zip(treatment, control, strict=True)]


def _one_sample(values: Values) -> _Normal:
    n = len(values)
    error = math.sqrt(_variance(values) / n) if n > 1 else math.nan
    return _Normal(mean_of(values), error, n - 1, _largest(values))


def _stratified(cells: list[tuple[Values, Values]], control_weight: float) -> _Normal:
    estimate = sum(mean_of(first) - control_weight * mean_of(second) for first, second in cells) / len(cells)
    arms = [(values, weight) for pair in cells for values, weight in zip(pair, (1.0, control_weight), strict=True)]
    scale = max(_largest(values) for values, _ in arms)
    if any(len(values) < 2 for values, _ in arms):
        return _Normal(estimate, math.nan, 0, scale)
    parts = [(weight / len(cells)) ** 2 * _variance(values) / len(values) for values, weight in arms]
    total = math.fsum(parts)
    spread = math.fsum(part**2 / (len(values) - 1) for part, (values, _) in zip(parts, arms, strict=True))
    return _Normal(estimate, math.sqrt(total), total**2 / spread if spread else 1, scale)


def _largest(values: Values) -> float:
    return float(np.abs(values).max(initial=0.0))


def _variance(values: Values) -> float:
    equal = float(np.ptp(values)) <= ROUNDING * _largest(values)
    return 0.0 if equal else float(values.var(ddof=1))


def _bounds(found: _Normal, alpha: float, n: int, method: str) -> Bounds:
    check_level(alpha)
    known = not math.isnan(found.error)
    half = found.error * t_isf(alpha, found.freedom) if known else math.inf
    low, high = (found.estimate - half, found.estimate + half) if known else (-math.inf, math.inf)
    return Bounds(found.estimate, low, high, n, method, True, UNITS)


def _p_value(found: _Normal, margin: float) -> float:
    if math.isnan(found.error):
        return 1.0
    if found.error == 0:
        beyond = found.estimate - margin > ROUNDING * max(found.scale, abs(margin))
        return 0.0 if beyond else 1.0
    return t_sf((found.estimate - margin) / found.error, found.freedom)
