"""What is said of gates: what they can show, what they rest on, and what they cannot."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.power.normal import t_power

MEAN = {"mean": 1.0, "sd": 0.1}


def test_pairs_by_t_are_exact(lab) -> None:
    found = lab("superior", "cost", 24, common=True, expected=MEAN).power()
    assert (found.n, found.unit, found.arms, found.how) == (24, "pair", 2, "exact")
    assert found.effect is not None
    assert found.effect < 0  # less is better
    assert not found.above
    assert t_power(-found.effect / (0.1 * math.sqrt(2 / 24)), 23, 0.05) == pytest.approx(0.8, abs=1e-3)
    assert found.basis.source == "expected"
    assert found.basis.sd == 0.1
    assert "pairs taken as unrelated" in found.basis.notes


def test_the_edge_of_a_claim_moves_the_effect_along(lab) -> None:
    superior = lab("superior", "gain", 24, expected=MEAN).power()
    for claim, margin, edge in (("superior", 0.3, 0.3), ("non_inferior", 0.3, -0.3), ("non_inferior", "30%", -0.3)):
        found = lab(claim, "gain", 24, expected=MEAN, margin=margin).power()
        assert found.distance == pytest.approx(found.effect - edge, abs=1e-4)
        assert found.distance == pytest.approx(superior.distance, rel=0.2)


def test_holms_first_step_is_the_level(lab) -> None:
    one, four = (lab("superior", "gain", 24, expected=MEAN, gates=count).power() for count in (1, 4))
    assert (one.alpha, four.alpha) == (0.05, 0.0125)
    assert four.effect > one.effect


def test_the_last_of_several_looks_has_what_is_left_of_alpha(lab) -> None:
    one = lab("superior", "gain", 20, expected=MEAN).power()
    for spending, least in (("obrien_fleming", 0.04), ("pocock", 0.025)):
        looks = {"looks": [10, 20], "spending": spending}
        found = lab("superior", "gain", 20, expected=MEAN, sequential=looks).power()
        assert least < found.alpha < 0.05
        assert found.effect > one.effect
        assert any("last of 2 looks" in note for note in found.basis.notes)
    single = lab("superior", "gain", 20, expected=MEAN, sequential={"looks": [20]}).power()
    assert single.alpha == pytest.approx(0.05, abs=1e-4)
    assert single.basis.notes == ()


@pytest.mark.parametrize(
    ("claim", "outcome", "more"),
    [
        ("non_inferior", "gain", {"margin": 0.05}),
        ("equivalent", "gain", {"margin": 0.05}),
        ("non_inferior", "score", {"margin": 0.1}),
        ("equivalent", "score", {"margin": 0.2}),
        ("non_inferior", "score", {"margin": "20%"}),
        ("at_least", "score", {"value": 0.9, "where": {"agent": "new"}}),
        ("at_least", "gain", {"value": 0.95, "where": {"agent": "new"}}),
    ],
)
def test_so_many_replicates_give_so_much_power(lab, claim, outcome, more) -> None:
    expected = {"mean": 0.97, "sd": 0.1}
    first = lab(claim, outcome, 30, expected=expected, **more).power()
    assert first.needed.what == "replicates"
    count = first.needed.count
    assert lab(claim, outcome, count, expected=expected, **more).power().needed.power >= 0.77  # of other studies drawn
    if count > 12:
        fewer = lab(claim, outcome, round(0.8 * count), expected=expected, **more).power()
        assert fewer.least is not None or fewer.needed.power < 0.8


@pytest.mark.parametrize("common", [True, False])
def test_so_many_replicates_of_proportions_about_give_so_much_power(lab, common: bool) -> None:
    gate = {"margin": 0.2, "expected": {"mean": 0.7}, "common": common}
    count = lab("non_inferior", "ok", 40, **gate).power().needed.count
    assert lab("non_inferior", "ok", count, **gate).power().needed.power == pytest.approx(0.8, abs=0.06)
    both = lab("equivalent", "ok", 200, **gate).power()
    assert both.effect is not None
    assert lab("equivalent", "ok", both.needed.count, **gate).power().needed.power == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("mean", [1.0, 0.0])
def test_a_rough_count_that_the_gate_itself_contradicts_is_not_told(lab, mean: float) -> None:
    """A rate of 0 or 1 has no deviation, from which "one replicate will do" would follow."""
    found = lab("non_inferior", "ok", 8, margin=0.1, expected={"mean": mean}).power()
    assert found.needed is None or found.needed.count is None or found.needed.count > 8


def test_one_armed_proportions_need_no_assumption(lab) -> None:
    found = lab("at_least", "ok", 40, value=0.8, where={"agent": "new"}).power()
    assert (found.how, found.basis.source, found.arms) == ("exact", "free", 1)
    assert 0.9 < found.effect < 1
    assert found.needed is None
    stated = lab("at_least", "ok", 40, value=0.8, where={"agent": "new"}, expected={"mean": 0.95}).power()
    assert stated.effect == found.effect
    assert stated.needed.count == 40 or stated.needed.power < 1
    assert "0.95" in stated.needed.truth
    below = lab("at_most", "ok", 40, value=0.2, where={"agent": "new"}).power()
    assert below.effect == pytest.approx(1 - found.effect, abs=1e-3)
    assert not below.above


def test_an_expectation_that_contradicts_the_claim_is_told(lab) -> None:
    found = lab("at_least", "ok", 40, value=0.8, where={"agent": "new"}, expected={"mean": 0.7}).power()
    assert found.needed is None
    assert any("does not hold" in note for note in found.basis.notes)


CANNOT = {
    "a proportion": ({"claim": "at_least", "outcome": "ok", "n": 20, "value": 0.95, "where": {"agent": "new"}}, 59),
    "a quantile": ({"claim": "at_most", "n": 20, "statistic": "p95", "value": 9, "where": {"agent": "new"}}, 59),
    "too few pairs": ({"claim": "superior", "n": 6, "expected": MEAN}, 10),
    "too few pairs, nothing known": ({"claim": "superior", "n": 6}, 10),
    "too few pairs, equivalent": ({"claim": "equivalent", "margin": 0.1, "n": 6}, 10),
    "min_pairs": ({"claim": "superior", "n": 12, "expected": MEAN, "min_pairs": 15}, 15),
    "one run a cell": ({"claim": "superior", "n": 1, "min_pairs": 1, "expected": MEAN}, 2),
    "betting": ({"claim": "superior", "outcome": "score", "n": 4}, 5),
    "tables": ({"claim": "superior", "outcome": "ok", "n": 2}, 3),
    "pairs": ({"claim": "superior", "outcome": "ok", "n": 3, "common": True}, 5),
    "medians": ({"claim": "superior", "n": 4, "statistic": "median", "expected": MEAN}, 6),
    "pass^2": (
        {"claim": "at_least", "outcome": "ok", "n": 9, "statistic": "pass^2", "value": 0.9, "where": {"agent": "new"}},
        57,
    ),
    "pass@2": (
        {"claim": "at_least", "outcome": "ok", "n": 2, "statistic": "pass@2", "value": 0.9, "where": {"agent": "new"}},
        8,
    ),
    "certainty": ({"claim": "at_least", "outcome": "ok", "n": 9, "value": 1.0, "where": {"agent": "new"}}, 0),
}


@pytest.mark.parametrize(("gate", "least"), CANNOT.values(), ids=CANNOT)
def test_gates_that_cannot_pass_say_what_it_takes(lab, gate, least) -> None:
    found = lab(**gate).power()
    assert found.least == least
    assert found.effect is None
    if least:
        enough = lab(**{**gate, "n": least}).power()
        assert enough.least is None
        assert not enough.blocked
        if least - 1 > gate["n"]:
            assert lab(**{**gate, "n": least - 1}).power().least == least


def test_units_are_told_as_replicates_too_where_these_differ(lab) -> None:
    found = lab("superior", "cost", 2, strata=4, min_pairs=20, expected=MEAN).power()
    assert (found.n, found.least, found.least_replicates) == (8, 20, 5)


BLOCKED = {
    "no such arm": ({"claim": "at_least", "value": 1, "where": {"agent": "none"}}, "no planned run fits"),
    "too few tries": (
        {"claim": "at_least", "outcome": "ok", "n": 2, "statistic": "pass^3", "value": 0.5, "where": {"agent": "new"}},
        "needs 3 replicates",
    ),
}


@pytest.mark.parametrize(("gate", "why"), BLOCKED.values(), ids=BLOCKED)
def test_gates_that_cannot_be_judged_say_why(lab, gate, why) -> None:
    assert why in lab(**gate).power().blocked


def test_what_is_not_known_is_said(lab) -> None:
    found = lab("non_inferior", "cost", 20, margin=0.5).power()
    assert found.standardised
    assert found.basis.source == "unknown"
    assert found.effect == -found.distance
    assert t_power(found.distance / math.sqrt(2 / 20), 38, 0.05) == pytest.approx(0.8, abs=0.01)
    for gate, missing in (({"margin": 0.5}, "sd"), ({"margin": "5%"}, "mean and .sd")):
        found = lab("equivalent", "cost", 20, **gate).power()
        assert found.effect is None
        assert found.basis.missing == missing
    for outcome in ("ok", "score"):
        assert lab("non_inferior", outcome, 20, margin="5%").power().basis.missing == "mean"
    assert lab("superior", "cost", 3, strata=4, common=True, min_pairs=2).power().distance == pytest.approx(
        lab("superior", "cost", 3, common=True, min_pairs=2).power().distance / 2, rel=1e-3
    )


def test_a_range_gives_a_worst_case(lab) -> None:
    worst = lab("superior", "score", 40).power()
    assert (worst.basis.source, worst.basis.sd) == ("worst", 0.5)
    assert worst.effect > lab("superior", "score", 40, expected={"mean": 0.2}).power().effect
    assert lab("superior", "ok", 40).power().basis.rate == 0.5


def test_the_control_leaves_only_so_much_of_the_range(lab) -> None:
    found = lab("superior", "score", 10, expected={"mean": 0.95, "sd": 0.1}).power()
    assert found.effect is None
    assert found.best < 0.8


def test_agents_may_have_expectations_of_their_own(lab) -> None:
    more = {"limits": {"agents": {"old": {"expected": {"outcomes": {"cost": {"sd": 5.0}}}}}}}
    wide = lab("superior", "cost", more=more).power()
    assert wide.basis.sd == 5
    both = {"limits": {**more["limits"], "expected": {"outcomes": {"cost": {"sd": 1.0}}}}}
    assert lab("superior", "cost", more=both).power().distance < wide.distance


def test_problems_as_units(lab) -> None:
    gate = {"claim": "superior", "outcome": "gain", "n": 4, "problems": 12}
    alone = lab(**gate, expected={"sd": 1.0}).power()
    assert (alone.n, alone.unit) == (12, "problem")
    assert "all of it between problems" in alone.basis.notes
    assert t_power(alone.effect / math.sqrt(2 / 12), 11, 0.05) == pytest.approx(0.8, abs=1e-3)
    between = lab(**gate, expected={"sd": 1.0, "problem_sd": 0.5}).power()
    sd = math.sqrt(0.25 + 2 / 4)
    assert t_power(between.effect / (sd / math.sqrt(12)), 11, 0.05) == pytest.approx(0.8, abs=1e-3)
    tries = {"statistic": "pass^2", "outcome": "ok", "claim": "at_least", "value": 0.2, "where": {"agent": "new"}}
    passes = lab(**{**gate, **tries}, expected={"mean": 0.9}).power()
    assert (passes.basis.source, passes.unit) == ("worst", "problem")
    assert passes.needed is None
    needed = lab(**{**gate, "claim": "non_inferior"}, margin=1.0, expected={"sd": 1.0}).power().needed
    assert needed.what == "problems"


def test_the_effect_of_interest_of_a_hypothesis_is_what_is_looked_for(lab) -> None:
    hypothesis = {
        "hypothesis_id": "h",
        "label": "l",
        "statement": "s",
        "independent_vars": ["agent"],
        "dependent_vars": ["gain"],
        "contrast": {"left": "new", "right": "old"},
        "direction": "greater",
        "minimum_effect_of_interest": 0.1,
    }
    found = lab("superior", "gain", 20, expected=MEAN, hypothesis="h", more={"hypotheses": [hypothesis]}).power()
    assert "0.1 of interest" in found.needed.truth
    assert found.needed.count == 14  # G*Power 3: d = 1, one-sided, alpha .05
    margin = lab("superior", "gain", 20, expected=MEAN, hypothesis="h", margin=0.1, more={"hypotheses": [hypothesis]})
    assert margin.power().needed is None
    assert margin.power().basis.notes == ()


def test_quantiles(lab) -> None:
    two = lab("superior", "cost", 40, statistic="median", expected={"sd": 1.0}).power()
    assert (two.how, two.needed) == ("simulated", None)
    assert two.effect < 0
    less = lab("non_inferior", "cost", 40, statistic="median", margin=1.0, expected={"sd": 1.0}).power()
    assert less.needed is not None
    assert less.needed.count is None
    share = lab("at_most", "cost", 100, statistic="p95", value=9, where={"agent": "new"}).power()
    assert share.share
    assert 0.98 < share.effect < 1
    above = lab("at_least", "cost", 100, statistic="p5", value=9, where={"agent": "new"}).power()
    assert above.effect == pytest.approx(share.effect)
    shared = lab("at_least", "cost", 4, strata=2, common=True, statistic="median", value=9, where={"agent": "new"})
    assert shared.power().least == 10


def test_pass_of_one_problem_is_told_in_its_own_terms(lab) -> None:
    gate = {"claim": "at_least", "outcome": "ok", "where": {"agent": "new"}}
    single = lab(**gate, n=60, value=0.8).power()
    every = lab(**gate, n=60, statistic="pass^2", value=0.64).power()
    assert every.effect == pytest.approx(single.effect**2, abs=1e-3)
    one = lab(**gate, n=60, statistic="pass@2", value=0.96).power()
    assert one.effect == pytest.approx(1 - (1 - single.effect) ** 2, abs=1e-3)
    assert lab(**gate, n=60, statistic="pass@2", value=0.0).power().effect is not None


def test_without_gates_there_is_nothing_to_say(study) -> None:
    from pytest_dre.analysis.power.study import study_power

    assert study_power(study(), []).gates == ()


# --- pilots


def normal(rng: np.random.Generator, sd: float = 1.0, effect: float = 0.0):
    return lambda arm, size, _: 10 + effect * (arm == "new") + rng.normal(0, sd, size)


def test_stored_runs_come_first(lab, rng) -> None:
    gate = lab("superior", "cost", 200, expected=MEAN)
    found = gate.power(gate.rows(normal(rng, 2.0)))
    assert (found.basis.source, found.basis.runs, found.basis.of) == ("stored", 400, "a run")
    assert found.basis.sd == pytest.approx(2, rel=0.1)
    few = gate.rows(normal(rng, 2.0))
    kept = [row if row.replicate <= 1 else gate_row for row, gate_row in zip(few, gate.rows(), strict=True)]
    assert gate.power(kept).basis.source == "expected"


def test_pairs_vary_less_than_their_runs(lab, rng) -> None:
    gate = lab("superior", "cost", 100, common=True)
    shared = rng.normal(0, 3, 100)
    found = gate.power(gate.rows(lambda arm, size, _: shared + rng.normal(0, 0.5, size)))
    assert found.basis.of == "a pair"
    assert found.basis.sd == pytest.approx(0.5 * math.sqrt(2), rel=0.2)
    loose = lab("superior", "cost", 100)
    assert loose.power(loose.rows(lambda arm, size, _: shared)).distance > 2 * found.distance


def test_replicates_of_shared_seeds_are_units(lab, rng) -> None:
    gate = lab("at_least", "cost", 60, strata=2, common=True, value=0.0, where={"agent": "new"})
    shared = rng.normal(0, 3, 60)
    found = gate.power(gate.rows(lambda arm, size, _: shared + rng.normal(0, 0.1, size)))
    assert found.basis.of == "a replicate"
    assert found.basis.sd == pytest.approx(3, rel=0.25)


def test_problems_are_told_from_the_runs_within_them(lab, rng) -> None:
    effects = dict(zip([f"p{index}" for index in range(200)], rng.normal(0, 0.5, 200), strict=True))

    def draw(arm, size, problem):
        return effects[problem] * (arm == "new") + rng.normal(0, 2, size)

    gate = lab("superior", "gain", 4, problems=200)
    found = gate.power(gate.rows(draw))
    assert found.basis.of == "a problem"
    assert found.basis.sd == pytest.approx(math.sqrt(0.25 + 2 * 4 / 4), rel=0.15)
    # a pilot of two tries tells what four will give
    half = [row if row.replicate <= 2 else other for row, other in zip(gate.rows(draw), gate.rows(), strict=True)]
    assert gate.power(half).basis.sd == pytest.approx(math.sqrt(0.25 + 2 * 4 / 4), rel=0.2)
    single = lab("superior", "gain", 1, problems=200)
    assert single.power(single.rows(draw)).basis.sd == pytest.approx(math.sqrt(0.25 + 8), rel=0.15)
    few = lab("superior", "gain", 4, problems=3, expected=MEAN)
    assert few.power(few.rows(lambda arm, size, _: rng.normal(0, 2, size))).basis.source == "expected"


def test_paired_problems(lab, rng) -> None:
    shared = rng.normal(0, 3, (100, 4))
    gate = lab("superior", "gain", 4, problems=100, common=True)
    found = gate.power(gate.rows(lambda arm, size, problem: shared[int(problem[1:])] + rng.normal(0, 0.5, size)))
    assert found.basis.sd == pytest.approx(0.5 * math.sqrt(2 / 4), rel=0.25)


def test_pairs_of_successes(lab, rng) -> None:
    gate = lab("superior", "ok", 40, common=True)
    alike = rng.random(40) < 0.5
    found = gate.power(gate.rows(lambda arm, size, _: np.where(rng.random(size) < 0.9, alike, rng.random(size) < 0.5)))
    loose = gate.power()
    assert found.basis.source == "stored"
    assert found.basis.notes == ()
    assert loose.basis.notes == ("pairs taken as unrelated",)
    assert found.effect < loose.effect
    always = gate.power(gate.rows(lambda arm, size, _: np.array([arm == "new" or i % 2 for i in range(size)])))
    assert always.how == "exact"


def test_a_baseline_of_the_same_runs_tells_nothing_of_pairs(lab, rng) -> None:
    gate = lab("non_inferior", "gain", 30, baseline="main", margin=0.5)
    missing = gate.power()
    assert missing.n == 30
    assert missing.standardised
    rows = gate.rows(normal(rng))
    copied = gate.power(rows, {"main": Baseline("main", rows)})
    assert copied.basis.sd == pytest.approx(1, rel=0.3)
    assert "pairs taken as unrelated" in copied.basis.notes
    other = gate.power(rows, {"main": Baseline("main", gate.rows(normal(rng, 0.1)))})
    assert other.basis.of == "a pair"
    before = gate.power(gate.rows(), {"main": Baseline("main", rows)})
    assert before.basis.source == "stored"
    assert before.effect == pytest.approx(copied.effect, rel=1e-6)
    assert copied.basis.runs == 60
    successes = lab("non_inferior", "ok", 30, baseline="main", margin=0.3)
    some = successes.rows(lambda arm, size, _: np.arange(size) % 3 > 0)
    assert "pairs taken as unrelated" in successes.power(some, {"main": Baseline("main", some)}).basis.notes
    absent = successes.power()
    assert "the missing baseline taken to have the planned runs" in absent.basis.notes


@pytest.mark.parametrize(
    ("claim", "outcome", "more"),
    [
        ("superior", "cost", {}),
        ("superior", "cost", {"common": True}),
        ("superior", "gain", {"strata": 2}),
        ("superior", "gain", {"problems": 12, "n": 3}),
        ("non_inferior", "gain", {"margin": "5%"}),
        ("equivalent", "cost", {"margin": 1.0}),
        ("at_least", "gain", {"value": 10, "where": {"agent": "new"}}),
        ("superior", "cost", {"statistic": "median", "n": 40}),
    ],
)
def test_the_effect_that_stored_runs_show_changes_nothing(lab, claim, outcome, more) -> None:
    found = []
    for effect in (0.0, 4.0, -4.0):
        gate = lab(claim, outcome, **more)
        found.append(gate.power(gate.rows(normal(np.random.default_rng(5), effect=effect))))
    for other in found[1:]:
        assert other.basis.sd == pytest.approx(found[0].basis.sd)
        assert other.effect == pytest.approx(found[0].effect, rel=1e-6)
        assert (other.needed is None) == (found[0].needed is None)
        assert other.needed is None or other.needed.count == found[0].needed.count


def test_the_treatments_successes_change_nothing(lab) -> None:
    gate = lab("superior", "ok", 30)
    found = [
        gate.power(gate.rows(lambda arm, size, _, share=share: np.arange(size) % 10 < (share if arm == "new" else 4)))
        for share in (0, 5, 10)
    ]
    assert found[0] == found[1] == found[2]
    assert found[0].basis.rate == 0.4


@given(st.lists(st.sampled_from([None, 0.0, 1.0, -1e308, 1e308, math.inf, math.nan, 0.5]), min_size=40, max_size=40))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize("outcome", ["score", "cost", "ok"])
def test_odd_outcomes_upset_nothing(lab, outcome: str, common: bool, values: list[float | None]) -> None:
    gate = lab("non_inferior", outcome, 20, common=common, margin=0.3)
    left = iter(values)
    found = gate.power(gate.rows(lambda arm, size, _: [next(left) for _ in range(size)]))
    assert found.effect is None or math.isfinite(found.effect)
    assert not found.blocked


@given(st.integers(12, 60), st.integers(1, 60), st.sampled_from([("cost", False), ("cost", True), ("score", False)]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_more_replicates_detect_smaller_effects(lab, n: int, further: int, kind: tuple[str, bool]) -> None:
    outcome, common = kind
    few, many = (
        lab("superior", outcome, count, common=common, expected={"sd": 0.2}).power() for count in (n, n + further)
    )
    assert many.distance <= few.distance * 1.03  # simulated studies of other sizes are other studies
