"""Rank tests: Mann-Whitney, Wilcoxon signed-rank, Kruskal-Wallis."""

import math
from typing import Literal

import numpy as np
from scipy import stats

from pytest_dre.analysis.procedures.building import estimated, omnibus
from pytest_dre.analysis.procedures.dominance import cliffs_delta, rank_biserial
from pytest_dre.analysis.procedures.hodges_lehmann import differences_between, walsh_averages
from pytest_dre.analysis.procedures.noncentral import chi_square_noncentrality
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import EffectSize, TestResult
from pytest_dre.analysis.procedures.samples import Values, groups, pairs, two_arms, unsuitable
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.analysis.procedures.tails import directed_p, tail_levels

EXACT_VALUES = 50  # an arm with as many values, or ties, has the normal approximation


def mann_whitney(table: Table, request: TestRequest) -> TestResult:
    """Compare two arms by ranks (Wilcoxon 1945; Mann & Whitney 1947)."""
    arms = two_arms(table, request)
    arms.need(request, 1, "a value in each arm is the least")
    n, m = len(arms.treated), len(arms.controls)
    pooled = np.concatenate([arms.treated, arms.controls])
    ties = len(np.unique(pooled)) < n + m
    if len(np.unique(pooled)) == 1:
        raise unsuitable(request, "all its values are alike", "fisher suits outcomes of 0 and 1")
    exact = not ties and max(n, m) < EXACT_VALUES
    more, less = _rank_sum_test(arms.treated, arms.controls, exact), _rank_sum_test(arms.controls, arms.treated, exact)
    levels = tail_levels(request.direction, request.alpha)
    below, above = (_rank_sum_critical(n, m, _tie_factor(pooled), level, exact) for level in levels)
    shifts = differences_between(arms.treated, arms.controls)
    return estimated(
        request,
        arms,
        effect=f"Hodges-Lehmann shift of {arms.labels[0]} against {arms.labels[1]}",
        estimate=shifts.median(),
        interval=shifts.interval(below, above),
        statistic=("U", more[0]),
        p_value=directed_p(request.direction, more[1], less[1]),
        effects=(cliffs_delta(arms.treated, arms.controls, request.alpha),),
        method="Mann-Whitney U test",
        notes=(_exactness(exact, ties),),
    )


def wilcoxon(table: Table, request: TestRequest) -> TestResult:
    """Compare two arms by the signed ranks of differences of pairs (Wilcoxon 1945); zero differences are left out."""
    found = pairs(table, request)
    differences = np.sort(found.differences)
    present = differences[differences != 0]
    n = len(present)
    if n == 0:
        raise unsuitable(request, "no pair differs", "there is nothing to rank; mcnemar or paired_permutation suit it")
    ties = len(np.unique(np.abs(present))) < n
    zeros = len(differences) - n
    exact = not ties and not zeros and n < EXACT_VALUES
    ranks = stats.rankdata(np.abs(present))
    positive = float(ranks[present > 0].sum())
    levels = tail_levels(request.direction, request.alpha)
    variance = float((ranks**2).sum()) / 4
    below, above = (_signed_rank_critical(n, variance, level, exact) for level in levels)
    averages = walsh_averages(present)
    left_out = (f"{zeros} pairs without a difference were left out",) if zeros else ()
    return estimated(
        request,
        found,
        effect=f"pseudomedian of {found.labels[0]} minus {found.labels[1]}",
        estimate=averages.median(),
        interval=averages.interval(below, above),
        statistic=("W+", positive),
        p_value=directed_p(request.direction, _signed_rank_p(present, exact), _signed_rank_p(-present, exact)),
        effects=(rank_biserial(differences, request.alpha),),
        method="Wilcoxon signed-rank test",
        notes=(_exactness(exact, ties), *left_out),
    )


def kruskal_wallis(table: Table, request: TestRequest) -> TestResult:
    """Compare all levels of a factor by ranks (Kruskal & Wallis 1952)."""
    found = groups(table, request)
    empty = [label for label, count in found.n.items() if count == 0]
    if empty:
        raise unsuitable(request, f"{', '.join(empty)} has no value", "leave the level out by a filter")
    pooled = np.concatenate(found.values)
    if len(np.unique(pooled)) == 1:
        raise unsuitable(request, "all its values are alike", "there is nothing to rank")
    test = stats.kruskal(*found.values)
    df = len(found.values) - 1
    rough = ("an arm has fewer than 5 values: the approximation is rough",) if min(found.n.values()) < 5 else ()
    return omnibus(
        request,
        found,
        effect=f"differences between the levels of {request.factor}",
        statistic=("H", float(test.statistic)),
        df=df,
        p_value=float(test.pvalue),
        effects=(rank_epsilon_squared(float(test.statistic), df, len(pooled), request.alpha),),
        method="Kruskal-Wallis rank sum test, chi-squared approximation",
        notes=rough,
    )


def rank_epsilon_squared(statistic: float, df: int, n: int, alpha: float) -> EffectSize:
    """Return epsilon squared of Kruskal and Wallis' H, H / (n - 1) (Kelley 1935; Tomczak & Tomczak 2014).

    Its interval is that of the noncentral chi-squared distribution, so it is approximate.
    """
    value = statistic / (n - 1)
    low, high = (
        0.0 if nc == 0 else min(1.0, (nc + df) / (n - 1)) for nc in chi_square_noncentrality(statistic, df, alpha)
    )
    return EffectSize("epsilon squared", value, min(low, value), max(high, value))


def _rank_sum_test(more: Values, less: Values, exact: bool) -> tuple[float, float]:
    """Return U and the p value of the first arm's values being no greater."""
    found = stats.mannwhitneyu(
        more.tolist(), less.tolist(), alternative="greater", method="exact" if exact else "asymptotic"
    )
    return float(found.statistic), float(found.pvalue)


def _signed_rank_p(differences: Values, exact: bool) -> float:
    """Return the p value of the differences being no greater than 0."""
    method: Literal["exact", "approx"] = "exact" if exact else "approx"
    return float(stats.wilcoxon(differences.tolist(), alternative="greater", method=method, correction=True)[1])


def _exactness(exact: bool, ties: bool) -> str:
    if exact:
        return "exact"
    return "normal approximation with continuity correction" + (" (the values have ties)" if ties else "")


def _tie_factor(pooled: Values) -> float:
    """Return by how much ties shrink the variance of a rank sum."""
    counts = np.unique(pooled, return_counts=True)[1].astype(np.float64)
    n = len(pooled)
    return 1 - float((counts**3 - counts).sum()) / (n**3 - n)


def _rank_sum_critical(n: int, m: int, tie_factor: float, level: float, exact: bool) -> int:
    """Return the rank of the difference that bounds the shift: as many as U may reach at most at this level."""
    if level == 0:
        return 0
    if exact:
        return _critical(_rank_sum_frequencies(n, m), level)
    spread = math.sqrt(n * m * (n + m + 1) / 12 * tie_factor)
    return max(0, math.floor(n * m / 2 + 0.5 - float(stats.norm.isf(level)) * spread))


def _signed_rank_critical(n: int, variance: float, level: float, exact: bool) -> int:
    if level == 0:
        return 0
    if exact:
        return _critical(_signed_rank_frequencies(n), level)
    return max(0, math.floor(n * (n + 1) / 4 + 0.5 - float(stats.norm.isf(level)) * math.sqrt(variance)))


def _critical(frequencies: Values, level: float) -> int:
    """Return how many values from 0 up have cumulative probability of at most `level`."""
    cumulative = np.cumsum(frequencies / frequencies.sum())
    return int(np.searchsorted(cumulative, level * (1 + 1e-12), side="right"))


def _signed_rank_frequencies(n: int) -> Values:
    """Return how many of the 2^n sign patterns give each signed-rank sum."""
    counts = np.ones(1)
    for rank in range(1, n + 1):
        counts = np.concatenate([counts, np.zeros(rank)]) + np.concatenate([np.zeros(rank), counts])
    return counts


def _rank_sum_frequencies(n: int, m: int) -> Values:
    """Return how many arrangements of two arms give each U (recursion of Mann & Whitney 1947)."""
    before = [np.ones(1) for _ in range(m + 1)]
    for i in range(1, n + 1):
        row = [np.ones(1)]
        for j in range(1, m + 1):
            counts = np.zeros(i * j + 1)
            counts[j:] += before[j]  # the largest value is of the first arm, above all j of the second
            counts[: i * (j - 1) + 1] += row[j - 1]
            row.append(counts)
        before = row
    return before[m]
