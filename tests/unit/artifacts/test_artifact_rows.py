import json

import pytest

from pytest_dre.artifacts.rows import condition_row, evaluation_rows, event_rows, run_row
from pytest_dre.artifacts.schema import EVALUATIONS, EVENTS, RUNS
from pytest_dre.model.runs import RunStatus


@pytest.fixture
def spec(plan):
    return plan.runs[0]


def events(result):
    return [dict(zip(EVENTS.header, row, strict=True)) for row in event_rows(result, "2030-01-01T00:00:00+00:00")]


def evaluations(result):
    return [dict(zip(EVALUATIONS.header, row, strict=True)) for row in evaluation_rows(result)]


def test_a_condition_keeps_its_values_exactly_in_json(make):
    condition = make.condition(0, {"x": "1", "y": [1, {"z": None}]}, block_assignments={"day": 2})
    row = condition_row("demo", condition, ("x", "y", "gone"), ("day",))
    assert row[:3] == ("demo", "cond-000000000000", True)
    assert json.loads(row[4]) == {
        "factors": {"x": "1", "y": [1, {"z": None}]},
        "blocks": {"day": 2},
        "metadata": {"fingerprint": "fp0"},
    }
    assert row[5:] == ("1", '[1,{"z":null}]', None, 2)


def test_a_failed_run_keeps_its_error_and_reason(make, spec):
    failed = make.result(
        spec, status=RunStatus.FAILED, status_reason="agent_error", error_info="ValueError: no,\n no", metrics={}
    )
    row = dict(zip(RUNS.header, run_row(failed), strict=True))
    assert (row["status"], row["status_reason"], row["error_info"]) == ("failed", "agent_error", "ValueError: no,\n no")
    assert (row["input_tokens"], row["output_tokens"], row["cost_usd"], row["primary_outcome"]) == (0, 0, 0.0, None)


def test_the_first_trace_is_the_path_and_all_are_kept(make, spec):
    row = dict(zip(RUNS.header, run_row(make.result(spec, trace_refs=["t/1.json", "t/2.json"])), strict=True))
    assert (row["trace_path"], row["trace_refs_json"]) == ("t/1.json", '["t/1.json","t/2.json"]')
    assert row["manifest_path"] == "manifest.json"


def test_a_run_says_what_it_was_made_with_and_what_its_attempts_came_to(make, spec):
    row = dict(zip(RUNS.header, run_row(make.result(spec, attempts=3, lost_usd=0.25), stale=True), strict=True))
    own = ("attempts", "lost_usd", "agent_version", "problem_version", "stale")
    assert tuple(RUNS.header[-5:]) == own
    assert [row[name] for name in own] == [3, 0.25, "1.0", "sha-7", True]


@pytest.mark.parametrize(("versions", "said"), [({"runner": "r-1"}, ("r-1", "")), ({}, ("", ""))])
def test_a_runner_stands_for_the_agent(make, spec, versions, said):
    row = dict(zip(RUNS.header, run_row(make.result(spec, versions=versions)), strict=True))
    assert (row["agent_version"], row["problem_version"], row["stale"]) == (*said, False)


def test_what_an_event_leaves_open_comes_from_its_run(make, spec):
    assert events(make.result(spec, events=[{"text": "hi"}, {}])) == [
        {
            "timestamp": "2025-03-01T12:00:00+00:00",
            "record_id": f"{spec.run_id}-{number}",
            "text": text,
            "session_id": spec.run_id,
            "actor_id": "solver",
            "event_type": "assistant_output",
            "meta_json": "{}",
            "level": "",
            "study_id": "demo",
            "run_id": spec.run_id,
            "condition_id": spec.condition_id,
        }
        for number, text in ((1, "hi"), (2, ""))
    ]


def test_a_run_without_agent_and_times_still_gives_full_events(make, spec):
    (event,) = events(make.result(spec, agent_id=None, start_time=None, end_time=None))
    assert (event["actor_id"], event["timestamp"]) == ("agent", "2030-01-01T00:00:00+00:00")


def test_what_an_event_says_stands(make, spec):
    given = {
        "timestamp": "2025-01-01T00:00:00Z",
        "record_id": "r7",
        "session_id": "s7",
        "actor_id": "critic",
        "event_type": "tool_call",
        "level": 3,
        "text": {"say": "hi"},
    }
    (event,) = events(make.result(spec, events=[{**given, "tool": "search"}]))
    assert {key: event[key] for key in given} == {**given, "level": "3", "text": '{"say":"hi"}'}
    assert json.loads(event["meta_json"]) == {"tool": "search"}


@pytest.mark.parametrize("stamp", ["yesterday", 1700000000.5, "", ["2025"]])
def test_a_time_that_is_no_iso_text_moves_to_the_meta_data(make, spec, stamp):
    (event,) = events(make.result(spec, events=[{"timestamp": stamp}]))
    assert event["timestamp"] == "2025-03-01T12:00:00+00:00"
    assert json.loads(event["meta_json"]) == {"timestamp": stamp}


@pytest.mark.parametrize(
    ("event", "meta"),
    [
        ({"meta_json": {"a": 1}, "b": 2}, {"a": 1, "b": 2}),
        ({"meta_json": '{"a": 1}'}, {"a": 1}),
        ({"meta_json": "[1]"}, {"meta": "[1]"}),
        ({"meta_json": "{oops"}, {"meta": "{oops"}),
        ({"meta": "a remark", "meta_json": {"a": 1}}, {"a": 1, "meta": "a remark"}),
        ({"meta": None}, {}),
    ],
)
def test_meta_data_become_one_map(make, spec, event, meta):
    (row,) = events(make.result(spec, events=[event]))
    assert json.loads(row["meta_json"]) == meta


def test_what_an_evaluation_leaves_open_has_a_default(make, spec):
    assert evaluations(make.result(spec, evaluations=[{"metric_value": True}])) == [
        {
            "run_id": spec.run_id,
            "evaluator_id": "unknown",
            "metric_name": "value",
            "metric_value": True,
            "metric_unit": "",
            "aggregation_level": "run",
            "notes_json": "{}",
            "value_json": "true",
        }
    ]


def test_what_an_evaluation_says_more_is_kept_in_its_notes(make, spec):
    (row,) = evaluations(make.result(spec, evaluations=[{"metric_value": 1, "notes": "ok", "weight": 2}]))
    assert json.loads(row["notes_json"]) == {"notes": "ok", "weight": 2}
