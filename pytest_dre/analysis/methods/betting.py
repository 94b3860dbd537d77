"""Means of values in a known range, by betting: valid in finite samples for any distribution.

A gambler who bets that the mean is above m multiplies his capital by 1 + b (x - m) at each value x, with a bet
0 <= b < 1/m (values scaled to [0, 1]) chosen before x is seen. If the mean is m or less, his capital is expected not to
grow, so it exceeds 1/alpha with probability at most alpha (Ville, 1939); the means m that he got so rich against are
below the lower bound (Waudby-Smith and Ramdas, 2024, "Estimating means of bounded random variables by betting",
Journal of the Royal Statistical Society B 86). The upper bound is the same for the mirrored values.

Two ways of betting:

- *fixed*: for a number of values that was planned. Each bet aims at the target 1/alpha in the rounds that remain
  (Voráček and Orabona, 2025, "STaR-Bets: sequential target-recalculating bets"). Sharpest, no peeking, and the order of
  the values counts: give them in the order that was planned, never in one that depends on them.
- *anytime*: the capital is spread over several constant fractions bet (a grid of Kelly fractions). It holds at
  every n at once, so under peeking and optional stopping, and no order of the values changes it.

Values have to be independent with one mean (more generally: one mean given the earlier ones).
"""

import math
from collections.abc import Callable, Sequence

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

NULLS = 4000  # resolution of the fixed method, as parts of the range; decimal margins fall onto it
BOLDEST = 0.999  # largest fraction of the capital at stake, so that it stays above 0
PRIOR_WEIGHT = 0.5  # of the variance guessed before the first value, in values
SAFE_SHARE = 0.01  # of alpha, spent on Hoeffding's bound to leave out means that are far off
FRACTIONS = np.concatenate([np.geomspace(1 / 512, 1 / 32, 5), (np.arange(12) + 0.5) / 12])
BISECTIONS = 40
TINY = 1e-12  # of the range: rounding
ASSUMPTIONS = "independent units with one mean and values in the declared range"


def difference_range(low: float, high: float, control_weight: float = 1.0) -> tuple[float, float]:
    """Return the range of treatment - control_weight * control, if both lie in [low, high]."""
    check_weight(control_weight)
    return low - control_weight * high, high - control_weight * low


def fixed_bounds(values: Numbers, low: float, high: float, alpha: float) -> Bounds:
    """Return bounds of the mean of `values` in [low, high], for a planned number of values.

    Nulls are tried upwards on a grid that does not depend on the data, until one stands: a lower bound that is too high
    must have rejected the first true null of the grid, so alpha holds whatever the capital's shape in m.
    Raises ValueError for values outside the range.
    """
    return _bounds(_scaled(values, low, high), (low, high), alpha, _fixed_low, "betting (fixed n)")


def anytime_bounds(values: Numbers, low: float, high: float, alpha: float) -> Bounds:
    """Return bounds of the mean of `values` in [low, high] that hold at every n at once.

    The capital falls in m for every fraction, so bisection finds the bound; it returns the rejected side.
    Raises ValueError for values outside the range.
    """
    return _bounds(_scaled(values, low, high), (low, high), alpha, _anytime_low, "betting (anytime)")


def sequence(
    values: Numbers, low: float, high: float, alpha: float, looks: Sequence[int] | None = None
) -> list[Bounds]:
    """Return the anytime bounds after each number of values in `looks` (every one by default), each within the last.

    The intersection of all bounds so far is valid because they hold at once; it takes the values in order.
    """
    units = _scaled(values, low, high)
    check_level(alpha)
    below = above = 0.0
    found = []
    for count in looks if looks is not None else range(1, len(units) + 1):
        part = units[:count]
        below, above = _anytime_low(part, alpha, below), _anytime_low(1 - part, alpha, above)
        found.append(_result(part, below, above, (low, high), "betting (anytime)"))
    return found


def fixed_p_superior(values: Numbers, low: float, high: float, margin: float, alpha: float) -> float:
    """Return the p-value of H0: mean <= margin, from bets that aim at `alpha`.

    It is valid at every level and sharp at `alpha`: under Holm aim at alpha divided by the number of gates.
    """
    return _p_value(values, low, high, margin, lambda units, null: aimed_capital(units, np.array([null]), alpha)[0])


def fixed_p_inferior(values: Numbers, low: float, high: float, margin: float, alpha: float) -> float:
    """Return the p-value of H0: mean >= margin; see `fixed_p_superior`."""
    return fixed_p_superior(-finite_values(values), -high, -low, -margin, alpha)


def anytime_p_superior(values: Numbers, low: float, high: float, margin: float) -> float:
    """Return the p-value of H0: mean <= margin, valid whenever one stops: 1 / capital."""
    return _p_value(values, low, high, margin, _mixed_capital)


def anytime_p_inferior(values: Numbers, low: float, high: float, margin: float) -> float:
    """Return the p-value of H0: mean >= margin, valid whenever one stops."""
    return anytime_p_superior(-finite_values(values), -high, -low, -margin)


def _scaled(values: Numbers, low: float, high: float) -> Values:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"a range needs two finite numbers, the lower first, got [{low}, {high}]")
    units = (finite_values(values) - low) / (high - low)
    slack = 1e-9  # rounding in differences and averages of values that were in range
    if units.size and (units.min() < -slack or units.max() > 1 + slack):
        raise ValueError(f"values must lie in the range [{low}, {high}]")
    return units.clip(0.0, 1.0)


def _bounds(
    units: Values, limits: tuple[float, float], alpha: float, lower: Callable[[Values, float], float], method: str
) -> Bounds:
    check_level(alpha)
    return _result(units, lower(units, alpha), lower(1 - units, alpha), limits, method)


def _result(units: Values, below: float, above: float, limits: tuple[float, float], method: str) -> Bounds:
    low, high = limits
    width = high - low
    return Bounds(
        low + width * mean_of(units), low + width * below, high - width * above, len(units), method, False, ASSUMPTIONS
    )


def _p_value(
    values: Numbers, low: float, high: float, margin: float, capital: Callable[[Values, float], float]
) -> float:
    units = _scaled(values, low, high)
    null = (margin - low) / (high - low)
    if null < -TINY:
        return 0.0  # no mean in the range is as low as the margin
    if null >= 1:
        return 1.0
    null = max(null, TINY)
    return math.exp(min(0.0, -capital(units, null)))


def _fixed_low(units: Values, alpha: float) -> float:
    n = len(units)
    if n == 0 or not units.any():
        return 0.0
    mean = float(units.mean())
    safe = mean - math.sqrt(math.log(1 / (SAFE_SHARE * alpha)) / (2 * n))  # Hoeffding, 1963
    first, last = max(1, math.floor(safe * NULLS) + 1), math.floor(mean * NULLS)
    nulls = np.arange(first, min(last, NULLS - 1) + 1) / NULLS
    level = (1 - SAFE_SHARE) * alpha
    standing = np.flatnonzero(aimed_capital(units, nulls, level) < -math.log(level))
    rejected = int(standing[0]) if standing.size else len(nulls)
    return max(0.0, safe, float(nulls[rejected - 1]) if rejected else 0.0)


def aimed_capital(units: Values, nulls: Values, alpha: float) -> Values:
    """Return the final log capital against each null (in (0, 1)); who has reached 1/alpha bets no more."""
    check_level(alpha)
    target = -math.log(alpha) + 1e-9
    capital = np.zeros_like(nulls)
    squares = PRIOR_WEIGHT * nulls * (1 - nulls)
    boldest = BOLDEST / nulls
    n = len(units)
    for seen, unit in enumerate(units):
        missing = np.maximum(target - capital, 0.0)
        gain = unit - nulls
        bets = np.minimum(np.sqrt(2 * missing * (PRIOR_WEIGHT + seen) / ((n - seen) * squares)), boldest)
        capital += np.log1p(bets * gain)
        squares += gain * gain
    return capital


def _anytime_low(units: Values, alpha: float, known: float = 0.0) -> float:
    units = np.where(units < TINY, 0.0, units)
    if not units.any():
        return known
    target = -math.log(alpha)
    if known and _mixed_capital(units, known) < target:
        return known
    rejected, standing = known, max(known, float(units.mean()))
    for _ in range(BISECTIONS):
        null = (rejected + standing) / 2
        if _mixed_capital(units, null) >= target:
            rejected = null
        else:
            standing = null
    return rejected


def mixed_capitals(units: Values, null: float) -> Values:
    """Return the log capital against `null` of each study, a column of `units` scaled to [0, 1]."""
    gains = units / null - 1
    returns = np.stack([np.log1p(fraction * gains).sum(axis=0) for fraction in FRACTIONS])
    best = returns.max(axis=0)
    return np.asarray(best + np.log(np.exp(returns - best).mean(axis=0)))


def _mixed_capital(units: Values, null: float) -> float:
    return float(mixed_capitals(units[:, None], null)[0])
