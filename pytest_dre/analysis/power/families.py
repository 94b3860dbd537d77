"""The power of each gate method, chosen as the gate itself chooses its method."""

import math
from dataclasses import replace
from typing import Protocol

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.gates.layout import Layout
from pytest_dre.analysis.gates.question import Question
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
from pytest_dre.analysis.methods import binomial
from pytest_dre.analysis.power.assumptions import UNRELATED, Assumptions, Spread
from pytest_dre.analysis.power.binary import PairedShares, TwoShares
from pytest_dre.analysis.power.bounded import LARGEST, BoundedMeans
from pytest_dre.analysis.power.normal import Means, StratifiedMeans
from pytest_dre.analysis.power.quantile import QuantileDifference
from pytest_dre.analysis.power.share import Share, share_of
from pytest_dre.analysis.power.statements import Basis, How
from pytest_dre.analysis.power.targets import Target


class Family(Protocol):
    """A gate's method with all that its power depends on but the effect (and, where it can vary, the units)."""

    @property
    def how(self) -> How:
        """How its powers are found."""
        ...

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest true effect there can be."""
        ...

    def possible(self, n: int) -> bool:
        """Return whether n units can pass."""
        ...

    def power(self, n: int, effect: float) -> float:
        """Return the chance that the gate passes where the true effect is `effect`."""
        ...


def planned_units(tester: Tester) -> int:
    """Return how many units the method has, of the smaller arm."""
    match tester:
        case Proportion(n=n) | OneProblem(n=n):
            return n
        case Proportions(treatment=treatment, control=control):
            return min(treatment[1], control[1])
        case Strata(treatment=first, control=second):
            return min(sum(map(len, arm)) for arm in (first, second))
        case Quantile(treatment=values, control=others) if others is not None:
            return min(len(values), len(others))
    assert isinstance(tester, Units | PairedProportions | Quantile)
    return len(tester.treatment)


def is_approximate(layout: Layout) -> bool:
    """Return whether the gate needs `min_pairs`: its method does not promise alpha for these numbers."""
    match layout.tester:
        case Strata() | Units(range=None):
            return True
        case Proportions(treatment=treatment, control=control):
            return (treatment[1] + 1) * (control[1] + 1) > binomial.EXACT_TABLES
        case PairedProportions(treatment=values):
            return len(values) > binomial.EXACT_PAIRS
    return layout.approximate


def one_share(question: Question, tester: Tester, level: float) -> Share | None:
    """Return the method that needs no assumption: a single proportion, also that of runs beyond a quantile's value."""
    if len(question.sides) != 1:
        return None
    (side,) = question.sides
    return share_of(tester, side, level)


def family_of(assumptions: Assumptions, level: float, seed: int) -> tuple[Family, Basis] | None:
    """Return the method of a gate of two arms, or of means, and what it rests on; None if too little is known."""
    question, tester = assumptions.question, assumptions.layout.tester
    if question.relative and math.isnan(assumptions.control().mean):
        return None
    if isinstance(tester, Proportions):
        return _two_shares(assumptions, tester, level)
    if isinstance(tester, PairedProportions) and not question.relative:
        return _paired_shares(assumptions, tester, level)
    spread = assumptions.spread()
    mean = math.nan
    if question.relative:
        known = assumptions.control()
        mean = known.mean
        source = None if known.source == spread.basis.source else known.source
        spread = replace(spread, basis=replace(spread.basis, rate=mean, rate_source=source))
    if math.isnan(spread.unit):
        return None
    target = Target(question.sides, mean, question.relative)
    return _of_spread(assumptions, target, spread, level, seed), spread.basis


def standardised_family(assumptions: Assumptions, level: float, seed: int) -> Family | None:
    """Return the method for an outcome whose deviation is the unit, with the claim's edge at 0.

    None where the margin cannot be said in deviations.
    """
    question = assumptions.question
    if question.relative or len(question.sides) != 1 or question.range is not None:
        return None
    target = Target((Side(question.sides[0].above, 0.0),))
    runs = 1.0
    unit = 1.0 if question.one_armed else math.sqrt(2)
    if assumptions.layout.unit == "replicate":
        unit /= math.sqrt(len(assumptions.arms.strata))
    return _of_spread(assumptions, target, Spread(unit, (runs, runs), Basis("unknown")), level, seed)


def _of_spread(assumptions: Assumptions, target: Target, spread: Spread, level: float, seed: int) -> Family:
    question, tester = assumptions.question, assumptions.layout.tester
    fewest = question.gate.min_pairs
    match tester:
        case Strata(treatment=first, control=second):
            sizes = tuple((len(one), len(two)) for one, two in zip(first, second, strict=True))
            return StratifiedMeans(target, sizes, spread.runs, level, fewest, seed)
        case Quantile(treatment=values, control=others, probability=probability) if others is not None:
            sizes_of_arms = len(values), len(others)
            return QuantileDifference(target, probability, sizes_of_arms, spread.runs, level, seed)
    if question.range is None:
        return Means(target, spread.unit, level, fewest)
    extent = _extent(assumptions, question.range)
    how: How = "simulated" if planned_units(tester) <= LARGEST else "approximate"
    two, anytime = not question.one_armed, question.gate.anytime
    return BoundedMeans(target, question.range, two, extent, spread.unit, level, seed, how, anytime)


def _extent(assumptions: Assumptions, limits: tuple[float, float]) -> tuple[float, float]:
    """Return the effects that there can be: what the control's mean leaves of the range, where that is known."""
    if assumptions.question.one_armed:
        return limits
    low, high = limits
    control = assumptions.control()
    if control.source == "worst":
        return low - high, high - low
    return low - control.mean, high - control.mean


def _two_shares(assumptions: Assumptions, tester: Proportions, level: float) -> tuple[Family, Basis]:
    question, control = assumptions.question, assumptions.control()
    target = Target(question.sides, control.mean, question.relative)
    family = TwoShares(target, (tester.treatment[1], tester.control[1]), level)
    return family, _rate_basis(assumptions)


def _paired_shares(assumptions: Assumptions, tester: PairedProportions, level: float) -> tuple[Family, Basis]:
    correlation = assumptions.correlation()
    family = PairedShares(
        Target(assumptions.question.sides, assumptions.control().mean), len(tester.treatment), correlation or 0.0, level
    )
    notes = (UNRELATED,) if correlation is None else ()
    return family, replace(_rate_basis(assumptions), notes=notes)


def _rate_basis(assumptions: Assumptions) -> Basis:
    control = assumptions.control()
    runs = assumptions.pilot.runs if assumptions.pilot is not None and control.source == "stored" else 0
    return Basis(control.source, rate=control.mean, runs=runs)
