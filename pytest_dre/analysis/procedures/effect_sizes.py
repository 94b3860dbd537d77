"""Standardised effects of means: Cohen's d, Hedges' g, d_z, omega squared."""

import math

import numpy as np
from scipy import special

from pytest_dre.analysis.procedures.noncentral import f_noncentrality, t_noncentrality
from pytest_dre.analysis.procedures.result import EffectSize
from pytest_dre.analysis.procedures.samples import Values


def hedges_correction(df: float) -> float:
    """Return the factor that takes the bias out of a standardised mean difference (Hedges 1981, exact form)."""
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def mean_difference_effects(treated: Values, controls: Values, alpha: float) -> tuple[EffectSize, ...]:
    """Return Hedges' g and Cohen's d with the pooled standard deviation (Cohen 1988; Hedges 1981).

    Intervals come from the noncentral t distribution (Cumming & Finch 2001), g's being d's times the correction. None
    where all values of both arms are alike or an arm has fewer than two.
    """
    df = len(treated) + len(controls) - 2
    if min(len(treated), len(controls)) < 2:
        return ()
    pooled = math.sqrt((_squares(treated) + _squares(controls)) / df)
    size = math.sqrt(len(treated) * len(controls) / (len(treated) + len(controls)))
    difference = float(np.mean(treated) - np.mean(controls))
    return _standardised(("Hedges' g", "Cohen's d"), difference, spread=pooled, size=size, df=df, alpha=alpha)


def paired_effects(differences: Values, alpha: float) -> tuple[EffectSize, ...]:
    """Return d_z, the mean difference in its own standard deviations, and its bias-corrected form g_z (Lakens 2013)."""
    df = len(differences) - 1
    if df < 1:
        return ()
    spread = math.sqrt(_squares(differences) / df)
    mean, size = float(np.mean(differences)), math.sqrt(len(differences))
    return _standardised(("g_z", "d_z"), mean, spread=spread, size=size, df=df, alpha=alpha)[::-1]


def omega_squared(statistic: float, df1: float, df2: float, n: int, alpha: float) -> EffectSize:
    """Return partial omega squared of an F test, the share of variance explained, 0 at least (Olejnik & Algina 2003).

    Its interval is lambda / (lambda + n) of the noncentrality lambda (Steiger 2004).
    """
    excess = df1 * (statistic - 1)
    value = max(0.0, excess / (excess + n))
    low, high = (nc / (nc + n) for nc in f_noncentrality(statistic, df1, df2, alpha))
    return EffectSize("omega squared", value, min(low, value), max(high, value))


def _standardised(
    names: tuple[str, str], difference: float, *, spread: float, size: float, df: int, alpha: float
) -> tuple[EffectSize, ...]:
    if not spread > 0 or not math.isfinite(difference / spread):
        return ()
    d = difference / spread
    low, high = (nc / size for nc in t_noncentrality(d * size, df, alpha))
    corrected, plain = names
    effect = EffectSize(plain, d, low, high)
    if df < 2:  # the correction is 0 at one degree of freedom
        return (effect,)
    factor = hedges_correction(df)
    return EffectSize(corrected, factor * d, factor * low, factor * high), effect


def _squares(values: Values) -> float:
    return float(np.sum((values - np.mean(values)) ** 2))
