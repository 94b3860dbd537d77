from dataclasses import replace

import pytest

from pytest_dre.analysis.aggregation import outcome_number
from pytest_dre.analysis.outcomes import outcome_reader
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.model.study import Study

RESULT = RunResult(
    study_id="s",
    condition_id="cond-1",
    run_id="run-1",
    replicate=3,
    agent_id="a",
    problem_id="p",
    seed=7,
    status=RunStatus.SUCCESS,
    latency_s=1.5,
    metrics={"primary_outcome": 9.0, "latency_s": 99, "accuracy": 0.75, "cost_usd": 0.02, "metadata": 4},
    evaluations=(
        {"metric_name": "mass", "metric_value": 10},
        {"metric_name": "mass", "metric_value": 20},
        {"metric_name": "feasible", "metric_value": True},
    ),
    events=({"event_type": "tool_call"}, {"event_type": "tool_call"}, {"text": "an answer"}),
)
BARE = RunResult("s", "cond-1", "run-2", 1, None, None, 1, RunStatus.SUCCESS)


def _study(*outcomes: dict) -> Study:
    given = [
        {"source_table": "runs", "column": "x", "aggregation": "mean", "primary": True, **item} for item in outcomes
    ]
    return Study(study_id="s", title="t", outcomes=[{"name": f"o{index}", **item} for index, item in enumerate(given)])


def _read(result: RunResult = RESULT, **outcome):
    return outcome_reader(_study(outcome)).read(result)


@pytest.mark.parametrize(
    ("column", "value", "bare"),
    [
        ("primary_outcome", 9.0, None),
        ("latency_s", 1.5, None),
        ("cost_usd", 0.02, None),
        ("input_tokens", None, None),
        ("replicate", 3, 1),
        ("accuracy", 0.75, None),
        ("metadata", 4, None),
        ("no_such_column", None, None),
    ],
)
def test_an_outcome_of_runs_is_a_column_of_the_table_else_a_metric(column, value, bare) -> None:
    assert _read(column=column) == value
    assert _read(BARE, column=column) == bare


@pytest.mark.parametrize("aggregation", ["mean", "p95"])
def test_the_column_of_a_run_has_nothing_to_aggregate(aggregation) -> None:
    assert _read(column="accuracy", aggregation=aggregation) == 0.75


@pytest.mark.parametrize(
    ("name", "column", "aggregation", "value"),
    [
        ("o", "mass", "mean", 15),
        ("o", "mass", "max", 20),
        ("o", "mass", "count", 2),
        ("o", "feasible", "last", True),
        ("o", "no_such_metric", "mean", None),
        ("mass", "metric_value", "min", 10),
        ("o", "metric_value", "sum", None),
        ("o", "metric_value", "count", 3),
        ("o", "evaluator_id", "count", 3),
    ],
)
def test_an_outcome_of_evaluations_aggregates_the_rows_of_its_metric(name, column, aggregation, value) -> None:
    outcome = {"name": name, "source_table": "evaluations", "column": column, "aggregation": aggregation}
    assert _read(**outcome) == value


@pytest.mark.parametrize(
    ("column", "count"), [("tool_call", 2), ("assistant_output", 1), ("handoff", 0), ("record_id", 3)]
)
def test_an_outcome_of_events_counts_those_of_its_type(column, count) -> None:
    assert _read(source_table="events", column=column, aggregation="count") == count
    assert _read(BARE, source_table="events", column=column, aggregation="count") == 0


@pytest.mark.parametrize(
    ("column", "aggregation", "value"),
    [
        ("tokens", "sum", 17 + 5 + 3),
        ("tokens", "count", 3),
        ("event_type", "first", "tool_call"),
        ("text", "last", "an answer"),
        ("seconds", "mean", None),
    ],
)
def test_an_outcome_of_events_aggregates_what_they_say(column, aggregation, value) -> None:
    events = (
        {"event_type": "tool_call", "tokens": 17},
        {"event_type": "tool_call", "meta": {"tokens": 5}},
        {"text": "an answer", "meta_json": {"tokens": 3}},
        {"event_type": "handoff"},
    )
    result = replace(RESULT, events=events)
    assert _read(result, source_table="events", column=column, aggregation=aggregation) == value


def test_the_values_of_one_metric_are_an_outcome_of_any_name() -> None:
    result = replace(RESULT, evaluations=({"metric_name": "mass", "metric_value": 4},))
    assert _read(result, name="o", source_table="evaluations", column="metric_value", aggregation="mean") == 4


def test_the_outcome_gives_name_and_goal() -> None:
    reader = outcome_reader(_study({"name": "accuracy", "column": "accuracy", "goal": "maximize"}, {"primary": False}))
    assert (reader.name, reader.goal) == ("accuracy", "maximize")


@pytest.mark.parametrize(
    "outcome",
    [
        {"source_table": "evaluations", "column": "mass", "aggregation": "p95"},
        {"source_table": "events", "column": "tool_call", "aggregation": "p95"},
        {"column": "accuracy", "derivation": "1 -"},
        {"column": "primary_outcome", "derivation": "the opposite"},
        {"column": "accuracy", "primary": False},
    ],
)
def test_the_run_s_own_outcome_stands_in_for_one_that_cannot_be_read(outcome) -> None:
    reader = outcome_reader(_study({**outcome, "goal": "minimize"}))
    assert (reader.name, reader.goal, reader.read(RESULT)) == ("primary_outcome", None, 9.0)


def test_of_several_primary_outcomes_none_decides_but_the_column_keeps_its_goal() -> None:
    own = {"column": "primary_outcome", "goal": "minimize"}
    reader = outcome_reader(_study(own, {"column": "accuracy", "goal": "maximize"}))
    assert (reader.name, reader.goal, reader.read(RESULT)) == ("primary_outcome", "minimize", 9.0)
    assert outcome_reader(_study(own, {**own, "goal": "maximize"})).goal is None
    assert outcome_reader(_study()).goal is None


def test_a_run_without_what_the_outcome_needs_is_without_outcome() -> None:
    assert outcome_number(_read(BARE, source_table="evaluations", column="mass")) is None
    assert outcome_number(_read(column="agent_id")) is None
