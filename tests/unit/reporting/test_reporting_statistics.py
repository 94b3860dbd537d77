import math
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.model.runs import Plan
from pytest_dre.model.study import Study
from pytest_dre.reporting.statistics import Moments, tally, totals


def _moments(values) -> Moments:
    moments = Moments()
    for value in values:
        moments.add(value)
    return moments


@given(st.lists(st.floats(-1e6, 1e6), min_size=2))
def test_mean_and_deviation_are_the_textbook_ones(values: list[float]) -> None:
    moments = _moments(values)
    assert moments.count == len(values)
    assert moments.mean == pytest.approx(statistics.mean(values), rel=1e-9, abs=1e-6)
    assert moments.deviation == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)


def test_no_digits_are_lost_far_from_zero() -> None:
    assert _moments([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]).deviation == pytest.approx(math.sqrt(30), rel=1e-12)


def test_few_numbers_have_no_deviation() -> None:
    assert (_moments([]).mean, _moments([]).deviation) == (None, None)
    assert (_moments([3]).mean, _moments([3]).deviation) == (3, None)


def test_infinities_are_counted_and_make_the_mean_infinite() -> None:
    moments = _moments([1, math.inf, 2])
    assert (moments.count, moments.mean, moments.deviation) == (3, math.inf, None)
    both = _moments([math.inf, -math.inf])
    assert both.mean is not None
    assert math.isnan(both.mean)


def test_a_tally_tells_what_became_of_each_run(make_study, make_plan, make_result) -> None:
    study = make_study(budget=[1, 2])
    plan = make_plan(study, replicates=5)
    first, second = plan.runs[:5], plan.runs[5:]
    results = [
        make_result(first[0], 1.0, cost=0.25),
        make_result(first[1], 3.0, cost=0.5),
        make_result(first[2], 99.0, status="failed", reason="timeout", cost=1),
        make_result(first[3], status="skipped", reason="skipped", error="no endpoint"),
        make_result(second[0], True),
        make_result(second[1], "text", cost="unknown"),
        make_result(second[2], float("nan"), cost=math.inf),
        make_result(second[3], status="failed"),
        make_result(second[4], status="running"),
    ]
    cached = {first[0].run_id, second[0].run_id, second[1].run_id}
    earlier = {run.run_id for run in (first[0], first[1], first[2], first[3], second[2])}
    counted = tally(study, plan, iter(results), cached, earlier)
    one, two = counted.rows
    assert (one.planned, one.done, one.failed, one.skipped, one.missing, one.cached) == (5, 2, 1, 1, 1, 1)
    assert (one.outcome.count, one.outcome.mean, one.without_outcome) == (2, 2.0, 0)
    assert one.outcome.deviation == pytest.approx(math.sqrt(2))
    assert one.cost_usd == 1.75
    assert (two.done, two.failed, two.missing, two.cached) == (3, 1, 1, 2)
    assert (two.outcome.count, two.outcome.mean, two.without_outcome, two.cost_usd) == (1, 1.0, 2, 0)
    assert dict(counted.failures) == {"timeout": 1, "no reason given": 1}
    assert dict(counted.skips) == {"no endpoint": 1}
    assert (counted.earlier_done, counted.earlier_failed) == (2, 1)
    sums = totals(counted)
    assert (sums.planned, sums.done, sums.failed, sums.skipped, sums.missing) == (10, 5, 2, 1, 2)
    assert (sums.cached, sums.without_outcome, sums.outcomes, sums.cost_usd) == (3, 2, 3, 1.75)


def test_results_of_conditions_that_are_not_planned_are_counted_apart(make_study, make_plan, make_result) -> None:
    study = make_study(budget=[1, 2])
    plan = make_plan(study, rejected=lambda assigned: assigned["budget"] == 2)
    stale = make_plan(study).runs[-1]
    counted = tally(study, plan, [make_result(stale, 1.0)])
    assert counted.unplanned == 1
    assert [item.condition.factor_assignments for item in counted.rows] == [{"budget": 1}]
    assert totals(counted).done == 0


def test_runs_of_a_condition_that_the_plan_does_not_list_count(make_study, make_plan, make_result) -> None:
    study = make_study(budget=[1])
    plan = make_plan(study)
    counted = tally(study, Plan((), plan.runs), [make_result(plan.runs[0], 1.0)])
    assert [(item.planned, item.done) for item in counted.rows] == [(2, 1)]


def test_agents_are_told_apart_and_problems_pooled(make_study, make_plan, make_result) -> None:
    study = make_study(budget=[1, 2])
    plan = make_plan(study, agent=["a", "b"], problem=["p", "q", "r"])
    counted = tally(study, plan, [make_result(run, 1.0 if run.agent_id == "a" else 5.0) for run in plan.runs])
    assert counted.by_agent
    assert counted.problems == 3
    rows = [(row.condition.factor_assignments["budget"], row.agent_id, row.planned, row.done) for row in counted.rows]
    assert rows == [(1, "a", 6, 6), (1, "b", 6, 6), (2, "a", 6, 6), (2, "b", 6, 6)]
    assert [row.outcome.mean for row in counted.rows] == [1.0, 5.0, 1.0, 5.0]
    assert tally(study, plan, [make_result(replace(plan.runs[0], agent_id="gone"), 1.0)]).unplanned == 1


def test_agents_and_problems_that_a_factor_tells_apart_are_no_rows_of_their_own(
    make_study, make_plan, make_result
) -> None:
    study = make_study(agent=["a", "b"])
    plan = make_plan(study)
    runs = tuple(
        replace(run, agent_id=name, problem_id=f"for {name}")
        for run in plan.runs
        for name in [run.condition.assignments["agent"]]
    )
    counted = tally(study, Plan(plan.conditions, runs), [make_result(run, 1.0) for run in runs])
    assert not counted.by_agent
    assert (counted.problems, [row.done for row in counted.rows]) == (1, [2, 2])


def test_a_condition_without_runs_has_a_row_beside_those_of_agents(make_study, make_plan) -> None:
    study = make_study(budget=[1, 2])
    plan = make_plan(study, agent=["a", "b"])
    runs = tuple(run for run in plan.runs if run.condition.assignments["budget"] == 1)
    rows = tally(study, Plan(plan.conditions, runs), []).rows
    assert [(row.agent_id, row.planned) for row in rows] == [("a", 2), ("b", 2), (None, 0)]


def test_the_declared_outcome_is_what_is_averaged(make_study, make_plan, make_result) -> None:
    outcome = {"name": "seconds", "source_table": "runs", "column": "latency_s", "aggregation": "mean", "primary": True}
    study = Study.model_validate({**make_study(level=[1]).model_dump(), "outcomes": [{**outcome, "goal": "minimize"}]})
    plan = make_plan(study)
    counted = tally(study, plan, [replace(make_result(run, 99), latency_s=seed) for seed, run in enumerate(plan.runs)])
    assert (counted.outcome.name, counted.outcome.goal) == ("seconds", "minimize")
    assert counted.rows[0].outcome.mean == 0.5


def test_reasons_without_end_are_counted_together(make_study, make_plan, make_result) -> None:
    study = make_study(level=[1])
    plan = make_plan(study, 150)
    results = [
        make_result(run, status="skipped", reason="skipped", error=f"run {index} " + "x" * 1000)
        for index, run in enumerate(plan.runs)
    ]
    skips = tally(study, plan, results).skips
    assert (len(skips), skips.total(), skips["other reasons"]) == (101, 150, 50)
    assert max(map(len, skips)) == 200


@given(st.data())
def test_rows_partition_the_runs(make_study, make_plan, make_result, data) -> None:
    study = make_study(level=[1, 2])
    agents = data.draw(st.lists(st.sampled_from(["a", "b", None]), min_size=1, unique=True))
    problems = data.draw(st.lists(st.sampled_from(["p", "q", None]), min_size=1, unique=True))
    plan = make_plan(study, 2, agent=agents, problem=problems)
    done = data.draw(st.lists(st.sampled_from(plan.runs), unique_by=lambda run: run.run_id))
    counted = tally(study, plan, [make_result(run, 1.0) for run in done])
    assert len(counted.rows) == 2 * (len(agents) if counted.by_agent else 1)
    assert counted.by_agent == (len(agents) > 1)
    assert counted.problems == len(problems)
    assert (totals(counted).planned, totals(counted).done) == (len(plan.runs), len(done))


def test_costs_beyond_the_floats_break_no_summary(make_study, make_plan, make_result):
    plan = make_plan(make_study(budget=[1, 2]))
    dear = [replace(make_result(run, 1.0), lost_usd=1.5e308) for run in plan.runs]
    assert totals(tally(make_study(budget=[1, 2]), plan, dear)).cost_usd == math.inf
