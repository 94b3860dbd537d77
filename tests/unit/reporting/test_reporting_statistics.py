import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.model.runs import Plan
from pytest_dre.reporting.statistics import Moments, outcome_number, tally, totals


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


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (True, 1.0),
        (False, 0.0),
        (2, 2.0),
        (0.5, 0.5),
        (math.inf, math.inf),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (math.nan, None),
        (None, None),
        ("0.5", None),
        ([1], None),
    ],
)
def test_what_counts_as_a_number(value, number) -> None:
    assert outcome_number(value) == number


def test_a_tally_tells_what_became_of_each_run(make_study, make_plan, make_result) -> None:
    plan = make_plan(make_study(budget=[1, 2]), replicates=5)
    first, second = plan.runs[:5], plan.runs[5:]
    results = [
        make_result(first[0], 1.0, cost=0.25),
        make_result(first[1], 3.0, cost=0.5),
        make_result(first[2], 99.0, status="failed", reason="timeout", cost=1),
        make_result(first[3], status="skipped", reason="no endpoint"),
        make_result(second[0], True),
        make_result(second[1], "text", cost="unknown"),
        make_result(second[2], float("nan"), cost=math.inf),
        make_result(second[3], status="failed"),
        make_result(second[4], status="running"),
    ]
    study = tally(plan, iter(results), cached={first[0].run_id, second[0].run_id, second[1].run_id})
    one, two = study.conditions
    assert (one.planned, one.done, one.failed, one.skipped, one.missing, one.cached) == (5, 2, 1, 1, 1, 1)
    assert (one.outcome.count, one.outcome.mean, one.without_outcome) == (2, 2.0, 0)
    assert one.outcome.deviation == pytest.approx(math.sqrt(2))
    assert one.cost_usd == 1.75
    assert (two.done, two.failed, two.missing, two.cached) == (3, 1, 1, 2)
    assert (two.outcome.count, two.outcome.mean, two.without_outcome, two.cost_usd) == (1, 1.0, 2, 0)
    assert dict(study.failures) == {"timeout": 1, "no reason given": 1}
    assert dict(study.skips) == {"no endpoint": 1}
    sums = totals(study)
    assert (sums.planned, sums.done, sums.failed, sums.skipped, sums.missing) == (10, 5, 2, 1, 2)
    assert (sums.cached, sums.without_outcome, sums.outcomes, sums.cost_usd) == (3, 2, 3, 1.75)


def test_results_of_conditions_that_are_not_planned_are_counted_apart(make_study, make_plan, make_result) -> None:
    study = make_study(budget=[1, 2])
    plan = make_plan(study, rejected=lambda assigned: assigned["budget"] == 2)
    stale = make_plan(study).runs[-1]
    counted = tally(plan, [make_result(stale, 1.0)])
    assert counted.unplanned == 1
    assert [item.condition.factor_assignments for item in counted.conditions] == [{"budget": 1}]
    assert totals(counted).done == 0


def test_runs_of_a_condition_that_the_plan_does_not_list_count(make_study, make_plan, make_result) -> None:
    plan = make_plan(make_study(budget=[1]))
    counted = tally(Plan((), plan.runs), [make_result(plan.runs[0], 1.0)])
    assert [(item.planned, item.done) for item in counted.conditions] == [(2, 1)]
