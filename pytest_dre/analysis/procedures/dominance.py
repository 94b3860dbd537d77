"""Effect sizes of ordinal comparisons: Cliff's delta and the matched-pairs rank-biserial correlation."""

import math

import numpy as np
from scipy import stats

from pytest_dre.analysis.procedures.result import EffectSize
from pytest_dre.analysis.procedures.samples import Values


def cliffs_delta(treated: Values, controls: Values, alpha: float) -> EffectSize:
    """Return P(treated > control) - P(treated < control), Cliff's delta (Cliff 1993); values must ascend.

    The interval is the asymmetric one of Feng & Cliff (2004) with the unbiased variance, at least
    (1 - delta^2) / (n m - 1). Where the arms do not overlap its inner end is that of one pair of values tied.
    """
    n, m = len(treated), len(controls)
    rows = _dominance(treated, controls)
    columns = -_dominance(controls, treated)
    delta = float(rows.mean())
    if min(n, m) < 2:
        return EffectSize("Cliff's delta", delta)
    at = math.copysign(1 - 1 / (n * m), delta) if abs(delta) == 1 else delta
    variance = max(_variance(rows, columns, delta, _untied(treated, controls)), (1 - at**2) / (n * m - 1))
    low, high = _asymmetric(at, variance, float(stats.t.isf(alpha / 2, n + m - 2)))
    return EffectSize("Cliff's delta", delta, max(-1.0, min(low, delta)), min(1.0, max(high, delta)))


def rank_biserial(differences: Values, alpha: float) -> EffectSize:
    """Return the matched-pairs rank-biserial correlation (Kerby 2014).

    It is the rank sum of gains minus that of losses, as a share of both. Zero differences are left out; one at least
    must not be zero. The interval takes Fisher's z of it to be normal, with the signed-rank statistic's standard
    deviation under the null hypothesis.
    """
    present = differences[differences != 0]
    n = len(present)
    ranks = stats.rankdata(np.abs(present))
    total = n * (n + 1) / 2
    value = float(ranks[present > 0].sum() - ranks[present < 0].sum()) / total
    at = math.copysign(1 - 1 / total, value) if abs(value) == 1 else value  # as if a smallest rank were lost
    error = math.sqrt(n * (n + 1) * (2 * n + 1) / 6) / total
    half = float(stats.norm.isf(alpha / 2)) * error
    low, high = (math.tanh(math.atanh(at) + side * half) for side in (-1, 1))
    return EffectSize("rank-biserial r", value, min(low, value), max(high, value))


def _dominance(values: Values, others: Values) -> Values:
    """Return for each value the share of others below it minus the share above; `others` must ascend."""
    below = np.searchsorted(others, values, side="left")
    above = len(others) - np.searchsorted(others, values, side="right")
    return np.asarray((below - above) / len(others), dtype=np.float64)


def _untied(treated: Values, controls: Values) -> int:
    ties = np.searchsorted(controls, treated, side="right") - np.searchsorted(controls, treated, side="left")
    return len(treated) * len(controls) - int(ties.sum())


def _variance(rows: Values, columns: Values, delta: float, untied: int) -> float:
    n, m = len(rows), len(columns)
    squares = untied - n * m * delta**2  # of single dominances, each -1, 0 or 1, about delta
    total = m**2 * np.sum((rows - delta) ** 2) + n**2 * np.sum((columns - delta) ** 2) - squares
    return float(total) / (n * m * (n - 1) * (m - 1))


def _asymmetric(delta: float, variance: float, quantile: float) -> tuple[float, float]:
    scaled = quantile**2 * variance
    middle = delta - delta**3
    half = math.sqrt(scaled) * math.sqrt((1 - delta**2) ** 2 + scaled)
    bottom = 1 - delta**2 + scaled
    return (middle - half) / bottom, (middle + half) / bottom
