"""What the tests of hypotheses can show with the planned runs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pytest_dre.analysis.plan_filters import filtered
from pytest_dre.analysis.plan_requests import ALPHA, Asked, Question, ask
from pytest_dre.analysis.plan_variables import Variables
from pytest_dre.analysis.plans import questions_of
from pytest_dre.analysis.power.assumptions import UNRELATED
from pytest_dre.analysis.power.comparisons import COMPARISONS, Comparison, detectable, enough, h_of, power, rate_after
from pytest_dre.analysis.power.expectations import expected_deviation, expected_of, largest_deviation, outcome_range
from pytest_dre.analysis.power.pilots import FEWEST
from pytest_dre.analysis.power.rehearsal import rehearsed
from pytest_dre.analysis.power.solving import least_units
from pytest_dre.analysis.power.statements import Basis, HypothesisPower, Needed
from pytest_dre.analysis.procedures.adjustment import adjusted_p
from pytest_dre.analysis.procedures.registry import find_test
from pytest_dre.analysis.procedures.samples import Arms, pairs, two_arms
from pytest_dre.errors import DreError
from pytest_dre.model.hypotheses import AnalysisPlan, OutcomeSpec
from pytest_dre.model.running import ExpectedOutcome
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

ONE_SIDED = ("greater", "less")
NO_FIGURE = "power is told of comparisons of two arms only"
MANY_LEVELS = ("chi_square",)  # of two levels they have a figure, of more none


@dataclass(frozen=True, slots=True)
class _Test:
    """A test of a plan with its planned values."""

    study: Study
    question: Question
    comparison: Comparison
    asked: Asked
    planned: Arms
    stored: Arms | None
    alpha: float

    @property
    def sizes(self) -> tuple[int, ...]:
        n, m = self.planned.n.values()
        return (n,) if self.comparison.paired else (n, m)

    @property
    def tails(self) -> int:
        return 1 if self.question.direction in ONE_SIDED else 2

    @property
    def spec(self) -> OutcomeSpec | None:
        return _spec(self.study, self.question)


def hypothesis_powers(study: Study, rows: Sequence[OutcomeRow]) -> tuple[HypothesisPower, ...]:
    """Return what each test of each hypothesis can show, in the order of the study's analysis plans.

    Args:
        study: The study, with its analysis plans.
        rows: One per planned run; of those that have outcomes deviations and the control's rate are taken, never the
            effect.
    """
    ordered = sorted(rows, key=lambda row: (row.condition_id, row.replicate, row.run_id))
    return tuple(said for plan in study.analysis_plans for said in _of_plan(study, ordered, plan))


def _of_plan(study: Study, rows: list[OutcomeRow], plan: AnalysisPlan) -> Iterator[HypothesisPower]:
    questions = list(questions_of(study, plan))
    for question in questions:
        blank = HypothesisPower(question.hypothesis.hypothesis_id, question.test, question.outcome)
        try:
            alpha = ALPHA / _correction(plan, len(questions))
            yield _of_question(study, rows, question, replace(blank, alpha=alpha))
        except DreError as error:
            yield replace(blank, blocked=str(error), fails=True)


def _correction(plan: AnalysisPlan, tests: int) -> float:
    """Return by how much the plan's policy multiplies the smallest of its p values, where the others are 1."""
    smallest = 1e-9
    return adjusted_p([smallest, *[1.0] * (tests - 1)], plan.multiple_comparison_policy)[0] / smallest


def _of_question(study: Study, rows: list[OutcomeRow], question: Question, blank: HypothesisPower) -> HypothesisPower:
    comparison = COMPARISONS.get(find_test(question.test).name)
    if comparison is None:
        return replace(blank, blocked=NO_FIGURE)
    if question.direction == "equivalent" and comparison.kind != "equivalence":
        raise DreError(f"{question.test} cannot show equivalence")
    spec = _spec(study, question)
    asked = rehearsed(rows, question.outcome, spec, lambda made_up: _asked(study, made_up, question))
    try:
        planned = _arms(asked, comparison)
    except DreError:
        if find_test(question.test).name in MANY_LEVELS:
            return replace(blank, blocked=NO_FIGURE)
        raise
    try:
        stored = _arms(_asked(study, rows, question), comparison)
    except DreError:
        stored = None
    return _answered(_Test(study, question, comparison, asked, planned, stored, blank.alpha), blank)


def _spec(study: Study, question: Question) -> OutcomeSpec | None:
    return next((item for item in study.outcomes if item.name == question.outcome), None)


def _asked(study: Study, rows: list[OutcomeRow], question: Question) -> Asked:
    variables = Variables.of(study, rows)
    return ask(study, variables, filtered(study, variables, rows, question.plan.filters), question)


def _arms(asked: Asked, comparison: Comparison) -> Arms:
    """Return the two arms or pairs of a test. Raises DreError where there are none."""
    return (pairs if comparison.paired else two_arms)(asked.table, asked.request)


def _answered(test: _Test, blank: HypothesisPower) -> HypothesisPower:
    comparison = test.comparison
    said = replace(
        blank,
        n=test.sizes,
        tails=test.tails,
        how=comparison.how,
        scale="h" if comparison.kind == "rates" else "d_z" if comparison.paired else "d",
        equivalence=comparison.kind == "equivalence",
    )
    found = detectable(comparison, test.sizes, test.alpha, test.tails)
    if comparison.kind == "rates":
        return _of_rates(test, replace(said, standardised=found))
    basis = _deviation(test)
    said = replace(said, standardised=found, basis=basis)
    if basis.sd is None:
        return said
    sd = basis.sd * math.sqrt(2) if UNRELATED in basis.notes else basis.sd
    said = replace(said, effect=None if found is None else found * sd)
    minimum = test.asked.request.minimum_effect
    return said if minimum is None or not sd else replace(said, needed=_needed(test, minimum / sd, minimum))


def _of_rates(test: _Test, said: HypothesisPower) -> HypothesisPower:
    basis = _rate(test)
    said = replace(said, basis=basis)
    assert basis.rate is not None
    sign = -1 if test.question.direction == "less" else 1
    reached = None if said.standardised is None else rate_after(basis.rate, sign * said.standardised)
    if reached is None and test.tails == 2 and said.standardised is not None:
        reached = rate_after(basis.rate, -said.standardised)
    said = replace(said, effect=None if reached is None else abs(reached - basis.rate))
    minimum = test.asked.request.minimum_effect
    if minimum is None or not 0 <= basis.rate + sign * minimum <= 1:
        return said
    return replace(said, needed=_needed(test, abs(h_of(basis.rate + sign * minimum, basis.rate)), minimum))


def _needed(test: _Test, standardised: float, minimum: float) -> Needed:
    comparison = test.comparison

    def suffices(n: int) -> bool:
        return enough(comparison, n, standardised, test.alpha, test.tails)

    words = f"the effect is the {minimum:g} of interest"
    if comparison.kind == "equivalence":
        words = f"there is no difference (margin {minimum:g})"
    return Needed(
        least_units(suffices, min(test.sizes)),
        "pairs" if comparison.paired else "runs an arm",
        words,
        power(comparison, test.sizes, standardised, test.alpha, test.tails),
    )


def _deviation(test: _Test) -> Basis:
    """Return the deviation of a run, or of a pair's difference, and what it is from."""
    paired = test.comparison.paired
    if test.stored is not None and (stored := _stored_deviation(test.stored, paired)) is not None:
        return Basis("stored", stored, "a pair" if paired else "a run", runs=_values(test.stored))
    notes = (UNRELATED,) if paired else ()
    spec = test.spec
    stated = [expected_deviation(item, spec) for item in _expected(test)] if spec is not None else []
    known = [sd for sd in stated if sd is not None]
    if known:
        return Basis("expected", math.sqrt(sum(sd**2 for sd in known) / len(known)), notes=notes)
    limits = None if spec is None else outcome_range(spec)
    return Basis("unknown") if limits is None else Basis("worst", largest_deviation(limits), notes=notes)


def _stored_deviation(arms: Arms, paired: bool) -> float | None:
    if paired:
        differences = arms.treated - arms.controls
        return float(differences.std(ddof=1)) if len(differences) >= FEWEST else None
    known = [arm for arm in (arms.treated, arms.controls) if len(arm) > 1]
    freedom = sum(len(arm) - 1 for arm in known)
    if freedom < FEWEST - 1:
        return None
    return math.sqrt(sum(float(np.var(arm)) * len(arm) for arm in known) / freedom)


def _rate(test: _Test) -> Basis:
    """Return the control's rate, and what it is from."""
    if test.stored is not None and len(test.stored.controls) >= FEWEST:
        return Basis("stored", rate=float(test.stored.controls.mean()), runs=_values(test.stored))
    mean = _expected(test)[1].mean
    return Basis("worst", rate=0.5) if mean is None else Basis("expected", rate=mean)


def _values(arms: Arms) -> int:
    return len(arms.treated) + len(arms.controls)


def _expected(test: _Test) -> tuple[ExpectedOutcome, ExpectedOutcome]:
    """Return what is expected of the treatment and of the control; agents may have their own."""
    contrast = test.planned.contrast
    named = test.study.agent_ids
    treatment, control = (
        expected_of(test.study, test.question.outcome, [str(level)] if level in named else [])
        for level in (contrast.treatment, contrast.control)
    )
    return treatment, control
