"""Comparisons of two means by t: Student, Welch, paired, and their equivalence tests."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from pytest_dre.analysis.procedures.building import estimated
from pytest_dre.analysis.procedures.effect_sizes import mean_difference_effects, paired_effects
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import EffectSize, TestResult
from pytest_dre.analysis.procedures.samples import Arms, Values, is_binary, pairs, two_arms, unsuitable
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.analysis.procedures.tails import directed_p, tail_levels

MORE = "more replicates, or permutation, suit so few values"
ALIKE = "permutation and fisher suit such data"


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """A difference of means with its standard error and degrees of freedom."""

    value: float
    error: float
    df: float

    def t(self, null: float = 0.0) -> float:
        """Return the t statistic of a null value."""
        return (self.value - null) / self.error

    def interval(self, levels: tuple[float, float]) -> tuple[float, float]:
        """Return the interval that leaves these probabilities below and above; 0 leaves a side open."""
        low, high = (self.error * float(stats.t.isf(level, self.df)) for level in levels)
        return self.value - low, self.value + high


def student_t(table: Table, request: TestRequest) -> TestResult:
    """Compare two means by t with one variance (Student 1908)."""
    arms = _independent(table, request)
    return _t_result(request, arms, pooled_difference(arms.treated, arms.controls), "Student's t test, equal variances")


def welch_t(table: Table, request: TestRequest) -> TestResult:
    """Compare two means by t with a variance an arm (Welch 1947)."""
    arms = _independent(table, request)
    return _t_result(request, arms, welch_difference(arms.treated, arms.controls), "Welch's t test, unequal variances")


def paired_t(table: Table, request: TestRequest) -> TestResult:
    """Compare two means by t of the differences of pairs."""
    found = pairs(table, request)
    found.need(request, 2, "more pairs suit it")
    return _t_result(request, found, paired_difference(found.differences), "paired t test")


def tost(table: Table, request: TestRequest) -> TestResult:
    """Show that two means differ by less than the margin: two one-sided Welch tests (Schuirmann 1987)."""
    arms = _independent(table, request)
    return _tost_result(request, arms, welch_difference(arms.treated, arms.controls), "Welch's")


def paired_tost(table: Table, request: TestRequest) -> TestResult:
    """Show that two means of pairs differ by less than the margin: two one-sided paired tests (Schuirmann 1987)."""
    found = pairs(table, request)
    found.need(request, 2, "more pairs suit it")
    return _tost_result(request, found, paired_difference(found.differences), "paired")


def pooled_difference(treated: Values, controls: Values) -> MeanDifference:
    """Return the difference of two means under one variance."""
    n, m = len(treated), len(controls)
    variance = ((n - 1) * np.var(treated, ddof=1) + (m - 1) * np.var(controls, ddof=1)) / (n + m - 2)
    return MeanDifference(_difference(treated, controls), math.sqrt(variance * (1 / n + 1 / m)), n + m - 2)


def welch_difference(treated: Values, controls: Values) -> MeanDifference:
    """Return the difference of two means, degrees of freedom by Satterthwaite (1946)."""
    a, b = (float(np.var(arm, ddof=1)) / len(arm) for arm in (treated, controls))
    if a + b == 0:
        return MeanDifference(_difference(treated, controls), 0.0, len(treated) + len(controls) - 2)
    share = a / (a + b)  # so written, tiny variances do not underflow
    df = 1 / (share**2 / (len(treated) - 1) + (1 - share) ** 2 / (len(controls) - 1))
    return MeanDifference(_difference(treated, controls), math.sqrt(a + b), df)


def paired_difference(differences: Values) -> MeanDifference:
    """Return the mean of differences."""
    n = len(differences)
    return MeanDifference(float(np.mean(differences)), math.sqrt(float(np.var(differences, ddof=1)) / n), n - 1)


def _difference(treated: Values, controls: Values) -> float:
    return float(np.mean(treated) - np.mean(controls))


def _independent(table: Table, request: TestRequest) -> Arms:
    arms = two_arms(table, request)
    arms.need(request, 2, MORE)
    return arms


def _t_result(request: TestRequest, arms: Arms, difference: MeanDifference, method: str) -> TestResult:
    _require_spread(request, arms, difference)
    t = difference.t()
    return estimated(
        request,
        arms,
        effect=arms.described("mean"),
        estimate=difference.value,
        interval=difference.interval(tail_levels(request.direction, request.alpha)),
        statistic=("t", t),
        df=difference.df,
        p_value=directed_p(request.direction, stats.t.sf(t, difference.df), stats.t.cdf(t, difference.df)),
        effects=_effects(arms, request.alpha),
        method=method,
        notes=_doubts(arms),
    )


def _tost_result(request: TestRequest, arms: Arms, difference: MeanDifference, kind: str) -> TestResult:
    if request.minimum_effect is None:
        raise unsuitable(request, "equivalence needs a margin", "give the hypothesis a minimum_effect_of_interest")
    margin = request.minimum_effect
    _require_spread(request, arms, difference)
    above, below = difference.t(-margin), difference.t(margin)
    p_above, p_below = float(stats.t.sf(above, difference.df)), float(stats.t.cdf(below, difference.df))
    return estimated(
        request,
        arms,
        effect=arms.described("mean"),
        estimate=difference.value,
        interval=difference.interval(tail_levels("equivalent", request.alpha)),
        statistic=("t", above if p_above >= p_below else below),
        df=difference.df,
        p_value=max(p_above, p_below),
        effects=_effects(arms, 2 * request.alpha),
        method=f"two one-sided {kind} t tests of equivalence within ±{margin:g}",
        notes=_doubts(arms),
    )


def _effects(arms: Arms, alpha: float) -> tuple[EffectSize, ...]:
    differences = getattr(arms, "differences", None)
    if differences is not None:
        return paired_effects(differences, alpha)
    return mean_difference_effects(arms.treated, arms.controls, alpha)


def _require_spread(request: TestRequest, arms: Arms, difference: MeanDifference) -> None:
    scale = max(np.max(np.abs(arms.treated)), np.max(np.abs(arms.controls)))
    if difference.error <= 1e-14 * scale:  # rounding of equal values is no spread
        raise unsuitable(request, "its values do not vary within the arms (or all pairs differ alike)", ALIKE)


def _doubts(arms: Arms) -> tuple[str, ...]:
    both = [*arms.treated.tolist(), *arms.controls.tolist()]
    return ("the outcome is binary: fisher or mcnemar suit it better",) if is_binary(both) else ()
