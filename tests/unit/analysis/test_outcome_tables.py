"""One row a planned run, with its outcomes."""

import random
import time

from pytest_dre.analysis.tables import OutcomeTable, outcome_rows
from pytest_dre.model.runs import Condition, Plan, RunResult, RunSpec, RunStatus
from pytest_dre.model.study import Study

SCORE = {"name": "score", "source_table": "runs", "column": "score", "aggregation": "mean"}


def _study(*outcomes: dict) -> Study:
    factors = [{"name": "size", "default": 1}]
    return Study(study_id="s", title="t", factors=factors, outcomes=[{**SCORE, **item} for item in outcomes])


def _plan(number: int, conditions: int = 2) -> Plan:
    made = [Condition(f"cond-{index}", {"size": index + 1}, {"day": "mo"}) for index in range(conditions)]
    runs = [
        RunSpec("s", f"run-{index}", made[index % conditions], index // conditions + 1, "solver", "puzzle", 100 + index)
        for index in range(number)
    ]
    return Plan(tuple(made), tuple(runs))


def _result(run: RunSpec, score=None, status=RunStatus.SUCCESS, reason="", **metrics) -> RunResult:
    return RunResult(
        study_id="s",
        condition_id=run.condition_id,
        run_id=run.run_id,
        replicate=run.replicate,
        agent_id=run.agent_id,
        problem_id=run.problem_id,
        seed=run.seed,
        status=status,
        status_reason=reason,
        metrics={"score": score, **metrics},
    )


def test_every_planned_run_has_a_row_in_plan_order_whatever_order_results_came_in() -> None:
    plan = _plan(6)
    results = [_result(run, run.seed) for run in plan.runs if run.run_id != "run-3"]
    random.Random(1).shuffle(results)
    rows = outcome_rows(_study({}), plan, results, stale={"run-3"})
    assert [(row.run_id, row.status, row.stale, row.values["score"]) for row in rows] == [
        ("run-0", "success", False, 100.0),
        ("run-1", "success", False, 101.0),
        ("run-2", "success", False, 102.0),
        ("run-3", "missing", True, None),
        ("run-4", "success", False, 104.0),
        ("run-5", "success", False, 105.0),
    ]
    last = rows[-1]
    assert (last.condition_id, last.factors, last.blocks) == ("cond-1", {"size": 2}, {"day": "mo"})
    assert (last.agent_id, last.problem_id, last.replicate, last.seed) == ("solver", "puzzle", 3, 105)


def test_a_failed_run_has_no_outcome_whatever_it_left() -> None:
    plan = _plan(2)
    rows = outcome_rows(_study({}), plan, [_result(plan.runs[0], 5.0, RunStatus.FAILED, "timeout")])
    assert [(row.status, row.values) for row in rows] == [("failed", {"score": None}), ("missing", {"score": None})]


def test_the_worst_value_stands_in_for_runs_that_were_carried_out_only() -> None:
    plan = _plan(6)
    runs = plan.runs
    results = [
        _result(runs[0], 3.0),
        _result(runs[1], "n/a"),
        _result(runs[2], 1.0, RunStatus.FAILED, "crashed"),
        _result(runs[3], None, RunStatus.SKIPPED, "skipped"),
        _result(runs[4], 7.0),
    ]
    policy = {"missing_data_policy": "worst", "goal": "maximize"}
    values = [row.values["score"] for row in outcome_rows(_study(policy), plan, results)]
    assert values == [3.0, 3.0, 3.0, None, 7.0, None]
    bounded = outcome_rows(_study({**policy, "range": [-1.0, 9.0]}), plan, results)
    assert [row.values["score"] for row in bounded] == [3.0, -1.0, -1.0, None, 7.0, None]
    assert [row.values["score"] for row in outcome_rows(_study({}), plan, results)][1] is None


def test_derived_outcomes_read_factors_and_each_other() -> None:
    plan = _plan(2)
    study = _study({}, {"name": "scaled", "derivation": "score * size"}, {"name": "more", "derivation": "scaled + 1"})
    rows = outcome_rows(study, plan, [_result(run, 10) for run in plan.runs])
    assert [row.values for row in rows] == [
        {"score": 10.0, "scaled": 10.0, "more": 11.0},
        {"score": 10.0, "scaled": 20.0, "more": 21.0},
    ]


def test_without_declared_outcomes_the_run_s_own_is_taken() -> None:
    plan = _plan(1)
    rows = outcome_rows(_study(), plan, [_result(plan.runs[0], primary_outcome=2)])
    assert rows[0].values == {"primary_outcome": 2.0}


def test_results_of_runs_not_planned_are_passed_over_and_set_no_worst_value() -> None:
    plan, other = _plan(2), _plan(5)
    study = _study({"missing_data_policy": "worst", "goal": "maximize"})
    results = [_result(plan.runs[0], 3.0), _result(plan.runs[1], None), _result(other.runs[4], -99.0)]
    assert [row.values["score"] for row in outcome_rows(study, plan, results)] == [3.0, 3.0]


def test_rows_tell_which_outcomes_stand_in_for_missing_ones() -> None:
    plan = _plan(4)
    study = _study({"missing_data_policy": "worst", "goal": "maximize"}, {"name": "plain"})
    results = [_result(plan.runs[0], 3.0), _result(plan.runs[1], None), _result(plan.runs[2], 9.0, RunStatus.FAILED)]
    rows = outcome_rows(study, plan, results)
    assert [row.imputed for row in rows] == [frozenset(), {"score"}, {"score"}, frozenset()]


def test_the_table_takes_results_in_as_they_stream_by() -> None:
    plan = _plan(2)
    table = OutcomeTable(_study({}), plan)
    results = [_result(run, 1.0) for run in plan.runs]
    assert list(table.watched(results)) == results
    assert table.names == ("score",)
    assert [row.values["score"] for row in table.rows()] == [1.0, 1.0]


def test_ten_thousand_runs_take_no_time_to_speak_of() -> None:
    plan = _plan(10_000)
    study = _study({}, {"name": "scaled", "derivation": "score * size + 1"})
    results = [_result(run, 1.0) for run in plan.runs]
    start = time.perf_counter()
    assert len(outcome_rows(study, plan, results)) == 10_000
    assert time.perf_counter() - start < 5
