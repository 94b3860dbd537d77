"""All gates of a study, judged at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_dre.analysis.gates.admission import admit, counts
from pytest_dre.analysis.gates.arms import Arms, arms_of
from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.gates.layout import Layout, lay_out
from pytest_dre.analysis.gates.question import Question, Unanswerable, ask
from pytest_dre.analysis.gates.remedy import remedy
from pytest_dre.analysis.gates.wording import claim_words
from pytest_dre.analysis.methods.bounds import Bounds
from pytest_dre.analysis.methods.multiplicity import holm_alpha
from pytest_dre.model.running import Gate
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow, Verdict

LARGEST_ALPHA = 0.5


@dataclass(frozen=True, slots=True)
class _Case:
    """A gate that can be judged, with the p-values of its claim and of the contrary."""

    question: Question
    arms: Arms
    layout: Layout
    p_value: float
    contrary: float
    blank: GateVerdict


def judge_gates(
    study: Study, rows: Sequence[OutcomeRow], baselines: Mapping[str, Baseline | None] | None = None
) -> dict[str, GateVerdict]:
    """Return the verdict on each gate of the study.

    A claim stands if its p-value survives Holm's correction over all gates of the study, each at its own alpha; it
    fails if the contrary is shown at the same level. Gates that cannot be judged count in the correction.

    Args:
        study: The study, with its gates.
        rows: One per planned run, in any order, also those without results.
        baselines: Name → saved outcomes, None or left out where there are none.
    """
    cases = [_prepared(study, gate, rows, baselines or {}) for gate in study.gates]
    p_values = [case.p_value if isinstance(case, _Case) else 1.0 for case in cases]
    verdicts = {}
    for index, (gate, case) in enumerate(zip(study.gates, cases, strict=True)):
        level = min(holm_alpha(p_values, gate.alpha)[index], LARGEST_ALPHA)
        verdicts[gate.gate_id] = _judged(case, level) if isinstance(case, _Case) else replace(case, alpha=level)
    return verdicts


def _prepared(
    study: Study, gate: Gate, rows: Sequence[OutcomeRow], baselines: Mapping[str, Baseline | None]
) -> _Case | GateVerdict:
    blank = GateVerdict(gate.gate_id, Verdict.INCONCLUSIVE, gate.claim)
    aim = min(gate.alpha, LARGEST_ALPHA) / len(study.gates)
    try:
        question = ask(study, gate)
        arms = arms_of(study, question, rows, baselines)
        claim = claim_words(question, arms.names)
        blank = replace(blank, claim=claim, arms=counts(question, arms), notes=arms.notes)
        admit(question, arms)
        layout = lay_out(question, arms, aim)
        blank = replace(blank, design=layout.design, unit=layout.unit, notes=(*arms.notes, *layout.notes))
        _meaningful(question, layout)
    except Unanswerable as found:
        return replace(blank, reason=found.reason, remedy=found.remedy)
    case = _tested(question, arms, layout, blank)
    bounds = layout.tester.bounds(aim)
    few = _too_few(question, layout, bounds)
    if few:
        return replace(_measured(case, bounds, aim), reason=few, remedy=_more(case, bounds.n))
    return case


def _tested(question: Question, arms: Arms, layout: Layout, blank: GateVerdict) -> _Case:
    tester = layout.tester
    claimed = [tester.p_value(side) for side in question.sides]
    contrary = [tester.p_value(Side(not side.above, side.limit, side.weight)) for side in question.sides]
    # all sides must hold for the claim, the contrary of one is enough against it; NaN must never count for either
    return _Case(question, arms, layout, max(map(_sound, claimed)), min(map(_sound, contrary)), blank)


def _sound(p_value: float) -> float:
    return 1.0 if math.isnan(p_value) else min(max(p_value, 0.0), 1.0)


def _meaningful(question: Question, layout: Layout) -> None:
    if question.relative and len(layout.means) == 2 and layout.means[1] <= 0:
        raise Unanswerable(
            f"a margin in percent of the control's mean means nothing where that is {layout.means[1]:.4g}",
            "write the margin as a number in the outcome's unit",
        )


def _too_few(question: Question, layout: Layout, bounds: Bounds) -> str:
    approximate = bounds.approximate or layout.approximate
    fewest = question.gate.min_pairs
    if not approximate or bounds.n >= fewest:
        return ""
    return f"{bounds.n} {_units(layout, bounds.n)} are too few for an approximate method; min_pairs is {fewest}"


def _units(layout: Layout, n: int) -> str:
    plural = {"stratum": "strata"}.get(layout.unit, f"{layout.unit}s")
    return f"{layout.unit if n == 1 else plural}{' an arm' if layout.unit == 'run' and len(layout.means) == 2 else ''}"


def _more(case: _Case, n: int) -> str:
    layout, fewest = case.layout, case.question.gate.min_pairs
    what = "replicates an arm" if layout.per_replicate else "problems"
    return f"at least {math.ceil((fewest - n) / (layout.per_replicate or 1))} more {what}"


def _measured(case: _Case, bounds: Bounds, level: float) -> GateVerdict:
    return replace(
        case.blank,
        estimate=None if math.isnan(bounds.estimate) else bounds.estimate,
        low=bounds.low if math.isfinite(bounds.low) else None,
        high=bounds.high if math.isfinite(bounds.high) else None,
        alpha=level,
        p_value=case.p_value,
        n=bounds.n,
        method=bounds.method,
        approximate=bounds.approximate or case.layout.approximate,
    )


def _judged(case: _Case, level: float) -> GateVerdict:
    bounds = case.layout.tester.bounds(level)
    found = _measured(case, bounds, level)
    if case.p_value <= level and _agrees(case, bounds, claimed=True):
        return replace(found, verdict=Verdict.PASS)
    if case.contrary <= level and _agrees(case, bounds, claimed=False):
        return replace(found, verdict=Verdict.FAIL)
    return replace(
        found,
        reason="the interval holds values that meet the claim and values that do not",
        remedy=remedy(case.question, case.layout, bounds.n, level),
    )


def _agrees(case: _Case, bounds: Bounds, claimed: bool) -> bool:
    """Return whether the interval shown says the same; it is one for weight 1, margins in percent have no such one."""
    sides = case.question.sides
    if case.question.relative:
        return True
    if claimed:
        return all(bounds.low >= side.limit if side.above else bounds.high <= side.limit for side in sides)
    return any(bounds.high <= side.limit if side.above else bounds.low >= side.limit for side in sides)
