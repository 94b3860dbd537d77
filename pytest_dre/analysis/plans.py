"""Analysis plans carried out: every test that a study announced, on its outcomes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_dre.analysis.plan_filters import filtered
from pytest_dre.analysis.plan_requests import ALPHA, SPECIAL, Question, ask
from pytest_dre.analysis.plan_variables import Variables
from pytest_dre.analysis.procedures.adjustment import adjusted_p
from pytest_dre.analysis.procedures.registry import find_test, run_test
from pytest_dre.analysis.procedures.result import TestResult
from pytest_dre.errors import DreError
from pytest_dre.model.hypotheses import AnalysisPlan, Hypothesis
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow


@dataclass(frozen=True, slots=True)
class PlanResult:
    """One test of one hypothesis on one outcome, as a plan announced it.

    Attributes:
        analysis_plan_id: The plan.
        hypothesis_id: The hypothesis.
        test: The test by the name that the plan gives it.
        outcome: The outcome.
        result: What the test found; None if it could not be carried out.
        adjusted_p: The p value adjusted over the plan's tests by its `multiple_comparison_policy`.
        supported: Whether the hypothesis, in its direction, is supported at alpha .05 after adjustment; False means no
            more than "not shown". None where the test does not say: it was not carried out, or is about another
            outcome, another direction or only a part of what the hypothesis states.
        error: Why the test, or the adjustment, could not be carried out; "" if it was.
    """

    analysis_plan_id: str
    hypothesis_id: str
    test: str
    outcome: str
    result: TestResult | None = None
    adjusted_p: float | None = None
    supported: bool | None = None
    error: str = ""


def run_plans(study: Study, rows: Sequence[OutcomeRow]) -> list[PlanResult]:
    """Return the results of all analysis plans, by plan, hypothesis, test and outcome in the order of the study.

    A test that cannot be carried out has its error as its result; nothing is raised for it. The order of rows does not
    matter.

    Args:
        study: The study.
        rows: A row for each planned run; those without a value of an outcome are counted as missing in their arm.
    """
    ordered = sorted(rows, key=lambda row: (row.condition_id, row.replicate, row.run_id))
    variables = Variables.of(study, ordered)
    return [result for plan in study.analysis_plans for result in _run_plan(study, variables, ordered, plan)]


def _run_plan(study: Study, variables: Variables, rows: list[OutcomeRow], plan: AnalysisPlan) -> list[PlanResult]:
    chosen: list[OutcomeRow] = []
    error = ""
    try:
        chosen = filtered(study, variables, rows, plan.filters)
    except DreError as problem:
        error = str(problem)
    asked = list(questions_of(study, plan))
    results = [
        _plain(question, error=error) if error else _tested(study, variables, chosen, question) for question in asked
    ]
    return [_judged(question, result) for question, result in zip(asked, _adjusted(plan, results), strict=True)]


def questions_of(study: Study, plan: AnalysisPlan) -> Iterator[Question]:
    """Yield what a plan asks, by hypothesis, test and outcome in the order of the plan."""
    known = {hypothesis.hypothesis_id: hypothesis for hypothesis in study.hypotheses}
    hypotheses = [known[name] for name in plan.hypothesis_ids if name in known]  # loading reports the others
    for hypothesis in hypotheses:
        for test in _tests_for(plan, hypothesis):
            for outcome in _outcomes_for(study, plan, hypothesis, hypotheses):
                named = _declared(study, hypothesis)
                yield Question(plan, hypothesis, test, outcome, about=not named or outcome in named)


def _tests_for(plan: AnalysisPlan, hypothesis: Hypothesis) -> list[str]:
    """Return the plan's tests; those of moderation and mediation are for hypotheses with moderators and mediators."""
    useless = {
        special
        for special, named in zip(SPECIAL, (hypothesis.moderators, hypothesis.mediators), strict=True)
        if not named and hypothesis.kind != special
    }
    # A hypothesis that would be left without any test keeps them, and with them their errors.
    return [test for test in plan.tests if _name_of(test) not in useless] or list(plan.tests)


def _name_of(test: str) -> str:
    try:
        return find_test(test).name
    except DreError:
        return test


def _outcomes_for(
    study: Study, plan: AnalysisPlan, hypothesis: Hypothesis, hypotheses: Sequence[Hypothesis]
) -> list[str]:
    """Return the plan's outcomes, but for those that other hypotheses of it are about and this one is not.

    Without any, those that the hypothesis names, else the primary ones.
    """
    named = _declared(study, hypothesis)
    if plan.outcomes:
        others = {name for item in hypotheses for name in _declared(study, item)}
        return [name for name in plan.outcomes if not named or name in named or name not in others]
    primary = [outcome.name for outcome in study.outcomes if outcome.primary]
    return named or primary or [outcome.name for outcome in study.outcomes[:1]] or ["primary_outcome"]


def _declared(study: Study, hypothesis: Hypothesis) -> list[str]:
    outcomes = {outcome.name for outcome in study.outcomes}
    return [name for name in hypothesis.dependent_vars if name in outcomes]


def _plain(question: Question, result: TestResult | None = None, error: str = "") -> PlanResult:
    return PlanResult(
        analysis_plan_id=question.plan.analysis_plan_id,
        hypothesis_id=question.hypothesis.hypothesis_id,
        test=question.test,
        outcome=question.outcome,
        result=result,
        error=error,
    )


def _tested(study: Study, variables: Variables, rows: list[OutcomeRow], question: Question) -> PlanResult:
    try:
        asked = ask(study, variables, rows, question)
        found = run_test(asked.table, asked.request)
    except DreError as error:
        return _plain(question, error=str(error))
    except Exception as error:  # odd data upset numerical libraries in many ways; the other tests go on
        said = " ".join(str(error).split())
        return _plain(question, error=f"the test {question.test} failed with {type(error).__name__}: {said}")
    return _plain(question, replace(found, notes=(*found.notes, *asked.notes)))


def _adjusted(plan: AnalysisPlan, results: list[PlanResult]) -> list[PlanResult]:
    """Return the results with p values adjusted over all tests of the plan that have one."""
    have = [at for at, item in enumerate(results) if item.result is not None and not math.isnan(item.result.p_value)]
    p_values = [item.result.p_value for item in (results[at] for at in have) if item.result is not None]
    try:
        values = adjusted_p(p_values, plan.multiple_comparison_policy)
    except DreError as error:
        return [replace(item, error=item.error or str(error)) for item in results]
    found = dict(zip(have, values, strict=True))
    return [replace(item, adjusted_p=found.get(at)) for at, item in enumerate(results)]


def _judged(question: Question, item: PlanResult) -> PlanResult:
    if item.result is None or item.adjusted_p is None:
        return item
    says = question.answered_by(item.result.test) and item.result.direction == question.direction
    return replace(item, supported=item.adjusted_p <= ALPHA) if says else item
