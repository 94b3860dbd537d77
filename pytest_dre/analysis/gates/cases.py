"""One gate and its runs, made ready for a verdict: p-values of the claim and of its contrary."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_dre.analysis.gates.admission import admit, counts
from pytest_dre.analysis.gates.arms import Arms, arm_names, arms_of
from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.claims import against
from pytest_dre.analysis.gates.imputation import imputed_notes
from pytest_dre.analysis.gates.layout import Layout, lay_out
from pytest_dre.analysis.gates.question import Question, Unanswerable, ask
from pytest_dre.analysis.gates.wording import claim_words
from pytest_dre.analysis.methods.bounds import Bounds
from pytest_dre.analysis.power.outlook import fewest_units
from pytest_dre.model.running import Gate
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow, Verdict

LARGEST_ALPHA = 0.5

Baselines = Mapping[str, Baseline | None]


def whole(level: float) -> float:
    """Return the level of the one look of a gate without looks: all of it."""
    return level


@dataclass(frozen=True, slots=True)
class Case:
    """A gate that can be judged.

    Attributes:
        question: What it asks.
        arms: Its matched runs.
        layout: Its method, with the units.
        p_value, contrary: The least levels at which the claim, or its contrary, is shown.
        blank: The verdict as far as it does not depend on the level.
        nominal: The level of tests and bounds that a level of the gate comes to: less, if there are several looks.
    """

    question: Question
    arms: Arms
    layout: Layout
    p_value: float
    contrary: float
    blank: GateVerdict
    nominal: Callable[[float], float] = whole


def aim_of(study: Study, gate: Gate) -> float:
    """Return the level of Holm's first step, at which a gate stands whatever becomes of the others."""
    return min(gate.alpha, LARGEST_ALPHA) / len(study.gates)


def prepared(
    study: Study,
    gate: Gate,
    rows: Sequence[OutcomeRow],
    baselines: Baselines,
    nominal: Callable[[float], float] = whole,
) -> Case | GateVerdict:
    """Return the case of a gate, or its verdict if it cannot be judged. Its p-values are those of the runs alone."""
    blank = GateVerdict(gate.gate_id, Verdict.INCONCLUSIVE, gate.claim)
    aim = nominal(aim_of(study, gate))
    try:
        question = ask(study, gate)
        blank = replace(blank, claim=claim_words(question, arm_names(question)))
        arms = arms_of(study, question, rows, baselines)
        notes = (*arms.notes, *imputed_notes(question, arms))
        blank = replace(blank, arms=counts(question, arms), notes=notes)
        admit(question, arms)
        layout = lay_out(question, arms, aim)
        blank = replace(blank, design=layout.design, unit=layout.unit, notes=(*notes, *layout.notes))
        _meaningful(question, layout)
    except Unanswerable as found:
        return replace(blank, reason=found.reason, remedy=found.remedy)
    case = _tested(question, arms, layout, blank, nominal)
    bounds = layout.tester.bounds(aim)
    few = _too_few(question, layout, bounds)
    if few:
        return replace(measured(case, bounds, aim_of(study, gate)), reason=few, remedy=_more(case, bounds.n, aim))
    return case


def measured(case: Case, bounds: Bounds, level: float) -> GateVerdict:
    """Return the verdict that is still open, with estimate and interval."""
    return replace(
        case.blank,
        estimate=None if math.isnan(bounds.estimate) else bounds.estimate,
        low=bounds.low if math.isfinite(bounds.low) else None,
        high=bounds.high if math.isfinite(bounds.high) else None,
        alpha=level,
        p_value=case.p_value,
        n=bounds.n,
        n_by_arm=case.layout.sizes,
        method=bounds.method,
        approximate=bounds.approximate or case.layout.approximate,
    )


def decided(case: Case, level: float, bounds: Bounds | None = None) -> Verdict | None:
    """Return PASS or FAIL if the case comes to it at `level`, else None. `bounds` are those at the nominal level."""
    if case.p_value > level and case.contrary > level:
        return None
    bounds = bounds or case.layout.tester.bounds(case.nominal(level))
    if case.p_value <= level and _agrees(case, bounds, claimed=True):
        return Verdict.PASS
    if case.contrary <= level and _agrees(case, bounds, claimed=False):
        return Verdict.FAIL
    return None


def sound(p_value: float) -> float:
    """Return a p-value in [0, 1]; one that is no number counts for nothing."""
    return 1.0 if math.isnan(p_value) else min(max(p_value, 0.0), 1.0)


def _tested(
    question: Question, arms: Arms, layout: Layout, blank: GateVerdict, nominal: Callable[[float], float]
) -> Case:
    tester = layout.tester
    claimed = [sound(tester.p_value(side)) for side in question.sides]
    contrary = [sound(tester.p_value(against(side))) for side in question.sides]
    # all sides must hold for the claim, the contrary of one is enough against it
    return Case(question, arms, layout, max(claimed), min(contrary), blank, nominal)


def _meaningful(question: Question, layout: Layout) -> None:
    if question.relative and len(layout.means) == 2 and layout.means[1] <= 0:
        statistic = "mean" if question.statistic.kind == "mean" else question.statistic.text
        raise Unanswerable(
            f"a margin in percent of the control's {statistic} means nothing where that is {layout.means[1]:.4g}",
            "write the margin as a number in the outcome's unit",
        )


def _too_few(question: Question, layout: Layout, bounds: Bounds) -> str:
    approximate = bounds.approximate or layout.approximate
    fewest = question.gate.min_pairs
    if not approximate or bounds.n >= fewest:
        return ""
    return f"{_units(layout, bounds.n)} are too few for an approximate method; min_pairs is {fewest}"


def _units(layout: Layout, n: int) -> str:
    plural = {"stratum": "strata"}.get(layout.unit, f"{layout.unit}s")
    each = "" if not layout.sizes else " an arm" if len(set(layout.sizes)) == 1 else " of the smaller arm"
    return f"{n} {layout.unit if n == 1 else plural}{each}"


def _more(case: Case, n: int, level: float) -> str:
    layout = case.layout
    least = max(case.question.gate.min_pairs, fewest_units(case.question, layout, level))
    more = math.ceil((least - n) / (layout.per_replicate or 1))
    plural = "" if more == 1 else "s"
    return f"at least {more} more " + (f"replicate{plural} an arm" if layout.per_replicate else f"problem{plural}")


def _agrees(case: Case, bounds: Bounds, claimed: bool) -> bool:
    """Return whether the interval shown says the same; it is one for weight 1, margins in percent have no such one."""
    sides = case.question.sides
    if case.question.relative:
        return True
    if claimed:
        return all(bounds.low >= side.limit if side.above else bounds.high <= side.limit for side in sides)
    return any(bounds.high <= side.limit if side.above else bounds.low >= side.limit for side in sides)
