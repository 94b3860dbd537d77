"""Verdicts of gates whose outcome no run has a value of: why, and what to do."""

from collections.abc import Mapping
from dataclasses import replace

from pytest_dre.model.gating import outcome_of
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict

MEND = "mend the outcome in the study and judge again with -k gate: the results that are stored stay good"


def explained(study: Study, verdicts: Mapping[str, GateVerdict], texts: Mapping[str, str]) -> dict[str, GateVerdict]:
    """Return the verdicts; those on outcomes that no run has a value of say so.

    `texts` says by outcome what is wrong with it. Where runs are missing as well, that is told first: the outcome must
    be mended all the same, and before more is spent.
    """
    outcomes = {gate.gate_id: outcome_of(study, gate) for gate in study.gates} if texts else {}
    found = dict(verdicts)
    for gate_id, spec in outcomes.items():
        verdict = verdicts[gate_id]
        if spec is not None and spec.name in texts and verdict.arms and not any(arm.used for arm in verdict.arms):
            found[gate_id] = _explained(verdict, texts[spec.name])
    return found


def _explained(verdict: GateVerdict, text: str) -> GateVerdict:
    if not any(arm.absent for arm in verdict.arms):
        return replace(verdict, reason=text, remedy=MEND)
    return replace(verdict, reason=f"{verdict.reason}; {text}", remedy=f"{MEND}; then {verdict.remedy}")
