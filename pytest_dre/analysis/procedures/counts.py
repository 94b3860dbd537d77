"""Tests of counts: Fisher, McNemar, chi-squared."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.stats.contingency import odds_ratio

from pytest_dre.analysis.procedures.building import estimated, omnibus
from pytest_dre.analysis.procedures.noncentral import chi_square_noncentrality
from pytest_dre.analysis.procedures.proportions import difference_interval, paired_difference_interval
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import EffectSize, TestResult
from pytest_dre.analysis.procedures.samples import Counts, pairs, require_binary, two_arms, unsuitable
from pytest_dre.analysis.procedures.table import Cell, Table, is_missing, level_key
from pytest_dre.analysis.procedures.tails import directed_p, tail_levels

MOST_CATEGORIES = 20


def fisher(table: Table, request: TestRequest) -> TestResult:
    """Compare two proportions, given both margins (Fisher 1935).

    The two-sided p value sums the tables that are no likelier than this one.
    """
    require_binary(request, table.column(request.outcome))
    arms = two_arms(table, request)
    arms.need(request, 1, "a value in each arm is the least")
    treatment, control = ((int(arm.sum()), len(arm)) for arm in (arms.treated, arms.controls))
    counts = np.array([[hits, size - hits] for hits, size in (treatment, control)])
    return estimated(
        request,
        arms,
        effect=arms.described("proportion"),
        estimate=treatment[0] / treatment[1] - control[0] / control[1],
        interval=difference_interval(treatment, control, tail_levels(request.direction, request.alpha)),
        statistic=("successes of the treatment", treatment[0]),
        p_value=_hypergeometric_p(request, counts),
        effects=(_conditional_odds_ratio(counts, request.alpha),),
        method="Fisher's exact test, Newcombe's interval of the risk difference",
        notes=("exact, conditional on both margins",),
    )


def mcnemar(table: Table, request: TestRequest) -> TestResult:
    """Compare two proportions of pairs by the pairs that differ, exactly (McNemar 1947)."""
    require_binary(request, table.column(request.outcome))
    found = pairs(table, request)
    if not all(value in (0.0, 1.0) for value in (*found.treated.tolist(), *found.controls.tolist())):
        raise unsuitable(
            request,
            f"several rows of an arm share {' and '.join(request.pairing)}",
            "paired_permutation suits them; replicates are pairs under seed_policy: {strategy: common_random_numbers}",
        )
    treated, controls = found.treated == 1, found.controls == 1
    both, neither = int((treated & controls).sum()), int((~treated & ~controls).sum())
    gained, lost = int((treated & ~controls).sum()), int((~treated & controls).sum())
    n = len(treated)
    return estimated(
        request,
        found,
        effect=found.described("proportion"),
        estimate=(gained - lost) / n,
        interval=paired_difference_interval(both, gained, lost, neither, tail_levels(request.direction, request.alpha)),
        statistic=("pairs won by the treatment", gained),
        p_value=directed_p(
            request.direction,
            float(stats.binom.sf(gained - 1, gained + lost, 0.5)),
            float(stats.binom.cdf(gained, gained + lost, 0.5)),
        ),
        effects=(_discordant_odds(gained, lost, request.alpha),),
        method="McNemar's exact test, Newcombe's interval of the paired risk difference",
        notes=(f"exact, {gained + lost} of {n} pairs differ",),
    )


def chi_square(table: Table, request: TestRequest) -> TestResult:
    """Compare how often each category occurs at each level of a factor (Pearson 1900).

    There is no continuity correction.
    """
    counted, categories = _cross_table(table, request)
    if min(categories.shape) < 2:
        raise unsuitable(request, "it has one category only", "there is nothing to compare")
    test = stats.chi2_contingency(categories, correction=False)
    statistic, df = float(test.statistic), int(test.dof)
    doubtful = int((test.expected_freq < 5).sum())
    rough = f"{doubtful} of {categories.size} expected counts are below 5: the approximation is rough"
    return omnibus(
        request,
        counted,
        effect=f"association of {request.factor} and {request.outcome}",
        statistic=("chi-squared", statistic),
        df=df,
        p_value=float(test.pvalue),
        effects=(cramers_v(statistic, df, int(categories.sum()), min(categories.shape) - 1, request.alpha),),
        method="Pearson's chi-squared test of independence",
        notes=(rough + (", fisher is exact" if categories.shape == (2, 2) else ""),) if doubtful else (),
    )


def cramers_v(statistic: float, df: int, n: int, shorter: int, alpha: float) -> EffectSize:
    """Return Cramér's V (Cramér 1946), with the interval of the noncentral chi-squared distribution (Smithson 2003)."""
    value = math.sqrt(statistic / (n * shorter))
    low, high = (
        0.0 if nc == 0 else min(1.0, math.sqrt((nc + df) / (n * shorter)))
        for nc in chi_square_noncentrality(statistic, df, alpha)
    )
    return EffectSize("Cramér's V", value, min(low, value), max(high, value))


def _hypergeometric_p(request: TestRequest, counts: NDArray[np.int64]) -> float:
    side = request.direction
    if side not in ("greater", "less"):
        return min(1.0, float(stats.fisher_exact(counts).pvalue))
    return min(1.0, float(stats.fisher_exact(counts, alternative="greater" if side == "greater" else "less").pvalue))


def _cross_table(table: Table, request: TestRequest) -> tuple[Counts, NDArray[np.int64]]:
    """Return how many values each level has, and how often each category that occurs."""
    outcome, factor = table.column(request.outcome), table.column(request.factor)
    categories = _categories(request, outcome)
    levels = table.levels(request.factor)
    if request.contrast is not None:
        levels = [level for level in levels if level in (request.contrast.treatment, request.contrast.control)]
    if len(levels) < 2:
        raise unsuitable(request, f"{request.factor} has fewer than two of the levels", "name a factor that varies")
    rows = [[value for value, at in zip(outcome, factor, strict=True) if at == level] for level in levels]
    labels = tuple(str(level) for level in levels)
    present = [[value for value in row if not is_missing(value)] for row in rows]
    counts = np.array([[row.count(category) for category in categories] for row in present])
    empty = [label for label, row in zip(labels, present, strict=True) if not row]
    if empty:
        raise unsuitable(request, f"{', '.join(empty)} has no value", "leave the level out by a filter")
    counted = Counts(
        n={label: len(row) for label, row in zip(labels, present, strict=True)},
        missing={label: len(row) - len(kept) for label, row, kept in zip(labels, rows, present, strict=True)},
    )
    return counted, counts[:, counts.sum(axis=0) > 0]


def _categories(request: TestRequest, cells: Sequence[Cell]) -> list[Cell]:
    categories = sorted({cell for cell in cells if not is_missing(cell)}, key=level_key)
    fractions = any(isinstance(cell, float) and not cell.is_integer() for cell in categories)
    if fractions or len(categories) > MOST_CATEGORIES:
        raise unsuitable(
            request,
            "it is a quantity, not a category",
            "welch, permutation and mann_whitney compare two arms of numbers, anova and kruskal_wallis several",
        )
    return categories


def _conditional_odds_ratio(counts: NDArray[np.int64], alpha: float) -> EffectSize:
    """Return the conditional maximum likelihood estimate of the odds ratio and its exact interval (Fisher 1962)."""
    found = odds_ratio(counts, kind="conditional")
    value = float(found.statistic)
    if math.isnan(value):
        return EffectSize("odds ratio", value)
    interval = found.confidence_interval(confidence_level=1 - alpha)
    return EffectSize("odds ratio", value, float(interval.low), float(interval.high))


def _discordant_odds(gained: int, lost: int, alpha: float) -> EffectSize:
    """Return the odds of winning a pair that differs, with the interval of Clopper & Pearson (1934)."""
    total = gained + lost
    if total == 0:
        return EffectSize("odds ratio", math.nan)
    low = float(stats.beta.ppf(alpha / 2, gained, lost + 1)) if gained else 0.0
    high = float(stats.beta.isf(alpha / 2, gained + 1, lost)) if lost else 1.0
    return EffectSize("odds ratio", _odds(gained / total), _odds(low), _odds(high))


def _odds(p: float) -> float:
    return p / (1 - p) if p < 1 else math.inf
