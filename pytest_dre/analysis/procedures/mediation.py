"""Mediation: how much of an effect passes through measured variables."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pytest_dre.analysis.procedures.building import containing, estimated
from pytest_dre.analysis.procedures.coding import ModelRows, ModelTerm, design_matrix, model_rows, model_term
from pytest_dre.analysis.procedures.coefficients import Coefficients
from pytest_dre.analysis.procedures.regression import first_term, fit_ols
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import EffectSize, Term, TestResult
from pytest_dre.analysis.procedures.samples import Values, unsuitable
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.analysis.procedures.tails import directed_p, tail_levels

CHUNK = 2_000_000  # numbers held at once while resamples are drawn


@dataclass(frozen=True, slots=True)
class Paths:
    """The columns of a mediation model: the cause, its mediators, what else is held constant."""

    cause: ModelTerm
    mediators: tuple[ModelTerm, ...]
    others: tuple[ModelTerm, ...]


def mediation(table: Table, request: TestRequest) -> TestResult:
    """Test the indirect effect of the first independent variable through its mediators, in parallel.

    The indirect effect through a mediator is a * b: the effect of the cause on the mediator, times the mediator's
    effect on the outcome beside the cause (Baron & Kenny 1986). Their sum is tested by the percentile bootstrap over
    rows (Preacher & Hayes 2008), each also by joint significance, its p the larger of both paths' (MacKinnon et al.
    2002). Mediators and outcome are fitted by least squares.
    """
    if not request.mediators:
        raise unsuitable(request, "it names no mediator", "name one in the hypothesis' mediators")
    for name in request.mediators:
        if any(isinstance(cell, str) for cell in table.column(name)):
            raise unsuitable(request, f"the mediator {name} is no number", "a mediator is a measured quantity")
    names = tuple(dict.fromkeys((*request.factors, *request.mediators, *request.covariates)))
    rows = model_rows(table, request, names)
    paths = _paths(rows, request)
    fits = _fits(request, paths, rows.outcome)
    drawn = _bootstrap(paths, rows.outcome, request)
    return _result(request, rows, paths, fits, drawn)


@dataclass(frozen=True, slots=True)
class Fits:
    """The fitted paths: a for each mediator, b (with the direct effect first), and the total effect."""

    a: tuple[Term, ...]
    b: tuple[Term, ...]
    direct: Term
    total: Term

    @property
    def indirect(self) -> list[float]:
        """a * b for each mediator."""
        return [_of(a) * _of(b) for a, b in zip(self.a, self.b, strict=True)]


def _paths(rows: ModelRows, request: TestRequest) -> Paths:
    terms = {name: model_term(rows, request, name) for name in (*request.factors, *request.covariates)}
    cause = first_term(request, list(terms.values()))[0]
    if len(cause.columns) > 1:
        raise unsuitable(request, f"{request.factor} has more than two levels", "name two in the hypothesis' contrast")
    rest = [term for name, term in terms.items() if name != request.factor]
    siblings = _other_levels(terms[request.factor], cause)
    measured = tuple(
        ModelTerm(name, (name,), np.array([float(cell) for cell in rows.table.column(name)])[:, None])  # type: ignore[arg-type]
        for name in request.mediators
    )
    return Paths(cause, measured, (*siblings, *rest))


def _other_levels(factor: ModelTerm, cause: ModelTerm) -> list[ModelTerm]:
    """Return the other levels of the contrasted factor: they are held constant."""
    return [
        ModelTerm(column, (column,), factor.matrix[:, at : at + 1])
        for at, column in enumerate(factor.columns)
        if column not in cause.columns
    ]


def _fits(request: TestRequest, paths: Paths, outcome: Values) -> Fits:
    def fit(terms: Sequence[ModelTerm], values: Values) -> Coefficients:
        return fit_ols(request, terms, design_matrix(request, terms, len(values)), values)

    beside = [paths.cause, *paths.others]
    full = fit([paths.cause, *paths.mediators, *paths.others], outcome)
    alpha = request.alpha
    return Fits(
        a=tuple(fit(beside, mediator.matrix[:, 0]).term(1, alpha) for mediator in paths.mediators),
        b=tuple(full.term(2 + at, alpha) for at in range(len(paths.mediators))),
        direct=full.term(1, alpha),
        total=fit(beside, outcome).term(1, alpha),
    )


def _bootstrap(paths: Paths, outcome: Values, request: TestRequest) -> Values:
    """Return the indirect effects of resampled rows, one row a resample that could be fitted.

    A resample is a count of each row, so all its sums of products are one matrix product.
    """
    columns = [paths.cause, *paths.others, *paths.mediators]
    matrix = np.column_stack([*(term.matrix for term in columns), outcome])
    matrix = (matrix - matrix.mean(axis=0)) / np.maximum(matrix.std(axis=0), np.finfo(float).tiny)
    matrix = np.column_stack([np.ones(len(outcome)), matrix])
    n, width = matrix.shape
    products = (matrix[:, :, None] * matrix[:, None, :]).reshape(n, -1)
    rng = np.random.default_rng(request.seed)
    size = max(1, CHUNK // n)
    parts = []
    for start in range(0, request.resamples, size):
        counts = rng.multinomial(n, np.full(n, 1 / n), size=min(size, request.resamples - start))
        parts.append(_indirect((counts @ products).reshape(-1, width, width), len(paths.mediators)))
    drawn = np.concatenate(parts)
    fitted = drawn[~np.isnan(drawn).any(axis=1)]
    scale = np.std(outcome) / np.std(paths.cause.matrix)  # the mediator's unit cancels out
    return np.asarray(fitted * scale)


def _indirect(moments: Values, mediators: int) -> Values:
    """Return a * b of each matrix of moments, NaN if it is singular.

    Their columns are: intercept, cause, others, mediators, outcome.
    """
    inner = moments.shape[1] - 1 - mediators  # intercept, cause and others
    small, large = moments[:, :inner, :inner], moments[:, :-1, :-1]
    sound = np.linalg.cond(large) < 1e10
    found = np.full((len(moments), mediators), math.nan)
    a = np.linalg.solve(small[sound], moments[sound][:, :inner, inner:-1])[:, 1, :]
    b = np.linalg.solve(large[sound], moments[sound][:, :-1, -1:])[:, inner:, 0]
    found[sound] = a * b
    return found


def _result(request: TestRequest, rows: ModelRows, paths: Paths, fits: Fits, drawn: Values) -> TestResult:
    if len(drawn) < 99:
        raise unsuitable(request, "too few resamples can be fitted", "collect more runs of each level")
    totals = drawn.sum(axis=1)
    estimate = sum(fits.indirect)
    m = len(totals)
    p_value = directed_p(
        request.direction, (1 + int((totals <= 0).sum())) / (m + 1), (1 + int((totals >= 0).sum())) / (m + 1)
    )
    notes = [f"{m:,} resamples with seed {request.seed}"]
    if lost := request.resamples - m:
        notes.append(f"{lost} resamples could not be fitted and were left out")
    return estimated(
        request,
        rows,
        effect=f"indirect effect of {paths.cause.columns[0]} through {' and '.join(request.mediators)}",
        estimate=estimate,
        interval=_percentiles(totals, tail_levels(request.direction, request.alpha)),
        statistic=("indirect effect", estimate),
        p_value=p_value,
        effects=_share(fits, estimate),
        method="mediation by least squares, percentile bootstrap of the indirect effect",
        notes=notes,
        terms=_terms(request, fits, drawn),
    )


def _share(fits: Fits, estimate: float) -> tuple[EffectSize, ...]:
    """Return the share of the total effect that is mediated, where both have one sign."""
    total = _of(fits.total)
    if total == 0 or not 0 <= estimate / total <= 1:
        return ()
    return (EffectSize("proportion mediated", estimate / total),)


def _terms(request: TestRequest, fits: Fits, drawn: Values) -> tuple[Term, ...]:
    terms = []
    two_sided = (request.alpha / 2, request.alpha / 2)
    for at, (name, a, b) in enumerate(zip(request.mediators, fits.a, fits.b, strict=True)):
        joint = max(a.p_value or 0.0, b.p_value or 0.0)
        low, high = containing(fits.indirect[at], _percentiles(drawn[:, at], two_sided))
        terms += [
            _renamed(a, f"a: {a.name} on {name}"),
            _renamed(b, f"b: {name} on {request.outcome}"),
            Term(f"indirect through {name} (joint significance)", fits.indirect[at], low, high, None, None, joint),
        ]
    return (*terms, _renamed(fits.direct, "direct effect"), _renamed(fits.total, "total effect"))


def _renamed(term: Term, name: str) -> Term:
    return Term(name, term.estimate, term.low, term.high, term.statistic, term.df, term.p_value)


def _percentiles(drawn: Values, levels: tuple[float, float]) -> tuple[float, float]:
    low = float(np.quantile(drawn, levels[0])) if levels[0] else -math.inf
    return low, float(np.quantile(drawn, 1 - levels[1])) if levels[1] else math.inf


def _of(term: Term) -> float:
    assert term.estimate is not None, "coefficients have an estimate"
    return term.estimate
