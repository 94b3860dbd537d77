"""Variance components by the method of moments, and the intraclass correlation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pytest_dre.analysis.methods.distributions import f_isf
from pytest_dre.analysis.variance.quadratics import (
    Codes,
    Values,
    centred,
    condition_expectation,
    expectation,
    form,
)

REPLICATE = "replicate"
CONDITION = "condition"
ROUNDING = 1e-12  # of the values, squared: residuals below are rounding
DEPENDENT = 1e-8  # smallest singular value of scaled moment equations that can be told from 0


@dataclass(frozen=True, slots=True)
class Components:
    """Estimated variances, in the outcome's unit squared.

    Attributes:
        condition: Variance of the condition means, each weighing as its runs.
        random: Variance by grouping, coarsest first, that of replicates last.
        negative: Those of them (or CONDITION) whose estimates were negative and are set to zero.
        merged: Groupings that cannot be told from another, with that; "" if from the conditions or several others.
    """

    condition: float
    random: Mapping[str, float]
    negative: tuple[str, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, float]:
        """Every component by name, the conditions' first."""
        return {CONDITION: self.condition, **self.random}


@dataclass(frozen=True, slots=True)
class Intraclass:
    """An intraclass correlation with its interval; negative ones are not cut."""

    estimate: float
    low: float
    high: float


def variance_components(values: Values, condition: Codes, groupings: Mapping[str, Codes]) -> Components | None:
    """Return the variance components of values with fixed condition means and random effects of the groupings.

    Each sum of squares between groups, condition means taken out, is set equal to its expectation: for balanced data
    the estimators of the analysis of variance, for one grouping without conditions Henderson's (1953) first method
    (Searle, Casella and McCulloch, 1992, "Variance Components", ch. 3 and 5). Estimates below zero are set to zero.
    What the design cannot tell apart is merged into the finer component. None if no condition has two runs.
    """
    residuals = centred(values, condition)
    if len(values) <= int(condition.max(initial=-1)) + 1:
        return None
    runs = np.arange(len(values), dtype=np.intp)
    equations = _equations(condition, {REPLICATE: runs, **groupings})
    kept, merged = _told_apart(equations)
    size = float(residuals @ residuals) / len(values)
    if size <= ROUNDING * float(np.square(values).max()):
        found = dict.fromkeys(kept, 0.0)
    else:
        # unit variance before the equations are solved, so that they are as well posed in any unit
        sums = [form(residuals / math.sqrt(size), equations.groupings[name]) for name in kept]
        solved = np.linalg.solve(equations.of(kept), np.array(sums))
        found = {name: float(value) * size for name, value in zip(kept, solved, strict=True)}
    fixed = _condition_part(values, condition, {name: equations.groupings[name] for name in kept}, found)
    cut = [name for name, value in {CONDITION: fixed, **found}.items() if value < -1e-9 * max(size, abs(fixed))]
    ordered = [*kept[1:], REPLICATE]
    return Components(max(fixed, 0.0), {name: max(found[name], 0.0) for name in ordered}, tuple(cut), merged)


def intraclass(values: Values, condition: Codes, group: Codes, confidence: float = 0.95) -> Intraclass | None:
    """Return the correlation of two runs of one group, condition means taken out; None if too few runs tell it.

    The one-way analysis of variance between and within groups; with one condition ICC(1,1), with as many conditions
    as runs in a group ICC(3,1) of Shrout and Fleiss (1979). The interval is Searle's, by the F distribution: exact for
    balanced normal data in which conditions and groups do not interact, with the mean group size of Henderson's
    method 1 approximate elsewhere.
    """
    runs = np.arange(len(values), dtype=np.intp)
    between = expectation(condition, group, runs)  # degrees of freedom
    within = len(values) - int(condition.max(initial=-1)) - 1 - between
    if between < 1 - 1e-9 or within < 1 - 1e-9:
        return None
    size = expectation(condition, group, group) / between
    residuals = centred(values, condition)
    explained, total = form(residuals, group), float(residuals @ residuals)
    rounding = ROUNDING * len(values) * float(np.square(values).max())
    if size <= 1 + 1e-9 or total <= rounding:
        return None
    if total - explained <= rounding:
        return Intraclass(1.0, 1.0, 1.0)
    ratio = explained / between / ((total - explained) / within)
    tail = (1 - confidence) / 2
    low = ratio / f_isf(tail, between, within)
    high = ratio * f_isf(tail, within, between)
    return Intraclass(*((item - 1) / (item + size - 1) for item in (ratio, low, high)))


@dataclass(frozen=True, slots=True)
class _Equations:
    """The moment equations of all groupings."""

    groupings: Mapping[str, Codes]
    matrix: Values

    def of(self, names: Sequence[str]) -> Values:
        """Return those of some groupings."""
        places = [list(self.groupings).index(name) for name in names]
        return self.matrix[np.ix_(places, places)]


def _equations(condition: Codes, groupings: Mapping[str, Codes]) -> _Equations:
    found = [[expectation(condition, first, other) for other in groupings.values()] for first in groupings.values()]
    return _Equations(groupings, np.array(found, dtype=np.float64))


def _told_apart(equations: _Equations) -> tuple[list[str], dict[str, str]]:
    """Return the groupings whose components have one solution, the runs first, and what the others are part of."""
    kept: list[str] = []
    merged = {}
    for name, grouping in equations.groupings.items():
        if _independent(equations.of([*kept, name])):
            kept.append(name)
        else:
            same = (other for other in kept if _same(equations.groupings[other], grouping))
            merged[name] = next(same, "")
    return kept, merged


def _independent(matrix: Values) -> bool:
    largest = np.abs(matrix).max(axis=0)
    if (largest <= DEPENDENT).any():
        return False
    scaled = matrix / largest
    scaled /= np.abs(scaled).max(axis=1, keepdims=True).clip(DEPENDENT)
    return bool(np.linalg.svd(scaled, compute_uv=False)[-1] > DEPENDENT)


def _same(first: Codes, second: Codes) -> bool:
    """Return whether both make the same groups."""
    pairs = len(np.unique(first * (int(second.max()) + 1) + second))
    return pairs == int(first.max()) + 1 == int(second.max()) + 1


def _condition_part(
    values: Values, condition: Codes, groupings: Mapping[str, Codes], found: Mapping[str, float]
) -> float:
    """Return the variance of condition means, without what random effects add to it."""
    if condition.max() == 0:
        return 0.0
    between = form(values - values.mean(), condition)
    chance = sum(found[name] * condition_expectation(condition, codes) for name, codes in groupings.items())
    return (between - chance) / len(values)
