"""Analysis of variance with interactions and covariates."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy import stats

from pytest_dre.analysis.procedures.building import omnibus
from pytest_dre.analysis.procedures.coding import (
    ModelRows,
    ModelTerm,
    design_matrix,
    factor_term,
    interaction,
    model_rows,
    model_term,
)
from pytest_dre.analysis.procedures.effect_sizes import omega_squared
from pytest_dre.analysis.procedures.least_squares import residual_squares
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import EffectSize, Term, TestResult
from pytest_dre.analysis.procedures.samples import Values, unsuitable
from pytest_dre.analysis.procedures.table import Table

NO_SPREAD = 1e-26  # share of the squares that rounding leaves where nothing varies


def anova(table: Table, request: TestRequest) -> TestResult:
    """Test the factors of a design and all their interactions by F (Fisher 1925).

    Sums of squares are those of type II: each term is tested beside all terms that do not contain it (Yates 1934;
    Langsrud 2003), which in balanced designs is the classical analysis. Covariates enter without interactions.
    The result is that of the first factor; all terms are listed.
    """
    rows = model_rows(table, request, (*request.factors, *request.covariates), by_level=True)
    sources = _sources(rows, request)
    covariates = [model_term(rows, request, name) for name in request.covariates]
    n = len(rows.outcome)
    full = design_matrix(request, [*covariates, *sources.values()], n)
    df = n - full.shape[1]
    error = residual_squares(full, rows.outcome)
    if error <= NO_SPREAD * float(np.sum(rows.outcome**2)):
        raise unsuitable(request, "its values do not vary within the arms", "permutation and fisher suit such data")
    tests = [
        _tested(term, _beside(key, sources, covariates), rows.outcome, error / df, df) for key, term in sources.items()
    ]
    for term in covariates:
        others = [other for other in covariates if other.name != term.name]
        tests.append(_tested(term, [*others, *sources.values()], rows.outcome, error / df, df))
    return _result(request, rows, tests)


@dataclass(frozen=True, slots=True)
class FTest:
    """The F test of a term."""

    name: str
    statistic: float
    df1: int
    df2: int

    @property
    def p_value(self) -> float:
        """The p value."""
        return float(stats.f.sf(self.statistic, self.df1, self.df2))

    @property
    def df(self) -> tuple[float, float]:
        """Both degrees of freedom."""
        return float(self.df1), float(self.df2)


def _sources(rows: ModelRows, request: TestRequest) -> dict[frozenset[str], ModelTerm]:
    """Return main effects and interactions by the factors in them, main effects first."""
    mains = {name: factor_term(rows, request, name) for name in request.factors}
    subsets = [names for size in range(1, len(mains) + 1) for names in itertools.combinations(mains, size)]
    return {frozenset(names): reduce(interaction, (mains[name] for name in names)) for names in subsets}


def _beside(
    key: frozenset[str], sources: dict[frozenset[str], ModelTerm], covariates: Sequence[ModelTerm]
) -> list[ModelTerm]:
    """Return the terms that do not contain a source."""
    return [*covariates, *(term for other, term in sources.items() if not key <= other)]


def _tested(term: ModelTerm, beside: Sequence[ModelTerm], outcome: Values, variance: float, df: int) -> FTest:
    without = np.column_stack([np.ones(len(outcome)), *(other.matrix for other in beside)])
    explained = residual_squares(without, outcome) - residual_squares(np.column_stack([without, term.matrix]), outcome)
    size = len(term.columns)
    return FTest(term.name, max(0.0, explained) / size / variance, size, df)


def _result(request: TestRequest, rows: ModelRows, tests: Sequence[FTest]) -> TestResult:
    first = tests[0]
    several = len(tests) > 1
    notes = []
    if several:
        notes.append(f"F and p are those of {first.name}; all terms are listed")
    if request.contrast is not None and len(rows.table.levels(first.name)) > 2:
        notes.append(f"the test is over all levels of {first.name}, not the contrast alone")
    return omnibus(
        request,
        rows,
        effect=f"differences between the levels of {first.name}",
        statistic=("F", first.statistic),
        df=first.df,
        p_value=first.p_value,
        effects=[_effect(test, len(rows.outcome), request.alpha, is_first=test is first) for test in tests],
        method=f"analysis of variance{', type II sums of squares' if several else ''}",
        notes=notes,
        terms=[Term(test.name, None, None, None, test.statistic, test.df, test.p_value) for test in tests],
    )


def _effect(test: FTest, n: int, alpha: float, *, is_first: bool) -> EffectSize:
    found = omega_squared(test.statistic, test.df1, test.df2, n, alpha)
    name = found.name if is_first else f"{found.name} of {test.name}"
    return EffectSize(name, found.value, found.low, found.high)
