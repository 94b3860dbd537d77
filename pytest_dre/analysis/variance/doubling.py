"""How much narrower a gate's interval would be with twice as many replicates, problems or strata.

The gate's own method is applied to imagined data, which have the same mean and spread and twice the units, so that
the quantile of t with its degrees of freedom, and the methods for known ranges, count as they will. Where problems are
the units, the variance of a problem's mean is that between problems plus that of its replicates over their number;
only the latter falls with more of them.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from pytest_dre.analysis.gates.testers import (
    OneProblem,
    PairedProportions,
    Proportion,
    Proportions,
    Quantile,
    Strata,
    Tester,
    Units,
)
from pytest_dre.analysis.methods.bounds import Numbers
from pytest_dre.analysis.variance.observations import Observations
from pytest_dre.analysis.variance.quadratics import Values

HALF = math.sqrt(0.5)
LARGE = 2500  # units from which on every interval is as wide as the root of its variance, near enough

UNBOUNDED = "the interval is not bounded yet"
CONSTANT = "the values at hand do not vary"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """By what share an interval would be narrower; None if that cannot be told, for the `reason` given."""

    share: float | None
    reason: str = ""


def with_units(tester: Tester, alpha: float) -> Narrowing:
    """Return what twice as many independent units would do, each like those at hand."""
    match tester:
        case Units(range=limits):
            if limits is not None and len(tester.treatment) > LARGE:
                return Narrowing(1 - HALF)
            inflated = limits is None
            control = None if tester.control is None else _twice(tester.control, inflated=inflated)
            return _compared(
                tester, replace(tester, treatment=_twice(tester.treatment, inflated=inflated), control=control), alpha
            )
        case Strata():
            cells = ([_twice(cell) for cell in arm] for arm in (tester.treatment, tester.control))
            return _compared(tester, Strata(*cells), alpha)
        case Proportion() | OneProblem():
            return _compared(tester, replace(tester, successes=2 * tester.successes, n=2 * tester.n), alpha)
        case Quantile():
            control = None if tester.control is None else _between(tester.control)
            return _compared(tester, replace(tester, treatment=_between(tester.treatment), control=control), alpha)
        case Proportions() | PairedProportions():  # exact tests of twice the runs take too long
            return Narrowing(1 - HALF)
    raise TypeError(f"no rule for {type(tester).__name__}")


def with_strata(tester: Tester, alpha: float) -> Narrowing:
    """Return what twice as many strata would do, where replicates are units that average independent strata."""
    match tester:
        case Strata():
            return _compared(tester, Strata([*tester.treatment] * 2, [*tester.control] * 2), alpha)
        case Units():
            return _shrunk(tester, alpha, HALF)
    raise TypeError(f"no rule for {type(tester).__name__}")


def with_replicates(tester: Units, within: float, alpha: float) -> Narrowing:
    """Return what twice the replicates would do where problems are units.

    Args:
        tester: The gate's method.
        within: The part of a unit's variance that stems from its replicates.
        alpha: The level of the interval.
    """
    units = tester.treatment - (0.0 if tester.control is None else tester.control)
    total = float(units.var(ddof=1)) if len(units) > 1 else math.nan
    if not total > 0:
        return Narrowing(None, CONSTANT if total == 0 else UNBOUNDED)
    left = max(total - within, 0.0) + min(within, total) / 2
    return _shrunk(tester, alpha, math.sqrt(left / total))


def within_problems(seen: Observations) -> float | None:
    """Return the part of the variance of a problem's unit that stems from its replicates, a mean over the problems.

    A unit is a mean over strata of the mean of the treatment's runs less that of the control's. Its deviation is the
    sum of what each run (or each seed, where runs share one) adds; squares of those are summed, n / (n - 1) making
    up for the means of cells of n runs. None if each problem has a cell of one run.
    """
    cell = seen.cell
    sizes = np.bincount(cell)
    means = np.bincount(cell, seen.values) / sizes
    size = sizes[cell]
    strata = np.bincount(np.unique(np.stack([seen.problem, seen.stratum]), axis=1)[0])
    sign = np.where(seen.arm == 0, 1.0, -1.0)
    correction = np.sqrt(size / np.maximum(size - 1, 1))
    parts = sign * (seen.values - means[cell]) * correction / (size * strata[seen.problem])
    if seen.seed is None:
        squares = np.bincount(seen.problem, parts**2)
    else:
        owner = np.zeros(int(seen.seed.max()) + 1, dtype=np.intp)
        owner[seen.seed] = seen.problem
        squares = np.bincount(owner, np.bincount(seen.seed, parts) ** 2)
    known = np.bincount(seen.problem, size == 1) == 0
    return float(squares[known].mean()) if known.any() else None


def _twice(values: Numbers, *, inflated: bool = True) -> Values:
    """Return the values twice; `inflated` so that their variance, with n - 1 below, is what it was."""
    array = np.asarray(values, dtype=np.float64)
    n = len(array)
    grown = math.sqrt((2 * n - 1) / (2 * n - 2)) if inflated and n > 1 else 1.0
    mean = array.mean()
    return np.tile(mean + grown * (array - mean), 2) if grown > 1 else np.tile(array, 2)


def _between(values: Values) -> Values:
    """Return twice as many values with the same quantiles; ties would make intervals of order statistics jump."""
    places = (np.arange(2 * len(values)) + 0.5) / (2 * len(values))
    return np.asarray(np.quantile(values, places, method="hazen"))


def _shrunk(tester: Units, alpha: float, factor: float) -> Narrowing:
    """Return what smaller deviations of the units from their mean would do."""
    if tester.range is None or len(tester.treatment) > LARGE:
        return Narrowing(1 - factor)
    arms = [
        None if arm is None else arm.mean() + factor * (arm - arm.mean()) for arm in (tester.treatment, tester.control)
    ]
    first, second = arms
    assert first is not None
    return _compared(tester, replace(tester, treatment=first, control=second), alpha)


def _compared(now: Tester, then: Tester, alpha: float) -> Narrowing:
    width = _width(now, alpha)
    if not math.isfinite(width):
        return Narrowing(None, UNBOUNDED)
    return Narrowing(max(0.0, 1 - _width(then, alpha) / width)) if width > 0 else Narrowing(None, CONSTANT)


def _width(tester: Tester, alpha: float) -> float:
    found = tester.bounds(alpha)
    return found.high - found.low
