"""Power as the plan tells it."""

from dataclasses import replace

import pytest

from pytest_dre.analysis.power.statements import Basis, GatePower, HypothesisPower, Needed, StudyPower
from pytest_dre.model.study import Study
from pytest_dre.reporting.plan import plan_lines
from pytest_dre.reporting.power import gate_power_text, hypothesis_power_text, power_entries

STORED = Basis("stored", 0.05, "a pair", runs=48)
GATE = GatePower(
    "no-regression",
    "non_inferior",
    "score",
    n=24,
    unit="pair",
    arms=2,
    effect=-0.019,
    distance=0.031,
    how="simulated",
    basis=STORED,
)
NO_DIFFERENCE = Needed(12, "replicates", "there is no difference", 0.97)
WORST = Basis("worst", rate=0.5)
UNKNOWN = Basis("unknown")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "80 % power to pass from a difference of -0.019 up, 0.031 within the claim"
            " (n = 24 pairs, sd of a pair 0.05 from 48 stored runs, simulated)",
        ),
        (
            {"needed": NO_DIFFERENCE, "effect": 0.031, "how": "exact"},
            "80 % power to pass from a difference of 0.031 up; if there is no difference: 97 % power, 80 % takes"
            " 12 replicates (n = 24 pairs, sd of a pair 0.05 from 48 stored runs, exact)",
        ),
        (
            {"needed": replace(NO_DIFFERENCE, count=None, power=0.03), "above": False, "unit": "run", "basis": WORST},
            "80 % power to pass from a difference of -0.019 down, 0.031 within the claim; if there is no difference:"
            " 3 % power, 80 % takes more than 10,000 replicates (n = 24 runs an arm, control's mean 0.5 as the worst"
            " case, simulated)",
        ),
        (
            {"arms": 1, "unit": "run", "effect": 0.9885, "distance": 0.0385, "basis": Basis("free"), "how": "exact"},
            "80 % power to pass from a value of 0.989 up, 0.0385 within the claim (n = 24 runs, exact)",
        ),
        (
            {"claim": "equivalent", "effect": -0.012, "basis": Basis("expected", 0.2, notes=("pairs unrelated",))},
            "80 % power to pass up to a difference of ±0.012 (n = 24 pairs, sd of a run 0.2 from limits.expected,"
            " pairs unrelated, simulated)",
        ),
        (
            {"claim": "equivalent", "effect": None, "best": 0.4512},
            "power is 45 % even with no difference (n = 24 pairs, sd of a pair 0.05 from 48 stored runs, simulated)",
        ),
        (
            {"effect": None, "best": 0.4512, "unit": "stratum", "basis": replace(STORED, rate=0.9, of="a run")},
            "power is 45 % even at the most favourable truth (n = 24 strata, sd of a run 0.05 from 48 stored runs,"
            " control's mean 0.9 from 48 stored runs, simulated)",
        ),
        (
            {"share": True, "effect": 0.9845, "arms": 1, "basis": Basis("free"), "unit": "run"},
            "80 % power to pass if 98.5 % of runs are within the value (n = 24 runs, simulated)",
        ),
        (
            {"standardised": True, "effect": -0.73, "basis": UNKNOWN},
            "80 % power to pass from 0.73 standard deviations within the claim; say limits.expected.outcomes.score.sd,"
            " or run a pilot (n = 24 pairs, sd unknown, simulated)",
        ),
        (
            {"effect": None, "basis": replace(UNKNOWN, missing="mean")},
            "unknown; say limits.expected.outcomes.score.mean, or run a pilot (n = 24 pairs, control's mean unknown)",
        ),
        (
            {"basis": Basis("expected", 0.06, rate=0.697, rate_source="stored")},
            "80 % power to pass from a difference of -0.019 up, 0.031 within the claim (n = 24 pairs, sd of a run 0.06"
            " from limits.expected, control's mean 0.697 from stored runs, simulated)",
        ),
        ({"blocked": "no run"}, "cannot be judged: no run"),
        ({"least": 1059}, "cannot pass with 24 pairs: needs at least 1,059, whatever they show"),
        ({"least": 59, "least_replicates": 30, "unit": "run", "arms": 1, "n": 1}, "cannot pass with 1 run: needs at"
         " least 59 (30 replicates), whatever they show"),
        ({"least": 0}, "cannot pass with 24 pairs, whatever they show, nor with 10,000"),
    ],
)  # fmt: skip
def test_gates(changes, said: str) -> None:
    assert gate_power_text(replace(GATE, **changes)) == f"no-regression: {said}"


TEST = HypothesisPower(
    "h1", "welch", "score", n=(20, 21), standardised=0.81, effect=0.12, basis=Basis("expected", 0.15), how="approximate"
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "80 % power from d = 0.81, 0.12 (n = 20 and 21, sd of a run 0.15 from limits.expected, two-sided at alpha"
            " 0.05, approximate)",
        ),
        (
            {"n": (20,), "scale": "d_z", "tails": 1, "effect": None, "basis": UNKNOWN, "alpha": 1 / 60, "how": "exact"},
            "80 % power from d_z = 0.81; say limits.expected.outcomes.score.sd, or run a pilot (n = 20 pairs, sd"
            " unknown, one-sided at alpha 0.0167, exact)",
        ),
        (
            {"equivalence": True, "needed": Needed(18, "runs an arm", "there is no difference (margin 1)", 0.85)},
            "80 % power to show equal arms equivalent within d = ±0.81, ±0.12; if there is no difference (margin 1):"
            " 85 % power, 80 % takes 18 runs an arm (n = 20 and 21, sd of a run 0.15 from limits.expected, two"
            " one-sided tests at alpha 0.05, approximate)",
        ),
        (
            {"scale": "h", "effect": None, "basis": WORST},
            "no rate differs enough (h = 0.81) for 80 % power (n = 20 and 21, control's mean 0.5 as the worst case,"
            " two-sided at alpha 0.05, approximate)",
        ),
        (
            {"standardised": None, "effect": None},
            "no effect is shown with 80 % power (n = 20 and 21, sd of a run 0.15 from limits.expected, two-sided at"
            " alpha 0.05, approximate)",
        ),
        ({"blocked": "anova"}, "no figure: anova"),
        ({"blocked": "no such test", "fails": True}, "will end in an error: no such test"),
    ],
)  # fmt: skip
def test_hypotheses(changes, said: str) -> None:
    assert hypothesis_power_text(replace(TEST, **changes)) == f"h1 by welch on score: {said}"


def test_what_is_hopeless_comes_first_and_what_tells_nothing_is_left_out() -> None:
    blocked = replace(TEST, test="anova", blocked="two arms only")
    alone = replace(blocked, hypothesis_id="h2")
    power = StudyPower(
        (GATE, replace(GATE, gate_id="low", least=59)),
        (blocked, TEST, alone, replace(alone, test="regression")),
    )
    entries = power_entries(power)
    assert [entry.label for entry in entries] == ["power", "", "", ""]
    starts = [(entry.words or "").partition(":")[0] for entry in entries]
    assert starts == ["low", "no-regression", "h1 by welch on score", "h2 by anova on score"]
    assert power_entries(StudyPower()) == []


def test_tests_that_can_only_fail_are_told_each_reason_once() -> None:
    failing = replace(TEST, test="fisher", blocked="not binary", fails=True)
    told = power_entries(StudyPower((), (TEST, failing, replace(failing, test="fisher_exact"))))
    assert [entry.words for entry in told][1:] == ["h1 by fisher on score: will end in an error: not binary"]


def test_the_plan_has_a_section(make_plan) -> None:
    study = Study(study_id="s", title="T")
    plan = make_plan(study)
    lines = plan_lines(study, plan, width=80, height=None, power=StudyPower((replace(GATE, gate_id="a\x1b[31m"),)))
    assert lines[-3:] == [
        "  power       a\\x1b[31m: 80 % power to pass from a difference of -0.019 up,",
        "              0.031 within the claim (n = 24 pairs, sd of a pair 0.05 from 48",
        "              stored runs, simulated)",
    ]
    assert not any("power" in line for line in plan_lines(study, plan, width=80, height=None, power=StudyPower()))


@pytest.mark.parametrize(
    ("what", "said"), [("replicates", "1 replicate"), ("runs an arm", "1 run an arm"), ("problems", "1 problem")]
)
def test_one_is_singular(what: str, said: str) -> None:
    power = replace(GATE, needed=Needed(1, what, "there is no difference", 0.9))
    assert f"80 % takes {said} (" in gate_power_text(power)
