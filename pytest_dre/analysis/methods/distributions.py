"""Probabilities and quantiles of standard distributions, from `scipy.special`.

To import `scipy.stats` takes longer than many a study runs, and its functions a hundred times as long as these.
"""

from typing import Any, TypeAlias

import numpy as np
from scipy import special

from pytest_dre.analysis.methods.bounds import Values

Number: TypeAlias = float | Values


def normal_sf(z: Number) -> Any:
    """Return P(Z > z) of a standard normal variable."""
    return special.ndtr(np.negative(z))


def normal_isf(probability: float) -> float:
    """Return the z that a standard normal variable exceeds with that probability."""
    return -float(special.ndtri(probability))


def normal_pdf(z: Values) -> Values:
    """Return the standard normal density."""
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def t_sf(t: float, freedom: float) -> float:
    """Return P(T > t) of Student's t; the degrees of freedom need not be whole."""
    return float(special.stdtr(freedom, -t))


def t_isf(probability: float, freedom: float) -> float:
    """Return the t that Student's t exceeds with that probability."""
    return -float(special.stdtrit(freedom, probability))


def binomial_cdf(count: Any, n: int, probability: float) -> Any:
    """Return P(at most `count` of n succeed); `count` is whole, or an array of such."""
    inside = np.clip(count, 0, max(n - 1, 0))
    found = special.betaincc(inside + 1, n - inside, probability) if n else np.ones_like(inside, dtype=float)
    return np.where(np.less(count, 0), 0.0, np.where(np.greater_equal(count, n), 1.0, found))


def binomial_sf(count: int, n: int, probability: float) -> float:
    """Return P(more than `count` of n succeed)."""
    if count < 0:
        return 1.0
    return float(special.betainc(count + 1, n - count, probability)) if count < n else 0.0


def proportion_low(successes: int, n: int, alpha: float) -> float:
    """Return the probability p at which so many successes or more have probability alpha; 0 for none."""
    return float(special.betaincinv(successes, n - successes + 1, alpha)) if successes else 0.0


def f_isf(probability: float, between: float, within: float) -> float:
    """Return the F that Fisher's F exceeds with that probability."""
    return float(special.fdtri(between, within, 1 - probability))
