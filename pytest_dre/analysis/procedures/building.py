"""A test's result put together: what all tests derive alike from the request."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import DegreesOfFreedom, EffectSize, Term, TestResult
from pytest_dre.analysis.procedures.tails import confidence_level


class Counted(Protocol):
    """The rows that a test used: arms, pairs, groups or the rows of a model."""

    @property
    def n(self) -> Mapping[str, int]:
        """Values used, by arm."""

    @property
    def missing(self) -> Mapping[str, int]:
        """Rows without a value, by arm."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out or put together."""


def estimated(
    request: TestRequest,
    counted: Counted,
    *,
    effect: str,
    estimate: float,
    interval: tuple[float, float],
    statistic: tuple[str, float],
    p_value: float,
    method: str,
    df: DegreesOfFreedom = None,
    effects: Sequence[EffectSize] = (),
    notes: Sequence[str] = (),
    terms: Sequence[Term] = (),
) -> TestResult:
    """Return the result of a test that estimates one effect, in the request's direction."""
    low, high = containing(estimate, interval)
    return TestResult(
        test=request.test,
        outcome=request.outcome,
        effect=effect,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        confidence=confidence_level(request.direction, request.alpha),
        alpha=request.alpha,
        direction=request.direction,
        statistic_name=statistic[0],
        statistic=float(statistic[1]),
        df=df,
        p_value=p_value,
        effects=tuple(effects),
        n=counted.n,
        missing=counted.missing,
        method=f"{method}, one-sided ({request.direction})" if _is_one_sided(request) else method,
        notes=(*counted.notes, *notes),
        terms=tuple(terms),
        minimum_effect=against_minimum(low, high, request.minimum_effect),
    )


def omnibus(
    request: TestRequest,
    counted: Counted,
    *,
    effect: str,
    statistic: tuple[str, float],
    df: DegreesOfFreedom,
    p_value: float,
    method: str,
    effects: Sequence[EffectSize] = (),
    notes: Sequence[str] = (),
    terms: Sequence[Term] = (),
) -> TestResult:
    """Return the result of a test of several things at once, which has no estimate and no direction."""
    unused = f"a test of several differences at once has no direction; {request.direction!r} was not used"
    return TestResult(
        test=request.test,
        outcome=request.outcome,
        effect=effect,
        estimate=None,
        ci_low=None,
        ci_high=None,
        confidence=1 - request.alpha,
        alpha=request.alpha,
        direction="different",
        statistic_name=statistic[0],
        statistic=float(statistic[1]),
        df=df,
        p_value=p_value,
        effects=tuple(effects),
        n=counted.n,
        missing=counted.missing,
        method=method,
        notes=(*counted.notes, *notes, *((unused,) if _is_one_sided(request) else ())),
        terms=tuple(terms),
    )


def containing(estimate: float, interval: tuple[float, float]) -> tuple[float, float]:
    """Return the interval as plain floats, widened to its estimate: inverted tests can end just short of it."""
    return min(float(interval[0]), float(estimate)), max(float(interval[1]), float(estimate))


def against_minimum(low: float, high: float, minimum: float | None) -> Literal["beyond", "short", "across"] | None:
    """Return how an interval lies to the minimum effect of interest, in either direction from 0."""
    if minimum is None or math.isnan(low) or math.isnan(high):
        return None
    if low > minimum or high < -minimum:
        return "beyond"
    return "short" if -minimum < low and high < minimum else "across"


def _is_one_sided(request: TestRequest) -> bool:
    return request.direction in ("greater", "less")
