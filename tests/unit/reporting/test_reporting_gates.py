"""Verdicts as people read them."""

from dataclasses import replace

import pytest

from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import ArmCount, GateVerdict, Verdict
from pytest_dre.reporting.gates import explain, verdict_line
from pytest_dre.reporting.markdown import study_markdown
from pytest_dre.reporting.statistics import Totals
from pytest_dre.reporting.width import display_width
from pytest_dre.store.totals import Unstarted

PASSED = GateVerdict(
    gate_id="better",
    verdict=Verdict.PASS,
    claim="mean of score: (agent = a) > (agent = b)",
    estimate=0.25,
    low=0.125,
    high=0.5,
    alpha=0.025,
    p_value=0.001,
    n=12,
    unit="problem",
    arms=(ArmCount("agent = a", 24, 24), ArmCount("agent = b", 24, 23)),
    method="betting (fixed n)",
    design="12 problems as clusters",
    notes=("added since the baseline: x",),
)
BLANK = GateVerdict("g", Verdict.INCONCLUSIVE, "superior", reason="12 of 40 runs are missing", remedy="use --lf")


def study(gates: int) -> Study:
    some = [{"gate_id": f"g{index}", "claim": "superior"} for index in range(gates)]
    return Study.model_validate({"study_id": "s", "title": "t", "gates": some})


def test_a_line_holds_verdict_estimate_interval_and_n() -> None:
    assert verdict_line(PASSED) == "better: PASS  0.25 [0.125, 0.5], n = 12 problems"
    assert verdict_line(BLANK) == "g: INCONCLUSIVE  12 of 40 runs are missing"
    open_end = replace(PASSED, low=None, high=None, n=1, unit="run", approximate=True)
    assert verdict_line(open_end) == "better: PASS  0.25 [−∞, ∞], n = 1 run an arm, approximate"


def test_both_arms_are_counted_where_they_differ() -> None:
    uneven = replace(PASSED, unit="run", n=23, n_by_arm=(24, 23))
    assert verdict_line(uneven) == "better: PASS  0.25 [0.125, 0.5], n = 24 and 23 runs"
    estimate = explain(uneven, study(1))[2]
    assert estimate == "Estimate 0.25, 95 % interval [0.125, 0.5], from 24 runs of agent = a and 23 of agent = b."
    even = replace(PASSED, unit="run", n=24, n_by_arm=(24, 24))
    assert verdict_line(even) == "better: PASS  0.25 [0.125, 0.5], n = 24 runs an arm"
    assert " 24 and 23 runs |" in study_markdown("s", None, [uneven])


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        (ArmCount("a", 24, 22), "a: 22 of 24 planned runs count (8.33 % lost)."),
        (ArmCount("a", 24, 10, 14), "a: 10 of 24 planned runs count, 14 have no result (0 % of the others lost)."),
        (ArmCount("a", 24, 19, 4), "a: 19 of 24 planned runs count, 4 have no result (5 % of the others lost)."),
        (ArmCount("a", 1, 0, 1), "a: 0 of 1 planned runs count, 1 has no result."),
    ],
)
def test_what_never_ran_is_not_lost(arm: ArmCount, said: str) -> None:
    assert said in explain(replace(BLANK, arms=(arm,)), study(1))


def test_runs_that_were_not_needed_are_not_missing_in_a_jobs_summary() -> None:
    sums = Totals(8, 3, 1, 0, 4, 0, 0, 0, 3, 0.0)
    unstarted = {"r1": Unstarted("not_needed", "", "s"), "r2": Unstarted("budget", "spent", "s")}
    assert "3 of 8 runs done, 1 failed, 3 missing, 1 not needed" in study_markdown("s", sums, [], unstarted)


@pytest.mark.parametrize("verdict", [PASSED, BLANK])
def test_a_line_is_short_and_harmless(verdict: GateVerdict) -> None:
    line = verdict_line(replace(verdict, gate_id="x\x1b[31m" * 60, reason="y\n" * 90))
    assert display_width(line) <= 100
    assert line.isprintable()
    assert verdict.verdict.upper() in line


def test_explanations_are_plain_sentences() -> None:
    assert explain(PASSED, study(2)) == [
        "better claims: mean of score: (agent = a) > (agent = b).",
        "PASS: the data support the claim.",
        "Estimate 0.25, 95 % interval [0.125, 0.5], from 12 problems.",
        "Judged one-sided at alpha 0.025, Holm's share among 2 gates. p = 0.001.",
        "Method: betting (fixed n); 12 problems as clusters; alpha holds for the planned runs, however few.",
        "agent = a: 24 of 24 planned runs count (0 % lost).",
        "agent = b: 23 of 24 planned runs count (4.17 % lost).",
        "Note: added since the baseline: x.",
    ]
    rough = explain(replace(PASSED, approximate=True, p_value=None, unit="stratum"), study(1))
    assert rough[2].endswith("from 12 strata.")
    assert rough[3] == "Judged one-sided at alpha 0.025."
    assert "not guaranteed" in rough[4]


def test_explanations_of_nothing_say_why_and_what_helps() -> None:
    assert explain(BLANK, study(1)) == [
        "g claims: superior.",
        "INCONCLUSIVE: the data cannot say whether the claim holds.",
        "Why: 12 of 40 runs are missing.",
        "What would settle it: use --lf.",
    ]


@pytest.mark.parametrize(
    ("anytime", "approximate", "said"),
    [
        (False, False, "alpha holds for the planned runs, however few"),
        (True, False, "alpha holds however often runs are added and judged again"),
        (False, True, "alpha is not guaranteed, above all for skewed values"),
    ],
)
def test_what_is_promised_is_said(anytime: bool, approximate: bool, said: str) -> None:
    gate = {"gate_id": PASSED.gate_id, "claim": "superior", "anytime": anytime}
    found = Study.model_validate({"study_id": "s", "title": "t", "gates": [gate]})
    (line,) = (line for line in explain(replace(PASSED, approximate=approximate), found) if line.startswith("Method"))
    assert line.endswith(f"; {said}.")
