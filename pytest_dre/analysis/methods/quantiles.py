"""Quantiles without assuming a distribution: order statistics and the binomial distribution."""

import math

import numpy as np

from pytest_dre.analysis.methods.bounds import Bounds, Numbers, Values, check_level, check_weight, finite_values
from pytest_dre.analysis.methods.distributions import binomial_cdf, binomial_sf

BISECTIONS = 60
METHOD = "order statistics"


def quantile_bounds(values: Numbers, probability: float, alpha: float) -> Bounds:
    """Return bounds of the quantile at `probability`, as order statistics (Thompson, 1936; David and Nagaraja, 2003).

    Of n values, the number below the quantile is binomial: so the r-th smallest is a lower bound if
    P(Binomial(n, probability) < r) <= alpha. The estimate is the smallest value with that share at or below it.
    Too few values for a bound give -inf or inf: a bound above p95 at alpha 0.05 needs 59 values.
    """
    ordered = np.sort(finite_values(values))
    check_level(alpha)
    low, high = _limits(ordered, probability, alpha)
    assumptions = "independent units of one distribution"
    return Bounds(_estimate(ordered, probability), low, high, len(ordered), METHOD, False, assumptions)


def sample_quantile(values: Numbers, probability: float) -> float:
    """Return the smallest value with that share of the values at or below it; NaN of none."""
    _check_probability(probability)
    return _estimate(np.sort(finite_values(values)), probability)


def quantile_p_superior(values: Numbers, probability: float, margin: float) -> float:
    """Return the p-value of H0: quantile <= margin (binomial, exact for continuous values, else conservative)."""
    array = finite_values(values)
    _check_probability(probability)
    return float(binomial_cdf((array <= margin).sum(), len(array), probability))


def quantile_p_inferior(values: Numbers, probability: float, margin: float) -> float:
    """Return the p-value of H0: quantile >= margin (binomial, exact for continuous values, else conservative)."""
    array = finite_values(values)
    _check_probability(probability)
    return binomial_sf(int((array < margin).sum()) - 1, len(array), probability)


def quantile_difference_bounds(
    treatment: Numbers, control: Numbers, probability: float, alpha: float, control_weight: float = 1.0
) -> Bounds:
    """Return bounds of the treatment's quantile minus `control_weight` times the control's.

    Each arm's bound takes half of alpha (Bonferroni), so they hold for any two distributions.
    """
    arms = np.sort(finite_values(treatment)), np.sort(finite_values(control))
    check_level(alpha)
    check_weight(control_weight)
    low, high = _difference_limits(arms, probability, alpha, control_weight)
    estimate = _estimate(arms[0], probability) - control_weight * _estimate(arms[1], probability)
    n = min(len(arms[0]), len(arms[1]))
    assumptions = "independent units, one distribution an arm"
    return Bounds(estimate, low, high, n, f"{METHOD}, both arms", False, assumptions)


def quantile_difference_p_superior(
    treatment: Numbers, control: Numbers, probability: float, margin: float, control_weight: float = 1.0
) -> float:
    """Return the p-value of H0: difference of quantiles <= margin, by inverting the bounds."""
    arms = np.sort(finite_values(treatment)), np.sort(finite_values(control))
    check_weight(control_weight)

    def rejected(alpha: float) -> bool:
        return _difference_limits(arms, probability, alpha, control_weight)[0] > margin

    if not rejected(1.0):
        return 1.0
    accepted_at, rejected_at = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (accepted_at + rejected_at) / 2
        accepted_at, rejected_at = (accepted_at, middle) if rejected(middle) else (middle, rejected_at)
    return rejected_at


def quantile_difference_p_inferior(
    treatment: Numbers, control: Numbers, probability: float, margin: float, control_weight: float = 1.0
) -> float:
    """Return the p-value of H0: difference of quantiles >= margin, by inverting the bounds."""
    mirrored = -finite_values(treatment), -finite_values(control)
    return quantile_difference_p_superior(*mirrored, 1 - probability, -margin, control_weight)


def _check_probability(probability: float) -> None:
    if not 0 < probability < 1:
        raise ValueError(f"a quantile's probability lies between 0 and 1, got {probability}")


def _estimate(ordered: Values, probability: float) -> float:
    if not ordered.size:
        return math.nan
    return float(ordered[max(1, math.ceil(round(probability * len(ordered), 9))) - 1])


def _limits(ordered: Values, probability: float, alpha: float) -> tuple[float, float]:
    _check_probability(probability)
    below = binomial_cdf(np.arange(len(ordered)), len(ordered), probability)  # P(fewer than r), r from 1
    lower, upper = np.flatnonzero(below <= alpha), np.flatnonzero(below >= 1 - alpha)
    low = float(ordered[lower[-1]]) if lower.size else -math.inf
    high = float(ordered[upper[0]]) if upper.size else math.inf
    return low, high


def _difference_limits(
    arms: tuple[Values, Values], probability: float, alpha: float, control_weight: float
) -> tuple[float, float]:
    first, second = (_limits(arm, probability, alpha / 2) for arm in arms)
    return first[0] - control_weight * second[1], first[1] - control_weight * second[0]
