"""Intervals of noncentrality parameters, by which intervals of standardised effects are made.

Found by inverting the distribution function at both tails (Steiger & Fouladi 1997; Smithson 2003).
"""

import math
from collections.abc import Callable

from scipy import optimize, stats


def t_noncentrality(statistic: float, df: float, alpha: float) -> tuple[float, float]:
    """Return the noncentrality parameters under which a t statistic lies at its upper and lower alpha/2 tail."""
    if statistic < 0:
        low, high = t_noncentrality(-statistic, df, alpha)
        return -high, -low
    low = _root(lambda nc: _tail(stats.nct.sf(statistic, df, nc)) - alpha / 2, -20.0, max(statistic, 1.0))
    high = _root(lambda nc: alpha / 2 - _tail(stats.nct.cdf(statistic, df, nc)), 0.0, 4 * statistic + 20)
    return low, high


def _tail(probability: float) -> float:
    """Return the probability; SciPy 1.17 gives NaN far out in the tails, where it vanishes."""
    return 0.0 if math.isnan(probability) else float(probability)


def f_noncentrality(statistic: float, df1: float, df2: float, alpha: float) -> tuple[float, float]:
    """Return the noncentrality parameters under which an F statistic lies at its tails, 0 where none does."""

    def tail(nc: float) -> float:
        return float(stats.f.sf(statistic, df1, df2) if nc == 0 else stats.ncf.sf(statistic, df1, df2, nc))

    return _nonnegative(tail, df1 * statistic, alpha)


def chi_square_noncentrality(statistic: float, df: float, alpha: float) -> tuple[float, float]:
    """Return the noncentrality parameters under which a chi-squared statistic lies at its tails, 0 where none does."""

    def tail(nc: float) -> float:
        return float(stats.chi2.sf(statistic, df) if nc == 0 else stats.ncx2.sf(statistic, df, nc))

    return _nonnegative(tail, statistic, alpha)


def _nonnegative(tail: Callable[[float], float], scale: float, alpha: float) -> tuple[float, float]:
    bounds = []
    for level in (alpha / 2, 1 - alpha / 2):
        if tail(0.0) >= level:
            bounds.append(0.0)
            continue
        top = scale + 10.0
        while tail(top) < level:
            top *= 2
        bounds.append(_root(lambda nc, level=level: tail(nc) - level, 0.0, top))  # type: ignore[misc]
    return bounds[0], bounds[1]


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(optimize.brentq(function, low, high))
