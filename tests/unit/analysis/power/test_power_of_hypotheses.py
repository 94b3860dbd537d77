"""What is said of the tests that analysis plans name."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pytest_dre.analysis.power.statements import HypothesisPower
from pytest_dre.analysis.power.study import study_power
from pytest_dre.model.verdicts import OutcomeRow

HYPOTHESIS = {
    "hypothesis_id": "h",
    "label": "l",
    "statement": "s",
    "independent_vars": ["agent"],
    "dependent_vars": ["gain"],
    "contrast": {"left": "new", "right": "old"},
}
PLAN = {"analysis_plan_id": "p", "hypothesis_ids": ["h"], "tests": ["t"]}


@pytest.fixture
def power(lab, study):
    """Return what is said of a plan's tests, of `n` runs an arm with outcomes by arm, if any."""

    def of(
        hypothesis=None,
        plan=None,
        *,
        n: int = 20,
        outcomes=None,
        expected=None,
        outcome="gain",
        common=False,
        more=None,
    ) -> list[HypothesisPower]:
        made = study(
            hypotheses=[{**HYPOTHESIS, "dependent_vars": [outcome], **(hypothesis or {})}],
            analysis_plans=[{**PLAN, **(plan or {})}],
            seed_policy={"strategy": "common_random_numbers"} if common else {},
            **{"limits": {"expected": {"outcomes": {outcome: expected}}} if expected else {}, **(more or {})},
        )
        rows: list[OutcomeRow] = lab("superior", outcome, n, common=common).rows(
            None if outcomes is None else lambda arm, size, _: outcomes[arm]
        )
        return list(study_power(made, rows).hypotheses)

    return of


def test_two_means(power) -> None:
    (found,) = power(n=64)
    assert found.standardised == pytest.approx(0.5, abs=0.002)  # Cohen (1992), table 2
    assert (found.n, found.tails, found.alpha, found.how, found.scale) == ((64, 64), 2, 0.05, "exact", "d")
    assert found.effect is None
    assert found.basis.source == "unknown"
    (stated,) = power(n=64, expected={"sd": 4.0})
    assert stated.effect == pytest.approx(2, abs=0.01)
    (directed,) = power({"direction": "greater"}, n=64)
    assert directed.tails == 1
    assert directed.standardised < found.standardised


def test_pairs(power) -> None:
    (found,) = power(plan={"tests": ["paired_t"]}, n=34, common=True, expected={"sd": 1.0})
    assert (found.n, found.scale, found.how) == ((34,), "d_z", "exact")
    assert found.standardised == pytest.approx(0.5, abs=0.01)  # G*Power 3: 34 pairs
    assert found.effect == pytest.approx(found.standardised * math.sqrt(2))
    (unshared,) = power(plan={"tests": ["paired_t"]}, n=34)
    assert "needs pairs" in unshared.blocked


@pytest.mark.parametrize("policy", ["bonferroni", "holm", "benjamini-hochberg"])
def test_levels_are_shared_as_the_policy_does(power, policy: str) -> None:
    found = power(plan={"tests": ["t", "welch"], "multiple_comparison_policy": policy})
    assert [item.alpha for item in found] == [pytest.approx(0.025)] * 2
    alone = power(plan={"tests": ["t", "welch"]})
    assert [item.alpha for item in alone] == [0.05] * 2
    assert found[0].standardised > alone[0].standardised
    assert alone[1].how == "approximate"


def test_what_has_no_figure_says_so(power) -> None:
    def said(**plan) -> str:
        return power(plan=plan)[0].blocked

    assert "two arms" in said(tests=["anova"])
    assert "there is no test" in said(tests=["unheard"])
    assert "policy" in said(multiple_comparison_policy="unheard")
    assert "cannot show equivalence" in power({"direction": "equivalent"})[0].blocked
    assert power(n=1)[0].standardised is None


@pytest.mark.parametrize(
    ("outcome", "test", "why"),
    [
        ("gain", "fisher", "it is not binary"),
        ("score", "fisher", "if its values are true or false, write 'expected_type: boolean'"),
        ("gain", "chi_square", "it is a quantity, not a category"),
        ("gain", "unheard", "there is no test"),
        ("gain", "paired_t", "needs pairs"),
        ("gain", "tost", "minimum_effect_of_interest"),
    ],
)
def test_of_a_test_that_can_only_fail_no_power_is_told(power, outcome: str, test: str, why: str) -> None:
    (found,) = power(plan={"tests": [test]}, outcome=outcome)
    assert found.fails
    assert why in found.blocked
    assert found.standardised is None


@pytest.mark.parametrize("test", ["fisher", "chi_square", "t", "welch", "mann_whitney", "permutation"])
def test_outcomes_that_suit_a_test_have_a_figure(power, test: str) -> None:
    for n in (2, 3, 20):
        (found,) = power(plan={"tests": [test]}, outcome="ok", n=n)
        assert (found.fails, found.blocked) == (False, "")


def test_stored_outcomes_tell_what_is_not_declared(power) -> None:
    binary = {"new": [0.0, 1.0] * 10, "old": [1.0, 1.0] * 10}
    assert not power(plan={"tests": ["fisher"]}, outcomes=binary)[0].blocked
    counts = {"new": [0.0, 1.0] * 10, "old": [1.0, 2.0] * 10}
    assert "not binary" in power(plan={"tests": ["fisher"]}, outcomes=counts)[0].blocked
    assert "expected_type" not in power(plan={"tests": ["fisher"]}, outcomes=counts)[0].blocked
    assert not power(plan={"tests": ["chi_square"]}, outcomes=counts)[0].blocked
    gain = {"name": "gain", "source_table": "runs", "column": "gain", "aggregation": "mean"}
    whole = {"outcomes": [{**gain, "expected_type": "int", "range": [0, 1]}]}
    assert not power(plan={"tests": ["fisher"]}, more=whole)[0].blocked


def test_an_outcome_that_no_run_can_tell_has_no_figure(study, lab) -> None:
    rows = [replace(row, values={}) for row in lab("superior", "gain", 20).rows()]
    made = study(hypotheses=[HYPOTHESIS], analysis_plans=[PLAN])
    (found,) = study_power(made, rows).hypotheses
    assert "no run tells the outcome 'gain'" in found.blocked


def test_the_effect_of_interest_tells_how_many_runs(power) -> None:
    (found,) = power({"minimum_effect_of_interest": 0.5}, expected={"sd": 1.0})
    assert (found.needed.count, found.needed.what) == (64, "runs an arm")
    assert found.needed.power == pytest.approx(0.338, abs=0.002)  # G*Power 3: 20 an arm, d = 0.5
    (pairs,) = power(
        {"minimum_effect_of_interest": 0.5}, {"tests": ["paired_t"]}, expected={"sd": 1 / math.sqrt(2)}, common=True
    )
    assert (pairs.needed.count, pairs.needed.what) == (34, "pairs")
    assert power({"minimum_effect_of_interest": 0.5})[0].needed is None


def test_equivalence(power) -> None:
    (found,) = power(
        {"kind": "equivalence", "minimum_effect_of_interest": 1.0}, {"tests": ["tost"]}, n=18, expected={"sd": 1.0}
    )
    assert found.equivalence
    assert found.standardised == pytest.approx(1.0, abs=0.02)  # 2 (z.95 + z.90)^2 = 17.1, with t's tails 18 an arm
    assert found.needed.count == 18
    assert "no difference" in found.needed.truth


def test_rates(power) -> None:
    (found,) = power(plan={"tests": ["fisher"]}, n=63, outcome="ok", expected={"mean": 0.3})
    assert (found.scale, found.basis.rate) == ("h", 0.3)
    assert found.standardised == pytest.approx(0.5, abs=0.002)  # Cohen (1992), table 2
    assert found.effect == pytest.approx(math.sin(math.asin(math.sqrt(0.3)) + 0.25) ** 2 - 0.3, abs=0.002)
    (worst,) = power(plan={"tests": ["fisher"]}, n=63, outcome="ok")
    assert (worst.basis.source, worst.basis.rate) == ("worst", 0.5)
    (high,) = power(plan={"tests": ["fisher"]}, n=9, outcome="ok", expected={"mean": 0.99})
    assert high.effect is not None  # a lower rate
    (none,) = power({"direction": "greater"}, {"tests": ["fisher"]}, n=9, outcome="ok", expected={"mean": 0.99})
    assert none.effect is None
    (interest,) = power(
        {"minimum_effect_of_interest": 0.2}, {"tests": ["fisher"]}, outcome="ok", expected={"mean": 0.5}
    )
    assert interest.needed.count == 93  # (z.975 + z.8)^2 / (h^2 / 2), h = 0.4115
    (beyond,) = power({"minimum_effect_of_interest": 0.6}, {"tests": ["fisher"]}, outcome="ok", expected={"mean": 0.5})
    assert beyond.needed is None
    (few,) = power(plan={"tests": ["fisher"]}, n=3, outcome="ok")
    assert few.effect is None


def test_a_range_gives_a_worst_case(power) -> None:
    (found,) = power(outcome="score")
    assert (found.basis.source, found.basis.sd) == ("worst", 0.5)


def test_outcomes_that_are_not_declared_have_no_unit(power) -> None:
    (found,) = power({"dependent_vars": []}, {"outcomes": ["gain"]}, more={"outcomes": []})
    assert found.basis.source == "unknown"


def test_agents_may_have_expectations_of_their_own(power) -> None:
    more = {"limits": {"agents": {"old": {"expected": {"outcomes": {"gain": {"sd": 3.0}}}}}}}
    (found,) = power(more=more)
    assert found.basis.sd == 3
    more["limits"]["expected"] = {"outcomes": {"gain": {"sd": 1.0}}}
    assert power(more=more)[0].basis.sd == pytest.approx(math.sqrt(5))


def test_stored_runs_come_first_and_their_effect_changes_nothing(power) -> None:
    rng = np.random.default_rng(3)
    old, new = rng.normal(0, 2, 40), rng.normal(0, 2, 40)
    one, other = (power(n=40, outcomes={"new": new + effect, "old": old})[0] for effect in (0.0, 7.0))
    assert (one.basis.source, one.basis.runs) == ("stored", 80)
    assert one.basis.sd == pytest.approx(2, rel=0.2)
    assert other.effect == pytest.approx(one.effect)
    (pairs,) = power(plan={"tests": ["paired_t"]}, n=40, outcomes={"new": old + new / 9, "old": old}, common=True)
    assert pairs.basis.of == "a pair"
    assert pairs.basis.sd == pytest.approx(2 / 9, rel=0.2)
    (rates,) = power(plan={"tests": ["fisher"]}, n=40, outcome="ok", outcomes={"new": old > 9, "old": old > 0})
    assert rates.basis.rate == pytest.approx(0.5, abs=0.2)
    few = {"new": [1.0] + [None] * 39, "old": [2.0] + [None] * 39}
    assert power(n=40, outcomes=few)[0].basis.source == "unknown"
    halves = {"new": [1.0, 3.0] + [None] * 38, "old": [2.0] + [None] * 39}
    for test in ("t", "paired_t"):
        assert power(plan={"tests": [test]}, n=40, outcomes=halves, common=True)[0].basis.source == "unknown"


def test_chi_square_of_more_than_two_levels_has_no_figure_but_no_fault(study, lab) -> None:
    made = study(
        agent_specs=["new", "old", "third"],
        hypotheses=[
            {**{key: value for key, value in HYPOTHESIS.items() if key != "contrast"}, "dependent_vars": ["ok"]}
        ],
        analysis_plans=[{**PLAN, "tests": ["chi_square"]}],
    )
    two = lab("superior", "ok", 10).rows()
    rows = [*two, *(replace(row, agent_id="third", run_id=f"third-{row.run_id}") for row in two[:10])]
    (found,) = study_power(made, rows).hypotheses
    assert found.blocked == "power is told of comparisons of two arms only"
