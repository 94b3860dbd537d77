"""Linear mixed-effects models."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pytest_dre.analysis.procedures.coding import (
    ModelRows,
    ModelTerm,
    column_names,
    design_matrix,
    model_rows,
    model_term,
)
from pytest_dre.analysis.procedures.coefficients import Coefficients
from pytest_dre.analysis.procedures.regression import first_term, model_result
from pytest_dre.analysis.procedures.reml import MixedModel, RemlFit
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import Term, TestResult
from pytest_dre.analysis.procedures.samples import Values, unsuitable
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.errors import DreError

RANDOM_EFFECT = re.compile(r"^\(?\s*(?:(?P<slope>[^|()]+?)\s*\|\s*)?(?P<group>[^|()]+?)\s*\)?$")
NO_SPREAD = 2e-4  # residual, in standard deviations of the outcome, that the search cannot tell from none
MOST_LEVELS = 1_000  # of crossed random effects, whose matrices are dense


@dataclass(frozen=True, slots=True)
class RandomEffect:
    """A column that groups runs, and the column whose slope varies between its groups, if any."""

    group: str
    slope: str | None = None

    @classmethod
    def parse(cls, text: str) -> "RandomEffect":
        """Return the random effect that `group`, `1|group` or `slope|group` names, with or without parentheses.

        Raises:
            DreError: The text is none of these.
        """
        found = RANDOM_EFFECT.match(text.strip())
        if found is None:
            raise DreError(f"a random effect is written 'group' or 'slope|group', not {text!r}")
        slope = found["slope"]
        return cls(found["group"], None if slope in (None, "1") else slope)


@dataclass(frozen=True, slots=True)
class MixedDesign:
    """What a mixed model is fitted to.

    Attributes:
        outcome: The outcomes.
        matrix: The fixed effects' columns, the intercept first.
        names: Their names.
        slope: Which of them have a random slope.
        groups: Names of the grouping columns.
        codes: Of each grouping column, the group of every row as a number.
    """

    outcome: Values
    matrix: Values
    names: tuple[str, ...]
    slope: tuple[int, ...]
    groups: tuple[str, ...]
    codes: tuple[Values, ...]

    @property
    def scales(self) -> Values:
        """The columns' standard deviations, 1 for the intercept: the optimiser needs like magnitudes."""
        return np.array([1.0, *(column.std() for column in self.matrix[:, 1:].T)])

    @property
    def spread(self) -> float:
        """The outcome's standard deviation, for the same reason."""
        return float(self.outcome.std())

    def degrees_of_freedom(self) -> Values:
        """Return the residual degrees of freedom of each fixed effect, the least over grouping columns."""
        found = np.full(len(self.names), math.inf)
        for code in self.codes:
            groups = len(np.unique(code))
            within = np.array([_varies_within(column, code) for column in self.matrix.T])
            fine = within & ~np.isin(np.arange(len(within)), self.slope)
            found = np.minimum(found, np.where(fine, len(code) - groups - within.sum(), groups - (~within).sum()))
        return np.asarray(found)


def mixed_effects(table: Table, request: TestRequest) -> TestResult:
    """Test fixed effects beside random effects of groups (Laird & Ware 1982), fitted by REML.

    Coefficients are tested by t. Of a variable that varies within groups and has no random slope the degrees of
    freedom are rows minus groups minus such variables; of others, groups minus the variables that differ between
    groups only, the intercept with them (between-within rule, Schluchter & Elashoff 1990; Elff et al. 2021). Several
    random effects are crossed random intercepts.
    """
    effects = _effects(request)
    slopes = tuple(effect.slope for effect in effects if effect.slope)
    fixed = tuple(dict.fromkeys((*request.factors, *slopes, *request.covariates)))
    rows = model_rows(table, request, (*fixed, *(effect.group for effect in effects)))
    terms = [model_term(rows, request, name) for name in fixed]
    design = _design(request, rows, terms, effects)
    fit = _fitted(request, design)
    if fit.residual < NO_SPREAD:
        raise unsuitable(request, "the model fits it without error", "permutation suits data that do not vary")
    result = model_result(request, rows, _coefficients(fit, design), first_term(request, terms), "mixed")
    return replace(result, terms=(*result.terms, *_deviations(fit, design)))


def _effects(request: TestRequest) -> list[RandomEffect]:
    if not request.random_effects:
        raise unsuitable(request, "no random effect is named", "name the plan's random_effects (problem, say)")
    effects = [RandomEffect.parse(text) for text in request.random_effects]
    if len(effects) > 1 and any(effect.slope for effect in effects):
        raise unsuitable(request, "a random slope beside a second random effect is not supported", "leave one out")
    return effects


def _design(
    request: TestRequest, rows: ModelRows, terms: Sequence[ModelTerm], effects: Sequence[RandomEffect]
) -> MixedDesign:
    names = column_names(terms)
    sloped = [column for term in terms if term.name == effects[0].slope for column in term.columns]
    design = MixedDesign(
        outcome=rows.outcome,
        matrix=design_matrix(request, terms, len(rows.outcome)),
        names=names,
        slope=tuple(names.index(column) for column in sloped),
        groups=tuple(effect.group for effect in effects),
        codes=tuple(_codes(rows, request, effect.group) for effect in effects),
    )
    if design.spread <= 1e-13 * float(np.abs(design.outcome).max()):
        raise unsuitable(request, "its values are all alike", "permutation suits data that do not vary")
    for at in design.slope:
        if not _varies_within(design.matrix[:, at], design.codes[0]):
            raise unsuitable(
                request,
                f"{names[at]} does not vary within {effects[0].group}, so that it has no slope there",
                f"name {effects[0].group} alone as random effect",
            )
    if np.any(design.degrees_of_freedom() < 1):
        raise unsuitable(
            request, f"there are too few groups by {', '.join(design.groups)} for the model", "regression suits it"
        )
    return design


def _codes(rows: ModelRows, request: TestRequest, group: str) -> Values:
    labels = {level: code for code, level in enumerate(rows.table.levels(group))}
    if not 1 < len(labels) < len(rows.outcome):
        which = "one level only" if len(labels) == 1 else "a level of its own for every row"
        raise unsuitable(request, f"{group} has {which}", "regression suits runs without groups")
    return np.array([labels[cell] for cell in rows.table.column(group)], dtype=float)


def _fitted(request: TestRequest, design: MixedDesign) -> RemlFit:
    outcome = (design.outcome - design.outcome.mean()) / design.spread
    matrix = design.matrix / design.scales
    if len(design.codes) == 1:
        random = matrix[:, [0, *design.slope]]
        return MixedModel.of_groups(outcome, matrix, random, design.codes[0]).fit()
    levels = sum(len(np.unique(code)) for code in design.codes)
    if levels > MOST_LEVELS:
        raise unsuitable(
            request, f"{levels} levels of crossed random effects are more than {MOST_LEVELS}", "name one of them alone"
        )
    return MixedModel.of_crossed(outcome, matrix, design.codes).fit()


def _coefficients(fit: RemlFit, design: MixedDesign) -> Coefficients:
    values = fit.coefficients * design.spread / design.scales
    values[0] += design.outcome.mean()
    notes = [
        f"{len(np.unique(code))} groups by {group}" for code, group in zip(design.codes, design.groups, strict=True)
    ]
    zero = [name for name, value in zip(_effect_names(design), fit.deviations, strict=True) if value == 0]
    if zero:
        notes.append(f"the variance of {', '.join(zero)} is estimated as zero")
    if not fit.converged:
        notes.append("the fit did not converge: do not rely on it")
    return Coefficients(
        names=design.names,
        values=values,
        covariance=fit.covariance * design.spread**2 / np.outer(design.scales, design.scales),
        df=design.degrees_of_freedom(),
        notes=tuple(notes),
    )


def _effect_names(design: MixedDesign) -> list[str]:
    if len(design.groups) == 1:
        return [f"{design.names[at]} by {design.groups[0]}" for at in (0, *design.slope)]
    return [f"{design.names[0]} by {group}" for group in design.groups]


def _deviations(fit: RemlFit, design: MixedDesign) -> list[Term]:
    """Return the standard deviations of the random effects and of the residual, as terms without tests."""
    scales = [design.scales[at] for at in (0, *design.slope)] if len(design.groups) == 1 else [1.0] * len(design.groups)
    found = [value * design.spread / scale for value, scale in zip(fit.deviations, scales, strict=True)]
    named = zip([*_effect_names(design), "residual"], [*found, fit.residual * design.spread], strict=True)
    return [Term(f"sd of {name}", float(value), None, None, None, None, None) for name, value in named]


def _varies_within(column: Values, code: Values) -> bool:
    return any(np.ptp(column[code == group]) > 0 for group in np.unique(code))
