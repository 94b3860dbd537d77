"""What limits a gate's interval, and what twice as many runs of a kind would do about it and cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pytest_dre.analysis.aggregation import total
from pytest_dre.analysis.gates.admission import admit
from pytest_dre.analysis.gates.arms import Arms, arms_of
from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.layout import Layout, lay_out
from pytest_dre.analysis.gates.looks import baselines_up_to, up_to
from pytest_dre.analysis.gates.question import Question, Unanswerable, ask
from pytest_dre.analysis.gates.testers import Strata, Units
from pytest_dre.analysis.variance import doubling
from pytest_dre.analysis.variance.components import CONDITION, REPLICATE, Components, intraclass, variance_components
from pytest_dre.analysis.variance.doubling import Narrowing
from pytest_dre.analysis.variance.observations import (
    ARM_COMPONENT,
    CELL_COMPONENT,
    PROBLEM_COMPONENT,
    SEED_COMPONENT,
    Observations,
    of_arms,
    of_rows,
)
from pytest_dre.model.gating import outcome_of
from pytest_dre.model.running import Gate
from pytest_dre.model.runs import Spending
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import Advice, GateVerdict, MoreRuns, OutcomeRow

PRIMARY = "primary_outcome"
RESIDUAL = "residual"
WORDS = {
    CONDITION: "differences between conditions",
    PROBLEM_COMPONENT: "differences between problems",
    ARM_COMPONENT: "how problems respond to the arms",
    CELL_COMPONENT: "how problems respond to the conditions",
    SEED_COMPONENT: "differences between seeds",
    REPLICATE: "differences between replicates",
    RESIDUAL: "differences between replicates",
}


@dataclass(frozen=True, slots=True)
class _Gate:
    """A gate that was judged, as it was."""

    question: Question
    arms: Arms
    layout: Layout
    seen: Observations
    alpha: float


def advise(
    study: Study,
    rows: Sequence[OutcomeRow],
    baselines: Mapping[str, Baseline | None],
    verdicts: Mapping[str, GateVerdict],
    spent: Mapping[str, Spending],
) -> dict[str, Advice]:
    """Return advice on each gate that has an estimate, by its id.

    Args:
        study: The study, with its gates.
        rows: What `judge_gates` was given.
        baselines: The same.
        verdicts: What it returned.
        spent: What runs came to, by run id. A baseline's runs are taken to cost what those of the same ids do.
    """
    found = {}
    for gate in study.gates:
        verdict = verdicts[gate.gate_id]
        judged = _judged(study, gate, rows, baselines, verdict)
        if judged is not None:
            is_narrow = verdict.low is not None and verdict.low == verdict.high  # nothing is left to narrow
            options = () if is_narrow else tuple(_options(judged, spent))
            found[gate.gate_id] = replace(_described(judged.question.outcome, judged.seen), options=options)
    return found


def ungated_outcomes(study: Study) -> list[str]:
    """Return the primary outcomes that no gate is about."""
    gated = {spec.name for gate in study.gates if (spec := outcome_of(study, gate)) is not None}
    names = [item.name for item in study.outcomes if item.primary] if study.outcomes else [PRIMARY]
    return [name for name in names if name not in gated]


def outcome_advice(study: Study, outcome: str, rows: Sequence[OutcomeRow]) -> Advice | None:
    """Return where an outcome's variance comes from over all planned runs; None if it has no values."""
    seen = of_rows(study, outcome, rows)
    return None if seen is None else _described(outcome, seen)


def _judged(
    study: Study,
    gate: Gate,
    rows: Sequence[OutcomeRow],
    baselines: Mapping[str, Baseline | None],
    verdict: GateVerdict,
) -> _Gate | None:
    if verdict.estimate is None:
        return None
    if verdict.look is not None:  # what has come in after it is not what the verdict rests on
        rows = up_to(rows, verdict.look.replicates)
        baselines = baselines_up_to(baselines, verdict.look.replicates)
    try:
        question = ask(study, gate)
        arms = arms_of(study, question, rows, baselines)
        admit(question, arms)
        layout = lay_out(question, arms, verdict.alpha)
    except Unanswerable:
        return None
    seen = of_arms(question.outcome, arms)
    return None if seen is None else _Gate(question, arms, layout, seen, verdict.alpha)


def _described(outcome: str, seen: Observations) -> Advice:
    """Return the components and intraclass correlation of what was seen."""
    found = variance_components(seen.values, seen.condition, seen.groupings)
    if found is None:
        return Advice(outcome, notes=("with one run a condition, where the variance comes from cannot be told",))
    told = Advice(outcome, _named(found, several=bool(seen.condition.max())), notes=tuple(_notes(found)))
    correlation = intraclass(seen.values, seen.condition, seen.problem) if seen.problems > 1 else None
    if correlation is None:
        return told
    raw = (correlation.estimate, correlation.low, correlation.high)
    estimate, low, high = (min(max(value, 0.0), 1.0) for value in raw)
    return replace(told, icc=estimate, icc_low=low, icc_high=high)


def _named(found: Components, *, several: bool) -> dict[str, float]:
    """Return the components by name, the conditions' if there are several; what holds more has another name."""
    held = REPLICATE in found.merged.values()
    random = {RESIDUAL if name == REPLICATE and held else name: value for name, value in found.random.items()}
    return {CONDITION: found.condition, **random} if several else random


def _notes(found: Components) -> Iterable[str]:
    if not any(found.all.values()):
        yield "the values do not vary"
        return
    if found.negative:
        yield f"negative estimates, set to zero: {', '.join(WORDS[name] for name in found.negative)}"
    for name, other in found.merged.items():
        if other == REPLICATE:
            yield f"with one replicate a cell, replicates and {WORDS[name]} cannot be told apart"
        elif other:
            yield f"{WORDS[name]} and {WORDS[other]} cannot be told apart in this design"
        else:
            yield f"{WORDS[name]} cannot be told from the other components in this design"


def _options(judged: _Gate, spent: Mapping[str, Spending]) -> Iterable[MoreRuns]:
    """Return what could be doubled. Each doubles the runs of all arms, a baseline's too."""
    rows = [row.run_id for arm in judged.arms.rows for row in arm]
    known = [spent[run_id] for run_id in rows if run_id in spent]
    cost = total(item.cost_usd for item in known)
    seconds = total(item.seconds for item in known)
    for what, narrowing in _narrowings(judged):
        yield MoreRuns(
            what,
            len(rows),
            narrowing.share,
            cost * len(rows) / len(known) if cost > 0 else None,
            seconds * len(rows) / len(known) if seconds > 0 else None,
            narrowing.reason,
        )


def _narrowings(judged: _Gate) -> Iterable[tuple[str, Narrowing]]:
    layout, alpha = judged.layout, judged.alpha
    if layout.unit == "problem":
        yield "replicates", _replicates_of_problems(judged)
        yield "problems", doubling.with_units(layout.tester, alpha)
        return
    if layout.unit == "stratum":
        yield "replicates", Narrowing(None, "each stratum has one replicate, which cannot be told from the stratum")
        yield "strata", doubling.with_units(layout.tester, alpha)
    else:
        yield "replicates", doubling.with_units(layout.tester, alpha)
        if _averages_strata(judged):
            yield "strata", doubling.with_strata(layout.tester, alpha)
    if len(judged.arms.problems) == 1:
        yield "problems", Narrowing(None, "the runs are of one problem, so nothing can be said of others")
    elif judged.arms.problems:
        yield "problems", Narrowing(None, f"{judged.question.statistic.text} is of these problems, held fixed")


def _replicates_of_problems(judged: _Gate) -> Narrowing:
    tester = judged.layout.tester
    if judged.question.statistic.kind == "pass":
        return Narrowing(None, f"how the precision of {judged.question.statistic.text} grows with them is not known")
    assert isinstance(tester, Units)
    within = doubling.within_problems(judged.seen)
    if within is None:
        what = "how problems respond to the arms" if judged.seen.arms > 1 else "differences between problems"
        return Narrowing(None, f"with one replicate a cell, replicates and {what} cannot be told apart")
    return doubling.with_replicates(tester, within, judged.alpha)


def _averages_strata(judged: _Gate) -> bool:
    """Return whether the estimate is a mean over strata whose runs are independent."""
    several = int(np.max(judged.seen.stratum)) > 0
    return several and not judged.arms.shared and isinstance(judged.layout.tester, Units | Strata)
