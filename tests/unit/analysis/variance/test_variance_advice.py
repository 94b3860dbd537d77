"""Advice on gates: what limits their intervals, and what more runs would do and cost."""

import random
import time
from dataclasses import replace

import pytest
from made_up_studies import outcome_specs

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.analysis.variance.advice import advise, outcome_advice, ungated_outcomes
from pytest_dre.analysis.variance.observations import of_arms, of_rows
from pytest_dre.model.runs import Spending

PROBLEMS = tuple(f"p{number}" for number in range(12))


def noisy(problem=1.0, response=0.3, run=1.0, seed=1):
    """Return outcomes with parts of the problem, of how it responds to each agent, and of the run."""
    draw = random.Random(seed)
    parts = {}

    def value(agent, name, style, replicate):
        main = parts.setdefault(name, draw.gauss(0, problem))
        answer = parts.setdefault((name, agent), draw.gauss(0, response))
        return main + answer + 0.5 * style + draw.gauss(0, run)

    return value


def advice_of(study, rows, spent=None, **baselines):
    verdicts = judge_gates(study, rows, baselines)
    return advise(study, rows, baselines, verdicts, spent or {}).get("g")


def by_kind(advice):
    return {item.what: item for item in advice.options}


def test_problems_as_units(study, gate, rows):
    found = advice_of(study(gate()), rows("cost", noisy(), problems=PROBLEMS, replicates=5))
    assert found.outcome == "cost"
    assert list(found.components) == ["condition", "problem", "problem_by_arm", "replicate"]
    assert 0 <= found.icc_low <= found.icc <= found.icc_high <= 1
    options = by_kind(found)
    assert list(options) == ["replicates", "problems"]
    assert {item.runs for item in found.options} == {120}
    assert 0 <= options["replicates"].narrowing <= options["problems"].narrowing
    # t with 11 and 23 degrees of freedom
    assert options["problems"].narrowing == pytest.approx(1 - 1.713872 / 1.795885 / 2**0.5, abs=1e-6)


def test_how_problems_respond_limits_a_comparison_not_how_hard_they_are(study, gate, rows):
    hard = by_kind(advice_of(study(gate()), rows("cost", noisy(problem=50, response=0), problems=PROBLEMS)))
    assert hard["replicates"].narrowing > 0.15
    moody = by_kind(advice_of(study(gate()), rows("cost", noisy(problem=0, response=50), problems=PROBLEMS)))
    assert moody["replicates"].narrowing < 0.01


def test_the_order_of_rows_does_not_matter(study, gate, rows):
    data = rows("cost", noisy(), problems=PROBLEMS, styles=(1, 2))
    moved = random.Random(2).sample(data, len(data))
    assert advice_of(study(gate()), data) == advice_of(study(gate()), moved)


def test_money_is_the_mean_of_the_gates_runs(study, gate, rows):
    data = rows("cost", noisy(), problems=PROBLEMS, replicates=2)
    spent = {row.run_id: Spending(0.01 if row.agent_id == "new" else 0.03, seconds=2.0) for row in data}
    for option in advice_of(study(gate()), data, spent).options:
        assert (option.runs, option.cost_usd, option.seconds) == (48, pytest.approx(0.96), pytest.approx(96))
    arm = advice_of(study(gate(value=3.0, where={"agent": "new"})), data, spent)
    assert [item.cost_usd for item in arm.options] == pytest.approx([0.24, 0.24])
    free = {run_id: Spending(seconds=item.seconds) for run_id, item in spent.items()}
    assert all(item.cost_usd is None and item.seconds for item in advice_of(study(gate()), data, free).options)
    assert all(item.cost_usd is item.seconds is None for item in advice_of(study(gate()), data).options)


def test_an_interval_without_width_is_not_to_be_narrowed(study, gate, rows):
    found = advice_of(study(gate()), rows("cost", lambda agent, *_: 2.0 if agent == "new" else 1.0, replicates=12))
    assert found.options == ()


def test_seeds_that_occur_once_are_no_component(study, gate, rows):
    data = [
        replace(row, seed=number)
        for number, row in enumerate(rows("cost", noisy(), problems=PROBLEMS, replicates=5, shared=True))
        if row.agent_id == "new"
    ]
    common = study(gate(value=3.0, where={"agent": "new"}), seed_policy={"strategy": "common_random_numbers"})
    found = advice_of(common, data)
    assert list(found.components) == ["problem", "replicate"]
    assert not any("seeds" in note for note in found.notes)


def test_one_replicate_leaves_two_things_in_one(study, gate, rows):
    data = rows("cost", noisy(), problems=PROBLEMS, replicates=1)
    found = advice_of(study(gate()), data)
    assert "residual" in found.components
    assert (
        "with one replicate a cell, replicates and how problems respond to the arms cannot be told apart" in found.notes
    )
    replicates = by_kind(found)["replicates"]
    assert replicates.narrowing is None
    assert "replicates and how problems respond to the arms cannot be told apart" in replicates.reason
    assert by_kind(found)["problems"].narrowing > 0
    alone = by_kind(advice_of(study(gate(value=3.0, where={"agent": "new"})), data))["replicates"]
    assert "differences between problems cannot be told apart" in alone.reason


def test_one_problem_tells_nothing_of_others(study, gate, rows):
    found = advice_of(study(gate()), rows("cost", noisy(), replicates=15))
    assert found.icc is None
    options = by_kind(found)
    assert options["replicates"].narrowing == pytest.approx(0.3, abs=0.02)
    assert options["problems"].narrowing is None
    assert "one problem" in options["problems"].reason


def test_strata_without_problems(study, gate, rows):
    data = rows("cost", noisy(), problems=(None,), styles=(1, 2), replicates=10)
    assert list(by_kind(advice_of(study(gate()), data))) == ["replicates", "strata"]
    scarce = rows("cost", noisy(), problems=(None,), styles=range(12), replicates=1)
    found = advice_of(study(gate()), scarce)
    assert found.components == {}
    assert found.notes == ("with one run a condition, where the variance comes from cannot be told",)
    options = by_kind(found)
    assert options["replicates"].narrowing is None
    assert options["strata"].narrowing > 0.29
    common = study(gate(), seed_policy={"strategy": "common_random_numbers"})
    shared = rows("cost", noisy(), problems=(None,), styles=(1, 2), replicates=12, shared=True)
    assert list(by_kind(advice_of(common, shared))) == ["replicates"]


def test_shared_seeds_are_a_component(study, gate, rows):
    common = study(gate(), seed_policy={"strategy": "common_random_numbers"})
    found = advice_of(common, rows("cost", noisy(), problems=PROBLEMS, styles=(1, 2), shared=True))
    assert {"seed", "problem_by_condition"} <= found.components.keys()


def test_what_the_design_holds_together_is_told(study, gate, rows):
    common = study(gate(), seed_policy={"strategy": "common_random_numbers"})
    found = advice_of(common, rows("cost", noisy(), problems=PROBLEMS, replicates=1, shared=True))
    assert (
        "differences between seeds and differences between problems cannot be told apart in this design" in found.notes
    )
    apart = [
        row
        for style, problem in enumerate(PROBLEMS)
        for row in rows("cost", noisy(), problems=(problem,), styles=(style,))
        if row.agent_id == "new"
    ]
    alone = outcome_advice(study(), "cost", apart)
    assert "differences between problems cannot be told from the other components in this design" in alone.notes
    assert alone.icc is None


def test_a_statistic_of_given_problems(study, gate, rows):
    found = advice_of(study(gate(value=3.0, statistic="median")), rows("cost", noisy(), problems=PROBLEMS))
    assert by_kind(found)["replicates"].narrowing > 0.1
    assert "held fixed" in by_kind(found)["problems"].reason


def test_passes_in_several_tries(study, gate, rows):
    succeeds = random.Random(3)
    data = rows("ok", lambda *_: float(succeeds.random() < 0.6), problems=PROBLEMS)
    found = advice_of(study(gate("ok", value=0.9, statistic="pass^2")), data)
    assert "pass^2" in by_kind(found)["replicates"].reason
    assert by_kind(found)["problems"].narrowing > 0.2


def test_a_baseline_is_paired_and_doubled_too(study, gate, rows):
    now, then = (rows("score", lambda *_: 0.5 + random.random() / 9, problems=PROBLEMS) for _ in range(2))
    guarded = study(gate("score", baseline="main", claim="non_inferior", margin=0.2))
    found = advice_of(guarded, now, main=Baseline("main", then))
    assert "seed" in found.components
    assert {item.runs for item in found.options} == {len(now) + len(then)}


def test_nothing_varies(study, gate, rows):
    found = advice_of(study(gate()), rows("cost", lambda *_: 0.25, problems=PROBLEMS))
    assert found.notes == ("the values do not vary",)
    assert found.icc is None
    assert all(item.narrowing is None for item in found.options)


def test_only_what_is_judged_is_advised_on(study, gate, rows):
    data = rows("cost", noisy(), problems=PROBLEMS)
    lacking = [
        row if row.replicate > 1 else type(row)(**{**as_dict(row), "status": "missing", "values": {}}) for row in data
    ]
    assert advice_of(study(gate()), lacking) is None
    elsewhere = gate(baseline="main")
    assert advice_of(study(elsewhere), data) is None


def test_advice_follows_the_runs_of_today(study, gate, rows):
    # verdicts of other rows than those at hand give no advice, rather than a wrong one
    data = rows("cost", noisy(), problems=PROBLEMS)
    made = study(gate())
    assert advise(made, [], {}, judge_gates(made, data), {}) == {}


def as_dict(row):
    return {name: getattr(row, name) for name in type(row).__dataclass_fields__}


def test_lost_values_leave_unbalanced_data(study, gate, rows):
    tell = noisy()
    data = rows(
        "cost",
        lambda *at: None if at[3] == 1 and at[1] in ("p1", "p2") else tell(*at),
        problems=PROBLEMS,
        replicates=3,
    )
    found = advice_of(study(gate()), data)
    assert list(found.components) == ["condition", "problem", "problem_by_arm", "replicate"]
    assert {item.runs for item in found.options} == {72}, "as many as planned"


def test_strata_that_lost_an_arm_are_left_out(study, rows):
    lost = rows("cost", lambda *at: None if at[0] == "new" and at[1] == "p1" else 1.0, problems=("p1", "p2"))
    made = study()
    seen = of_rows(made, "cost", lost)
    assert len(seen.values) == 12
    assert of_rows(made, "score", lost) is None
    assert outcome_advice(made, "score", lost) is None


def test_arms_without_values_are_nothing(study, gate, rows):
    from pytest_dre.analysis.gates.arms import arms_of
    from pytest_dre.analysis.gates.question import ask

    made = study(gate())
    arms = arms_of(made, ask(made, made.gates[0]), rows("cost", lambda *_: None), {})
    assert of_arms("cost", arms) is None


def test_outcomes_without_gates(study, gate, rows):
    outcomes = [*outcome_specs("cost", primary=True), *outcome_specs("score", "ok")]
    made = study(gate(), outcomes=outcomes)
    assert ungated_outcomes(made) == ["score"]
    assert ungated_outcomes(study(outcomes=outcomes)) == ["cost", "score"]
    assert ungated_outcomes(study(outcomes=[], gates=[])) == ["primary_outcome"]
    unclear = {"gate_id": "g", "claim": "superior", "hypothesis": "h"}
    assert ungated_outcomes(study(unclear, outcomes=outcomes)) == ["cost", "score"]
    found = outcome_advice(made, "score", rows("score", noisy(), problems=PROBLEMS, styles=(1, 2)))
    assert list(found.components) == ["condition", "problem", "problem_by_condition", "replicate"]
    assert found.options == ()


def test_problems_as_a_factor_are_no_condition(study, gate):
    from pytest_dre.model.verdicts import OutcomeRow

    tell = noisy()
    data = [
        OutcomeRow(
            f"{agent}{p}{r}",
            f"c{p}",
            {"problem": p},
            {},
            agent,
            p,
            r,
            r,
            "success",
            False,
            {"cost": tell(agent, p, 1, r)},
        )
        for p in PROBLEMS
        for agent in ("new", "old")
        for r in (1, 2, 3)
    ]
    factors = [{"name": "problem", "levels": [{"name": name, "value": name} for name in PROBLEMS]}]
    found = advice_of(study(gate(), factors=factors), data)
    assert list(found.components) == ["condition", "problem", "problem_by_arm", "replicate"]


@pytest.mark.parametrize(("problems", "replicates"), [(1, 5000), (500, 10), (5000, 1)])
def test_ten_thousand_runs_are_judged_and_advised_on_in_three_seconds(study, gate, rows, problems, replicates):
    draw = random.Random(4)
    names = [f"p{number}" for number in range(problems)]
    data = rows("score", lambda *_: draw.random(), problems=names, replicates=replicates)
    advice_of(study(gate("score")), data[:40])  # what is imported late
    started = time.process_time()
    assert advice_of(study(gate("score")), data) is not None
    assert time.process_time() - started < 3
