"""Outcomes computed from what runs yielded."""

from dataclasses import replace

import pytest

from pytest_dre.analysis.missing import missing_demanded
from pytest_dre.analysis.outcomes import outcome_reader, outcome_readers
from pytest_dre.model.runs import Condition, RunResult, RunStatus
from pytest_dre.model.study import Study

CONDITION = Condition("cond-1", {"size": 4, "arm": "a"}, {"day": 2})
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
    metrics={"score": 0.75, "cost_usd": 0.5, "label": "good", "empty": None},
    evaluations=(
        {"metric_name": "mass", "metric_value": 10},
        {"metric_name": "mass", "metric_value": 20},
        {"metric_name": "score", "metric_value": 99},
        {"metric_name": "feasible", "metric_value": True},
    ),
    events=({"event_type": "tool_call"}, {"event_type": "tool_call"}),
)
FACTORS = [{"name": "size", "default": 4}, {"name": "arm", "default": "a"}]


def _study(*outcomes: dict) -> Study:
    given = [{"source_table": "runs", "column": item["name"], "aggregation": "mean", **item} for item in outcomes]
    return Study(study_id="s", title="t", factors=FACTORS, blocks=[{"name": "day", "levels": [1, 2]}], outcomes=given)


def _values(*outcomes: dict, result: RunResult = RESULT) -> dict:
    return {reader.name: reader.number(result) for reader in outcome_readers(_study(*outcomes), [CONDITION])}


@pytest.mark.parametrize(
    ("derivation", "value"),
    [
        ("1 - score", 0.25),
        ("score / cost_usd", 1.5),
        ("score if feasible else 0", 0.75),
        ("feasible and score > 0.5", 1.0),
        ("latency_s * replicate", 4.5),
        ("score * size + day", 5.0),
        ("1 if arm == 'a' else 0", 1.0),
        ("mass", 15.0),
        ("len(label)", 4.0),
        ("score / 0", None),
        ("1 - no_such_metric", None),
        ("empty + 1", None),
        ("label", None),
        ("label + 1", None),
        ("1 if score > 0.5 else no_such_metric", 1.0),
    ],
)
def test_a_derivation_computes_with_what_the_run_yielded(derivation, value) -> None:
    assert _values({"name": "derived", "derivation": derivation}) == {"derived": value}


def test_the_outcome_s_own_column_is_read_as_it_says() -> None:
    mass = {"source_table": "evaluations", "column": "mass", "aggregation": "max"}
    calls = {"source_table": "events", "column": "tool_call", "aggregation": "count"}
    assert _values(
        {"name": "lightness", "derivation": "100 - mass", **mass},
        {"name": "weight", "derivation": "weight / 10", **mass},
        {"name": "calls", "derivation": "tool_call / 4", **calls},
    ) == {"lightness": 80.0, "weight": 2.0, "calls": 0.5}


def test_a_derivation_reads_other_outcomes_in_any_order() -> None:
    assert _values(
        {"name": "profit", "derivation": "value - cost"},
        {"name": "value", "derivation": "score * 10"},
        {"name": "cost", "column": "cost_usd"},
    ) == {"profit": 7.0, "value": 7.5, "cost": 0.5}


def test_another_outcome_that_is_missing_leaves_the_derived_one_missing_too() -> None:
    integer = {"name": "score", "column": "score", "expected_type": "int"}
    assert _values(integer, {"name": "twice", "derivation": "score * 2"}) == {"score": None, "twice": None}


def test_malformed_and_circular_derivations_and_what_reads_them_cannot_be_read() -> None:
    found = _values(
        {"name": "prose", "derivation": "the mean of all"},
        {"name": "above", "derivation": "prose + 1"},
        {"name": "chicken", "derivation": "egg + 1"},
        {"name": "egg", "derivation": "chicken - 1"},
        {"name": "sound", "derivation": "score"},
    )
    assert found == {"sound": 0.75}


def test_without_conditions_what_reads_factors_is_left_out_not_missing() -> None:
    study = _study(
        {"name": "scaled", "derivation": "score * size", "missing_data_policy": "fail"},
        {"name": "half", "derivation": "scaled / 2"},
        {"name": "plain", "derivation": "score * 2"},
    )
    assert [reader.name for reader in outcome_readers(study)] == ["plain"]
    assert missing_demanded(study, replace(RESULT, metrics={})) is None
    assert missing_demanded(study, RESULT, [CONDITION]) is None
    message = missing_demanded(study, replace(RESULT, metrics={}, evaluations=()), [CONDITION])
    assert message == "the outcome 'scaled' is missing (missing_data_policy: fail)"


def test_a_derived_primary_outcome_decides() -> None:
    study = _study({"name": "loss", "derivation": "1 - score", "primary": True, "goal": "minimize"})
    reader = outcome_reader(study)
    assert (reader.name, reader.goal, reader.number(RESULT)) == ("loss", "minimize", 0.25)


@pytest.mark.parametrize(
    ("kind", "value", "number"),
    [
        ("bool", True, 1.0),
        ("boolean", 0, 0.0),
        ("Bool", 0.5, None),
        ("int", 3, 3.0),
        ("integer", 3.0, 3.0),
        ("int", 3.5, None),
        ("int", float("inf"), None),
        ("float", True, 1.0),
        ("float", "3", None),
        ("percent", 3.5, 3.5),
    ],
)
def test_values_of_another_type_than_declared_are_missing(kind, value, number) -> None:
    result = replace(RESULT, metrics={"score": value}, evaluations=())
    assert _values({"name": "score", "expected_type": kind}, result=result) == {"score": number}
