"""Linear regression, logistic regression, and moderation, which is an interaction in either."""

import math
import warnings
from collections.abc import Sequence

import numpy as np

from pytest_dre.analysis.procedures.building import estimated, omnibus
from pytest_dre.analysis.procedures.coding import (
    ModelRows,
    ModelTerm,
    column_names,
    design_matrix,
    interaction,
    model_rows,
    model_term,
)
from pytest_dre.analysis.procedures.coefficients import Coefficients
from pytest_dre.analysis.procedures.effect_sizes import omega_squared
from pytest_dre.analysis.procedures.least_squares import least_squares
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import EffectSize, TestResult
from pytest_dre.analysis.procedures.samples import Values, is_binary, require_binary, unsuitable
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.analysis.procedures.tails import directed_p, tail_levels
from pytest_dre.errors import MissingDependencyError

NO_SPREAD = 1e-26  # share of the squares that rounding leaves where nothing varies


def regression(table: Table, request: TestRequest) -> TestResult:
    """Regress an outcome: by logistic regression if it is binary, else by least squares."""
    return logistic(table, request) if is_binary(table.column(request.outcome)) else ols(table, request)


def ols(table: Table, request: TestRequest) -> TestResult:
    """Regress an outcome on the independent variables and covariates by least squares."""
    rows, terms, matrix = model(table, request)
    return model_result(request, rows, fit_ols(request, terms, matrix, rows.outcome), first_term(request, terms), "ols")


def logistic(table: Table, request: TestRequest) -> TestResult:
    """Regress a binary outcome's log odds on the independent variables and covariates (Cox 1958)."""
    require_binary(request, table.column(request.outcome))
    rows, terms, matrix = model(table, request)
    fit = fit_logistic(request, terms, matrix, rows.outcome)
    return model_result(request, rows, fit, first_term(request, terms), "logistic")


def moderation(table: Table, request: TestRequest) -> TestResult:
    """Test whether moderators change the effect of the first independent variable, by their interactions with it."""
    if not request.moderators:
        raise unsuitable(request, "it names no moderator", "name one in the hypothesis' moderators")
    kind = "logistic" if is_binary(table.column(request.outcome)) else "ols"
    rows, terms, matrix = model(table, request, moderated=True)
    fit = (fit_logistic if kind == "logistic" else fit_ols)(request, terms, matrix, rows.outcome)
    moderated = [term for term in terms if term.name in _interaction_names(request)]
    return model_result(request, rows, fit, moderated, kind)


def model(table: Table, request: TestRequest, *, moderated: bool = False) -> tuple[ModelRows, list[ModelTerm], Values]:
    """Return the rows, terms and matrix of a linear model: independent variables, moderators, covariates."""
    moderators = request.moderators if moderated else ()
    mains = tuple(dict.fromkeys((*request.factors, *moderators, *request.covariates)))
    rows = model_rows(table, request, mains)
    terms = {name: model_term(rows, request, name) for name in mains}
    products = [interaction(terms[request.factor], terms[name]) for name in moderators]
    listed = [*terms.values(), *products]
    return rows, listed, design_matrix(request, listed, len(rows.outcome))


def first_term(request: TestRequest, terms: Sequence[ModelTerm]) -> list[ModelTerm]:
    """Return the term of the tested factor; of a contrast the treatment's column alone."""
    term = next(term for term in terms if term.name == request.factor)
    if request.contrast is None:
        return [term]
    column = f"{term.name}[{request.contrast.treatment}]"
    at = term.columns.index(column)
    return [ModelTerm(column, (column,), term.matrix[:, at : at + 1])]


def fit_ols(request: TestRequest, terms: Sequence[ModelTerm], matrix: Values, outcome: Values) -> Coefficients:
    """Fit by least squares.

    Raises:
        DreError: The model leaves no residual spread.
    """
    fit = least_squares(matrix, outcome)
    if fit.residual <= NO_SPREAD * float(np.sum(outcome**2)):
        raise unsuitable(request, "the model fits it without error", "permutation suits data that do not vary")
    spread = float(np.sum((outcome - outcome.mean()) ** 2))
    explained = f"R squared {1 - fit.residual / spread:.4g}"
    df = np.full(len(fit.coefficients), float(fit.df))
    return Coefficients(column_names(terms), fit.coefficients, fit.covariance, df, (explained,))


def fit_logistic(request: TestRequest, terms: Sequence[ModelTerm], matrix: Values, outcome: Values) -> Coefficients:
    """Fit log odds by maximum likelihood.

    Raises:
        DreError: The outcome can be told without error, so that no estimate exists.
        MissingDependencyError: statsmodels is not installed.
    """
    try:
        from statsmodels.api import Logit
    except ImportError as error:
        raise MissingDependencyError("statsmodels", "analysis", "logistic regression") from error
    scales = np.maximum(np.abs(matrix).max(axis=0), np.finfo(float).tiny)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fit = Logit(outcome, matrix / scales).fit(disp=0, maxiter=100)
            fitted = np.asarray(fit.predict())
            separated = not fit.mle_retvals["converged"] or bool(np.any(np.minimum(fitted, 1 - fitted) < 1e-8))
        except (np.linalg.LinAlgError, ValueError):
            separated = True
    if separated:
        raise unsuitable(
            request, "some level or value has no success, or no failure, so that odds are infinite", "fisher suits it"
        )
    covariance = np.asarray(fit.cov_params()) / np.outer(scales, scales)
    return Coefficients(
        column_names(terms), np.asarray(fit.params) / scales, covariance, np.full(len(scales), math.inf)
    )


METHODS = {
    "ols": "linear regression by least squares",
    "logistic": "logistic regression by maximum likelihood, Wald tests of log odds",
    "mixed": "linear mixed-effects model by restricted maximum likelihood",
}


def model_result(
    request: TestRequest, rows: ModelRows, fit: Coefficients, tested: Sequence[ModelTerm], kind: str
) -> TestResult:
    """Return the result of a model, about the tested terms: a coefficient, or several jointly."""
    at = [fit.names.index(column) for term in tested for column in term.columns]
    effect = (
        f"{'log odds' if kind == 'logistic' else 'coefficient'} of {' and '.join(fit.names[column] for column in at)}"
    )
    effects = _effects(fit, at, kind, len(rows.outcome), request.alpha)
    terms = [fit.term(index, request.alpha) for index in range(len(fit.names))]
    if len(at) > 1:
        name, statistic, joint_df, p_value = fit.joint(at)
        return omnibus(
            request,
            rows,
            effect=effect,
            statistic=(name, statistic),
            df=joint_df,
            p_value=p_value,
            method=METHODS[kind],
            effects=effects,
            notes=fit.notes,
            terms=terms,
        )
    (only,) = at
    return estimated(
        request,
        rows,
        effect=effect,
        estimate=float(fit.values[only]),
        interval=fit.interval(only, tail_levels(request.direction, request.alpha)),
        statistic=("z" if fit.is_normal else "t", fit.statistic(only)),
        df=None if fit.is_normal else float(fit.df[only]),
        p_value=directed_p(request.direction, *fit.p_values(only)),
        method=METHODS[kind],
        effects=effects,
        notes=fit.notes,
        terms=terms,
    )


def _effects(fit: Coefficients, at: Sequence[int], kind: str, n: int, alpha: float) -> tuple[EffectSize, ...]:
    if kind == "ols":
        return (omega_squared(fit.wald(at) / len(at), len(at), float(fit.df[0]), n, alpha),)
    if kind == "logistic" and len(at) == 1:
        low, high = fit.interval(at[0], (alpha / 2, alpha / 2))
        return (EffectSize("odds ratio", _exp(float(fit.values[at[0]])), _exp(low), _exp(high)),)
    return ()


def _exp(value: float) -> float:
    return math.exp(value) if value < 709 else math.inf


def _interaction_names(request: TestRequest) -> set[str]:
    return {f"{request.factor}:{name}" for name in request.moderators}
