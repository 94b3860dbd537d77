"""Correlations of an outcome with a numeric variable."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from pytest_dre.analysis.procedures.building import containing, estimated
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import EffectSize, TestResult
from pytest_dre.analysis.procedures.samples import (
    Counts,
    Values,
    is_numeric_column,
    numbers,
    require_computable,
    unsuitable,
)
from pytest_dre.analysis.procedures.table import Table, is_missing
from pytest_dre.analysis.procedures.tails import directed_p, tail_levels

ENUMERATED = 7  # values up to which all orders are counted: 5,040


@dataclass(frozen=True, slots=True)
class Found:
    """A correlation, the standard error of its Fisher z, its p values and how they were found."""

    name: str
    value: float
    error: float
    df: int
    p_greater: float
    p_less: float
    method: str


def pearson(table: Table, request: TestRequest) -> TestResult:
    """Test a linear correlation by t, its interval by Fisher's z (Fisher 1921)."""
    x, y, counted = _columns(table, request)
    n = len(x)
    r = _r(x, y)
    p_greater, p_less = _t_tails(r, n - 2)
    found = Found("Pearson's r", r, _fisher_error(n, 1.0), n - 2, p_greater, p_less, "Pearson correlation")
    return _result(request, found, counted)


def spearman(table: Table, request: TestRequest) -> TestResult:
    """Test a monotonic correlation by ranks (Spearman 1904); interval by Bonett & Wright (2000)."""
    x, y, counted = _columns(table, request)
    n = len(x)
    ranks = stats.rankdata(x), stats.rankdata(y)
    rho = _r(*ranks)
    if n <= ENUMERATED:
        p_greater, p_less = _order_tails(*ranks)
        basis = f"exact, {math.factorial(n):,} orders"
    else:
        p_greater, p_less = _t_tails(rho, n - 2)
        basis = "p by the t approximation"
    error = _fisher_error(n, 1 + rho**2 / 2)
    found = Found("Spearman's rho", rho, error, n - 2, p_greater, p_less, f"Spearman rank correlation, {basis}")
    return _result(request, found, counted)


def _columns(table: Table, request: TestRequest) -> tuple[Values, Values, Counts]:
    name = request.factor
    if not is_numeric_column(table.column(name)):
        raise unsuitable(
            request, f"{name} is no quantity to correlate it with", "welch, anova and kruskal_wallis compare levels"
        )
    outcome = numbers(request, table.column(request.outcome))
    xs: list[float] = []
    ys: list[float] = []
    for x, y in zip(table.column(name), outcome, strict=True):
        if not is_missing(x) and y is not None:
            xs.append(float(x))  # type: ignore[arg-type]  # a quantity, by the check above
            ys.append(y)
    _check(request, name, xs, ys)
    counted = Counts({"rows": len(xs)}, {"rows": len(outcome) - len(xs)})
    return np.asarray(xs), np.asarray(ys), counted


def _check(request: TestRequest, name: str, xs: Sequence[float], ys: Sequence[float]) -> None:
    if not all(map(math.isfinite, xs)):
        raise unsuitable(request, f"{name} holds infinite values", "leave them out by a filter")
    require_computable(request, name, xs)
    if len(xs) < 4:
        raise unsuitable(request, f"{len(xs)} rows have both it and {name}", "a correlation needs 4 or more")
    for column, values in ((name, xs), (request.outcome, ys)):
        if len(set(values)) == 1:
            raise unsuitable(request, f"{column} does not vary", "there is no correlation to test")


def _r(x: Values, y: Values) -> float:
    return float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))


def _fisher_error(n: int, inflation: float) -> float:
    return math.sqrt(inflation / (n - 3))


def _t_tails(r: float, df: int) -> tuple[float, float]:
    if abs(r) == 1:
        return (0.0, 1.0) if r > 0 else (1.0, 0.0)
    t = _t_of(r, df)
    return float(stats.t.sf(t, df)), float(stats.t.cdf(t, df))


def _t_of(r: float, df: int) -> float:
    return math.copysign(math.inf, r) if abs(r) == 1 else r * math.sqrt(df / (1 - r**2))


def _order_tails(x: Values, y: Values) -> tuple[float, float]:
    sums = np.array([np.dot(x, order) for order in itertools.permutations(y.tolist())])
    observed = float(np.dot(x, y))
    return float(np.mean(sums >= observed - 1e-9)), float(np.mean(sums <= observed + 1e-9))


def _result(request: TestRequest, found: Found, counted: Counts) -> TestResult:
    two_sided = _fisher_interval(found, (request.alpha / 2, request.alpha / 2))
    return estimated(
        request,
        counted,
        effect=f"correlation of {request.outcome} with {request.factor}",
        estimate=found.value,
        interval=_fisher_interval(found, tail_levels(request.direction, request.alpha)),
        statistic=("t", _t_of(found.value, found.df)),
        df=found.df,
        p_value=directed_p(request.direction, found.p_greater, found.p_less),
        effects=(EffectSize(found.name, found.value, *containing(found.value, two_sided)),),
        method=found.method,
    )


def _fisher_interval(found: Found, levels: tuple[float, float]) -> tuple[float, float]:
    z = math.atanh(found.value) if abs(found.value) < 1 else math.copysign(math.inf, found.value)
    below, above = (float(stats.norm.isf(level)) * found.error for level in levels)
    return (
        -1.0 if math.isinf(below) else math.tanh(z - below),
        1.0 if math.isinf(above) else math.tanh(z + above),
    )
