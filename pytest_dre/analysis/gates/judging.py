"""All gates of a study, judged at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.cases import LARGEST_ALPHA, Baselines, Case, decided, measured, prepared
from pytest_dre.analysis.gates.curtailment import Certain, certain_without_missing
from pytest_dre.analysis.gates.looks import latest_look
from pytest_dre.analysis.gates.remedy import remedy
from pytest_dre.analysis.methods.multiplicity import holm_alpha
from pytest_dre.model.running import Gate
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow, Verdict


def judge_gates(
    study: Study,
    rows: Sequence[OutcomeRow],
    baselines: Mapping[str, Baseline | None] | None = None,
    *,
    remedies: bool = True,
) -> dict[str, GateVerdict]:
    """Return the verdict on each gate of the study.

    A claim stands if its p-value survives Holm's correction over all gates of the study, each at its own alpha; it
    fails if the contrary is shown at the same level. Gates that cannot be judged count in the correction. A gate with
    looks is judged by the first that decides, and enters with the p-value of all looks so far (Maurer and Bretz, 2013,
    "Multiple testing in group sequential trials using graphical approaches"). A gate that may be curtailed has the
    verdict that no outcome of its missing runs can change, if there is one.

    Args:
        study: The study, with its gates.
        rows: One per planned run, in any order, also those without results.
        baselines: Name → saved outcomes, None or left out where there are none.
        remedies: Whether to work out what would settle gates that are left open: it may take far longer than to judge.
    """
    cases = [_case(study, gate, rows, baselines or {}, remedies=remedies) for gate in study.gates]
    p_values = [1.0 if isinstance(case, GateVerdict) else case.p_value for case in cases]
    verdicts = {}
    for index, (gate, case) in enumerate(zip(study.gates, cases, strict=True)):
        level = min(holm_alpha(p_values, gate.alpha)[index], LARGEST_ALPHA)
        verdicts[gate.gate_id] = _judged(case, level, remedies=remedies)
    return verdicts


def _case(
    study: Study, gate: Gate, rows: Sequence[OutcomeRow], baselines: Baselines, *, remedies: bool
) -> Case | Certain | GateVerdict:
    if gate.sequential is not None:
        return latest_look(study, gate, rows, baselines)
    if gate.stop == "curtail":
        certain = certain_without_missing(study, gate, rows, baselines, remedies=remedies)
        if certain is not None:
            return certain
    return prepared(study, gate, rows, baselines)


def _judged(case: Case | Certain | GateVerdict, level: float, *, remedies: bool) -> GateVerdict:
    if isinstance(case, GateVerdict):
        # one with an interval (too few units) keeps the level of that
        return case if case.estimate is not None else replace(case, alpha=level)
    if isinstance(case, Certain):
        return case.verdict
    bounds = case.layout.tester.bounds(case.nominal(level))
    found = measured(case, bounds, level)
    verdict = decided(case, level, bounds)
    if verdict is not None:
        return replace(found, verdict=verdict)
    return replace(
        found,
        verdict=Verdict.INCONCLUSIVE,
        reason="the interval holds values that meet the claim and values that do not",
        remedy=remedy(case.question, case.layout, bounds, case.nominal(level)) if remedies else "",
    )
