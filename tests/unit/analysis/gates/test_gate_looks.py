"""Gates with looks: decided at the first that shows enough, by the runs of its replicates alone."""

import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.analysis.gates.looks import level_of_look, overall_p
from pytest_dre.model.running import Sequential
from pytest_dre.model.verdicts import Verdict

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
LOOKS = {"looks": [10, 20, 40], "spending": "pocock"}
SPREAD = [((7 * index) % 40 - 19.5) / 39 for index in range(40)]
SPENDINGS = ["obrien_fleming", "pocock"]


def gate(outcome: str, **more: Any) -> dict[str, Any]:
    return {"gate_id": "g", "claim": "superior", "outcome": outcome, "contrast": CONTRAST, **more}


def shifted(shift: float, width: float = 0.2) -> dict[str, list[float]]:
    return {
        "new": [0.5 + shift + width * value for value in SPREAD],
        "old": [0.5 + width * value for value in SPREAD[::-1]],
    }


@pytest.mark.parametrize("spending", SPENDINGS)
@pytest.mark.parametrize("outcome", ["score", "cost", "ok"])
def test_one_look_at_everything_is_the_gate_without_looks(outcome: str, spending: str, study: Any, rows: Any) -> None:
    values = {"new": [1.0] * 30 + [0.0] * 10, "old": [1.0] * 14 + [0.0] * 26} if outcome == "ok" else shifted(0.1)
    data = rows(outcome, values)
    plain = judge_gates(study(gate(outcome)), data)["g"]
    looked = judge_gates(study(gate(outcome, sequential={"looks": [40], "spending": spending})), data)["g"]
    assert looked.verdict == plain.verdict
    assert looked.p_value == pytest.approx(plain.p_value, rel=3e-3, abs=1e-8)
    assert (looked.low, looked.high) == (pytest.approx(plain.low), pytest.approx(plain.high))
    assert looked.look is not None
    assert (looked.look.number, looked.look.of, looked.look.replicates) == (1, 1, 40)


@pytest.mark.parametrize(
    ("outcome", "shift", "expected", "look"),
    [
        ("cost", 0.3, "pass", 1),
        ("cost", -0.3, "fail", 1),
        ("cost", 0.0, "inconclusive", 3),
        ("score", 0.3, "pass", 2),
        ("score", -0.3, "fail", 2),
        ("score", 0.0, "inconclusive", 3),
    ],
)
def test_what_is_clear_is_decided_early(
    outcome: str, shift: float, expected: str, look: int, study: Any, rows: Any
) -> None:
    better = -shift if outcome == "cost" else shift
    verdict = judge_gates(study(gate(outcome, sequential=LOOKS)), rows(outcome, shifted(better)))["g"]
    assert verdict.verdict == expected
    assert verdict.look is not None
    assert verdict.look.number == look
    assert verdict.n == LOOKS["looks"][look - 1]


def test_a_decided_gate_does_not_depend_on_later_runs(study: Any, rows: Any) -> None:
    found = study(gate("cost", sequential=LOOKS))
    data = rows("cost", shifted(-0.3))
    expected = judge_gates(found, data)
    contrary = [replace(row, values={"cost": 9.0}) if row.replicate > 10 else row for row in data]
    missing = [replace(row, status="missing", values={}) if row.replicate > 10 else row for row in data]
    shuffled = random.Random(4).sample(missing, len(missing))
    assert judge_gates(found, contrary) == judge_gates(found, missing) == judge_gates(found, shuffled) == expected


def test_an_undecided_gate_needs_the_runs_of_its_next_look(study: Any, rows: Any) -> None:
    data = rows("cost", shifted(0.0))
    missing = [replace(row, status="missing", values={}) if row.replicate > 20 else row for row in data]
    verdict = judge_gates(study(gate("cost", sequential=LOOKS)), missing)["g"]
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert "40 of 80 runs are missing" in verdict.reason


def test_a_look_with_too_few_units_decides_nothing(study: Any, rows: Any) -> None:
    found = study(gate("cost", sequential={"looks": [5, 40]}))
    verdict = judge_gates(found, rows("cost", shifted(-0.3)))["g"]
    assert (verdict.verdict, verdict.n) == ("pass", 40)


def test_the_baseline_is_cut_to_the_look_as_well(study: Any, rows: Any) -> None:
    found = study({"gate_id": "g", "claim": "superior", "outcome": "cost", "baseline": "main", "sequential": LOOKS})
    now, then = rows("cost", {"new": shifted(-0.3)["new"]}), rows("cost", {"new": shifted(0.0)["old"]})
    verdict = judge_gates(found, now, {"main": Baseline("main", then)})["g"]
    assert (verdict.verdict, verdict.n, verdict.unit, verdict.notes) == ("pass", 10, "pair", ())


def test_an_interval_of_a_look_is_wider(study: Any, rows: Any) -> None:
    data = rows("cost", {name: values[:10] for name, values in shifted(-0.3).items()})
    plain = judge_gates(study(gate("cost")), data)["g"]
    looked = judge_gates(study(gate("cost", sequential=LOOKS)), rows("cost", shifted(-0.3)))["g"]
    assert looked.n == plain.n == 10
    assert looked.estimate == pytest.approx(plain.estimate)
    assert looked.low is not None
    assert plain.low is not None
    assert looked.low < plain.low
    assert looked.high is not None
    assert plain.high is not None
    assert looked.high > plain.high


def test_several_gates_share_alpha(study: Any, rows: Any) -> None:
    alone, joined = gate("cost", sequential=LOOKS), gate("cost", gate_id="h", sequential=LOOKS)
    data = rows("cost", shifted(-0.035))
    (one,) = judge_gates(study(alone), data).values()
    both = judge_gates(study(alone, joined), data)
    assert (both["g"].p_value, both["g"].look) == (both["h"].p_value, both["h"].look)
    assert one.look is not None
    assert both["g"].look is not None
    assert one.look.number < both["g"].look.number


@pytest.mark.parametrize("spending", SPENDINGS)
def test_levels_of_exact_methods_add_up_to_alpha(spending: Any) -> None:
    plan = Sequential(looks=(3, 7, 20), spending=spending)
    levels = [level_of_look(plan, number, 0.05, approximate=False) for number in (1, 2, 3)]
    assert sum(levels) == pytest.approx(0.05)
    normal = [level_of_look(plan, number, 0.05, approximate=True) for number in (1, 2, 3)]
    assert all(one >= other - 1e-9 for one, other in zip(normal, levels, strict=True))


@settings(max_examples=40, deadline=None)
@given(
    p=st.floats(1e-8, 0.2),
    number=st.integers(1, 3),
    spending=st.sampled_from(SPENDINGS),
)
def test_the_overall_p_value_is_the_least_level_that_decides(p: float, number: int, spending: Any) -> None:
    plan = Sequential(looks=(10, 20, 40), spending=spending)

    def nominal(level: float) -> float:
        return level_of_look(plan, number, level, approximate=False)

    overall = overall_p(p, nominal)
    if overall < 0.3:
        assert nominal(overall) >= p * (1 - 1e-6)
        assert overall <= 1e-9 or nominal(overall * 0.99) < p


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), shift=st.sampled_from([-0.1, 0.0, 0.1]))
def test_the_order_of_rows_does_not_matter(seed: int, shift: float, study: Any, rows: Any) -> None:
    rng = random.Random(seed)
    values = {name: [rng.gauss(middle, 0.1) for _ in range(40)] for name, middle in (("new", shift), ("old", 0.0))}
    data = rows("cost", values)
    found = study(gate("cost", sequential=LOOKS))
    assert judge_gates(found, data) == judge_gates(found, rng.sample(data, len(data)))


@pytest.mark.parametrize("spending", SPENDINGS)
def test_wrong_passes_at_the_margin_are_as_rare_as_promised(spending: str, study: Any, rows: Any) -> None:
    """The full simulation is in benchmarks/; this one is small and seeded."""
    found = study(gate("cost", alpha=0.1, sequential={"looks": [12, 20, 40], "spending": spending}))
    rng, studies = np.random.default_rng(7), 150
    wrong = 0
    for _ in range(studies):
        data = rows("cost", {name: rng.normal(size=40).tolist() for name in ("new", "old")})
        wrong += judge_gates(found, data, remedies=False)["g"].verdict is Verdict.PASS
    assert wrong / studies <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / studies)
    assert wrong > 0
