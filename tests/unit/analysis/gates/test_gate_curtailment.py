"""Curtailed gates: their verdict is that of the full study, whatever the missing runs would have given."""

import itertools
import random
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.model.verdicts import OutcomeRow, Verdict

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
COMMON = {"strategy": "common_random_numbers"}
ONE = {"claim": "at_least", "value": 0.6, "where": {"agent": "new"}}
TWO = {"claim": "non_inferior", "margin": 0.3, "contrast": CONTRAST}
BETTER = {"claim": "superior", "contrast": CONTRAST}
SAME = {"claim": "equivalent", "margin": 0.6, "contrast": CONTRAST}
NONE_NEEDED = "no outcome of the missing runs could change the verdict"


def gate(**more: Any) -> dict[str, Any]:
    return {"gate_id": "g", "outcome": "ok", "stop": "curtail", "alpha": 0.1, **more}


def without(rows: list[OutcomeRow], run_ids: set[str]) -> list[OutcomeRow]:
    return [replace(row, status="missing", values={}) if row.run_id in run_ids else row for row in rows]


def filled(rows: list[OutcomeRow], values: dict[str, float]) -> list[OutcomeRow]:
    return [
        replace(row, status="success", values={"ok": values[row.run_id]}) if row.run_id in values else row
        for row in rows
    ]


def is_curtailed(verdict: Any) -> bool:
    return any(NONE_NEEDED in note for note in verdict.notes)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(6, 14),
    missing=st.integers(1, 5),
    rates=st.tuples(st.sampled_from([0.05, 0.5, 0.95]), st.sampled_from([0.05, 0.5, 0.95])),
    gates=st.lists(st.sampled_from([ONE, TWO, BETTER, SAME]), min_size=1, max_size=2),
    common=st.booleans(),
)
def test_no_missing_outcome_changes_the_verdict(
    seed: int,
    n: int,
    missing: int,
    rates: tuple[float, float],
    gates: list[dict[str, Any]],
    common: bool,
    study: Any,
    rows: Any,
) -> None:
    rng = random.Random(seed)
    values = {
        name: [float(rng.random() < rate) for _ in range(n)] for name, rate in zip(("new", "old"), rates, strict=True)
    }
    data = rows("ok", values, shared=common)
    found = study(
        *(gate(gate_id=f"g{index}", **more) for index, more in enumerate(gates)), seed_policy=COMMON if common else {}
    )
    gone = {row.run_id for row in rng.sample(data, missing)}
    verdicts = judge_gates(found, without(data, gone), remedies=False)
    curtailed = [name for name, verdict in verdicts.items() if is_curtailed(verdict)]
    assume(curtailed)
    for outcomes in itertools.product((0.0, 1.0), repeat=missing):
        full = judge_gates(found, filled(data, dict(zip(sorted(gone), outcomes, strict=True))), remedies=False)
        for name in curtailed:
            assert full[name].verdict == verdicts[name].verdict
            low, high = verdicts[name].low, verdicts[name].high
            assert low is not None
            assert high is not None
            assert full[name].estimate is not None
            assert low - 1e-9 <= full[name].estimate <= high + 1e-9


@pytest.mark.parametrize(
    ("more", "new", "old", "missing", "expected"),
    [
        (ONE, [1.0] * 24, [0.0] * 30, 6, "pass"),
        (ONE, [0.0] * 24, [0.0] * 30, 6, "fail"),
        (ONE, [1.0] * 12 + [0.0] * 12, [0.0] * 30, 6, None),
        (ONE, [1.0] * 15 + [0.0] * 12, [0.0] * 30, 3, "inconclusive"),
        (TWO, [1.0] * 26, [1.0] * 28, 4, "pass"),
        (TWO, [0.0] * 26, [1.0] * 28, 4, "fail"),
        (BETTER, [1.0, 0.0] * 13, [1.0, 0.0] * 14, 4, "inconclusive"),
        (BETTER, [1.0] * 19 + [0.0] * 7, [1.0, 0.0] * 14, 4, None),
        (SAME, [1.0] * 28, [1.0] * 28, 2, "pass"),
    ],
)
def test_what_is_certain_is_said(
    more: dict[str, Any], new: list[float], old: list[float], missing: int, expected: str | None, study: Any, rows: Any
) -> None:
    data = rows("ok", {"new": [*new, *[0.0] * missing], "old": [*old, *[0.0] * (30 - len(old))]})
    gone = {row.run_id for row in data if row.agent_id == "new" and row.replicate > len(new)}
    gone |= {row.run_id for row in data if row.agent_id == "old" and row.replicate > len(old)}
    verdict = judge_gates(study(gate(**more)), without(data, gone))["g"]
    assert is_curtailed(verdict) is (expected is not None)
    assert verdict.verdict == (expected or "inconclusive")
    assert (verdict.estimate is None) is (expected is None)
    assert ("are missing" in verdict.reason) is (expected is None)
    if expected:
        assert (verdict.arms[0].used, verdict.n) == (len(new), min(arm.used for arm in verdict.arms))
        assert [arm.absent for arm in verdict.arms] == [30 - arm.used for arm in verdict.arms]
        assert [arm.lost for arm in verdict.arms] == [0] * len(verdict.arms), "what was not needed is not lost"
        assert verdict.n_by_arm == (tuple(arm.used for arm in verdict.arms) if len(verdict.arms) == 2 else ())


@pytest.mark.parametrize(
    ("more", "new", "old", "remedy"),
    [
        (ONE, [1.0, 1.0, 0.0] * 9, [], r"about \d+ more replicates for 80 % power, beyond those planned"),
        (BETTER, [1.0, 0.0] * 14, [1.0, 0.0] * 15, r"more than 10,000 replicates an arm .* beyond those planned"),
        (
            BETTER,
            [1.0] * 15 + [0.0] * 13,
            [1.0] * 13 + [0.0] * 17,
            r"about \d+ more replicates an arm for 80 % power, beyond",
        ),
    ],
)
def test_what_stays_open_tells_what_would_settle_it(
    more: dict[str, Any], new: list[float], old: list[float], remedy: str, study: Any, rows: Any
) -> None:
    data = rows("ok", {"new": [*new, *[None] * (30 - len(new))], "old": old})
    gone = {row.run_id for row in data if row.values["ok"] is None}
    found = study(gate(**more))
    verdict = judge_gates(found, without(data, gone))["g"]
    assert (verdict.verdict, is_curtailed(verdict)) == (Verdict.INCONCLUSIVE, True)
    assert re.search(remedy, verdict.remedy), verdict.remedy
    assert judge_gates(found, without(data, gone), remedies=False)["g"] == replace(verdict, remedy="")


def test_runs_that_failed_are_not_taken_as_missing(study: Any, rows: Any) -> None:
    data = rows("ok", {"new": [1.0] * 25 + [None] * 5})
    more = {"claim": "at_least", "value": 0.6, "max_attrition": 0.1}
    verdict = judge_gates(study(gate(**more)), without(data, {data[0].run_id}))["g"]
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert not is_curtailed(verdict)


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        ("score", {"claim": "at_least", "value": 0.2}),
        ("cost", {"claim": "at_most", "value": 3.0}),
        ("ok", {"claim": "at_least", "value": 0.2, "statistic": "pass@2"}),
        ("ok", {"claim": "at_least", "value": 0.2, "where": {"agent": "nobody"}}),
    ],
)
def test_other_gates_wait_for_all_their_runs(outcome: str, more: dict[str, Any], study: Any, rows: Any) -> None:
    data = rows(outcome, {"new": [1.0, 0.9] * 20})
    verdict = judge_gates(study(gate(outcome=outcome, **more)), without(data, {data[-1].run_id}))["g"]
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert not is_curtailed(verdict)


def test_large_arms_are_judged_approximately_and_never_curtailed(study: Any, rows: Any) -> None:
    data = rows("ok", {"new": [1.0] * 150, "old": [0.0] * 150})
    assert not is_curtailed(judge_gates(study(gate(**BETTER)), without(data, {data[-1].run_id}))["g"])


def test_a_share_of_the_control_is_curtailed_unless_it_is_judged_by_betting(study: Any, rows: Any) -> None:
    more = {**TWO, "margin": "60%"}
    for common in (False, True):
        data = rows("ok", {"new": [1.0] * 30, "old": [1.0] * 30}, shared=common)
        found = study(gate(**more), seed_policy=COMMON if common else {})
        verdict = judge_gates(found, without(data, {data[-1].run_id}))["g"]
        assert is_curtailed(verdict) is not common


def test_a_complete_gate_is_judged_as_any_other(study: Any, rows: Any) -> None:
    data = rows("ok", {"new": [1.0] * 25 + [0.0] * 5, "old": [1.0] * 20 + [0.0] * 10})
    for more in (ONE, TWO, BETTER):
        plain = judge_gates(study({**gate(**more), "stop": None}), data)
        assert judge_gates(study(gate(**more)), data) == plain
