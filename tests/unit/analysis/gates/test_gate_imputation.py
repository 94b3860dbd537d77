"""Values that stand in for missing ones are told with the verdict, and change nothing of it."""

from dataclasses import replace
from typing import Any

import pytest

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
GATE = {"gate_id": "g", "claim": "superior", "outcome": "ok"}
COMMON = {"strategy": "common_random_numbers"}


def with_policy(study: Study, policy: str) -> Study:
    outcomes = tuple(item.model_copy(update={"missing_data_policy": policy}) for item in study.outcomes)
    return study.model_copy(update={"outcomes": outcomes})


def imputing(rows: list[OutcomeRow], agent: str, count: int) -> list[OutcomeRow]:
    """Return the rows, of which the first `count` zeros of an agent stand in for missing values."""
    found = []
    for row in rows:
        stands_in = count > 0 and row.agent_id == agent and row.values["ok"] == 0
        count -= stands_in
        found.append(replace(row, imputed=frozenset({"ok"}), status="failed") if stands_in else row)
    return found


def judged(study: Any, rows: list[OutcomeRow], policy: str = "worst") -> GateVerdict:
    return judge_gates(with_policy(study({**GATE, "contrast": CONTRAST}), policy), rows)["g"]


def test_each_arm_tells_how_many_of_its_values_were_put_in(study: Any, rows: Any) -> None:
    data = rows("ok", {"new": [1.0] * 16 + [0.0] * 4, "old": [1.0] * 4 + [0.0] * 16})
    plain = judged(study, data)
    told = judged(study, imputing(imputing(data, "new", 1), "old", 12))
    assert told.notes == (
        "agent = new: of 20 values 1 was missing and is taken as the worst, 0 (missing_data_policy: worst)",
        "agent = old: of 20 values 12 were missing and are taken as the worst, 0 (missing_data_policy: worst)",
    )
    assert replace(told, notes=()) == replace(plain, notes=()) == plain


@pytest.mark.parametrize("policy", ["drop", "fail"])
def test_without_that_policy_nothing_is_told(study: Any, rows: Any, policy: str) -> None:
    data = rows("ok", {"new": [1.0] * 20, "old": [0.0] * 20})
    assert judged(study, imputing(data, "old", 3), policy).notes == ()


def test_a_gate_that_cannot_be_judged_tells_it_too(study: Any, rows: Any) -> None:
    data = imputing(rows("ok", {"new": [1.0] * 20, "old": [0.0] * 20}), "old", 3)
    verdict = judged(study, [replace(data[0], status="missing", values={}), *data[1:]])
    assert verdict.reason.startswith("1 of 40 runs is missing")
    assert verdict.notes[0].startswith("agent = old: of 20 values 3 were missing")


def test_failed_runs_of_a_baseline_were_imputed(study: Any, rows: Any) -> None:
    made = with_policy(study({**GATE, "claim": "non_inferior", "margin": 0.3, "baseline": "main"}), "worst")
    now = rows("ok", {"new": [1.0] * 20}, shared=True)
    then = [replace(row, status="failed", values={"ok": 0.0}) for row in now[:2]] + now[2:]
    verdict = judge_gates(made, now, {"main": Baseline("main", then)})["g"]
    assert verdict.notes[0].startswith("baseline main: of 20 values 2 were missing and are taken as the worst, 0")
