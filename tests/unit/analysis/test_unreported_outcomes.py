"""Outcomes that no successful run has a value of: what is said, and what it costs."""

from dataclasses import replace
from typing import Any

import pytest

from pytest_dre.analysis.unreported import MAX_NAMES, Unreported
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.model.study import Study

RESULT = RunResult("s", "c", "r", 1, "a", "p", 1, RunStatus.SUCCESS, latency_s=0.1)
COUNTS = {"latency_s": 0.1, "tool_call_count": 0, "cost_usd": 0, "input_tokens": 0, "output_tokens": 0}


def study(*outcomes: dict[str, Any]) -> Study:
    base = {"name": "score", "source_table": "runs", "column": "score", "aggregation": "mean"}
    return Study.model_validate({"study_id": "s", "title": "t", "outcomes": [{**base, **item} for item in outcomes]})


def texts(outcome: dict[str, Any], *results: RunResult) -> list[str]:
    found = Unreported(study(outcome))
    assert list(found.watched(results)) == list(results)
    return list(found.texts().values())


def ran(metrics: dict[str, Any], *evaluated: str, **more: Any) -> RunResult:
    rows = tuple({"metric_name": name, "metric_value": 1.0} for name in evaluated)
    return replace(RESULT, metrics={**metrics, **COUNTS, **more}, evaluations=rows)


@pytest.mark.parametrize(
    ("outcome", "result", "said"),
    [
        (
            {"column": "scor"},
            ran({"score": 1.0}, cost_usd=0.1),
            "no run reports 'scor'; they report score, cost_usd: did you mean 'score'?",
        ),
        ({"column": "cost"}, ran({"score": 1.0}), "no run reports 'cost'; they report score: did you mean 'cost_usd'?"),
        ({"column": "unlike"}, ran({"score": 1.0}), "no run reports 'unlike'; they report score"),
        ({"column": "scor"}, ran({}), "no run reports 'scor'; they report no metrics"),
        (
            {"column": "quality"},
            ran({"size": 1.0}, "quality"),
            "no run reports 'quality'; they report size: did you mean 'source_table: evaluations'?",
        ),
        (
            {"column": "qualty"},
            ran({"size": 1.0}, "quality"),
            "no run reports 'qualty'; they report size: did you mean 'quality' of 'source_table: evaluations'?",
        ),
        (
            {"source_table": "evaluations", "column": "qualty"},
            ran({"size": 1.0}, "quality", "speed"),
            "no run has an evaluation 'qualty'; theirs are quality, speed: did you mean 'quality'?",
        ),
        (
            {"source_table": "evaluations", "column": "size"},
            ran({"size": 1.0}),
            "no run has an evaluation 'size'; they have none: did you mean 'source_table: runs'?",
        ),
        ({}, ran({"score": "n/a"}), "no run has a value of 'score': it is 'n/a', no number"),
        ({"expected_type": "bool"}, ran({"score": 0.5}), "no run has a value of 'score': it is 0.5, not true or false"),
        ({"column": "status"}, ran({}), "no run has a value of 'score': it is 'success', no number"),
        ({}, ran({"score": None}), "no run has a value of 'score': 'score' is reported without one"),
        (
            {"derivation": "gain / prize"},
            ran({"gain": 2.0, "price": 3.0}),
            "no run has all that 'score' is derived from: 'prize' is nowhere; they report gain, price",
        ),
        (
            {"derivation": "gain / price"},
            ran({"gain": 2.0, "price": 0.0}),
            "no run has all that 'score' is derived from; they report gain, price",
        ),
        (
            {"source_table": "evaluations", "expected_type": "bool"},
            replace(ran({}), evaluations=({"metric_name": "score", "metric_value": "yes"},)),
            "no run has a value of 'score': it is 'yes', not true or false",
        ),
        (
            {"name": "scoer", "source_table": "evaluations", "column": "metric_value"},
            ran({}, "score", "speed"),
            "no run has an evaluation 'scoer'; theirs are score, speed: did you mean 'score'?",
        ),
        ({"source_table": "events", "column": "tokns"}, ran({}), "no event of a run says 'tokns'"),
    ],
)
def test_what_is_wrong_and_what_is_likely_meant(outcome: dict[str, Any], result: RunResult, said: str) -> None:
    assert texts(outcome, result, result) == [said]


def test_one_value_is_enough() -> None:
    assert texts({}, ran({"sore": 1}), ran({"score": 0})) == []


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_without_a_success_nothing_is_said_of_outcomes(status: str) -> None:
    assert texts({}) == []
    assert texts({}, replace(ran({"sore": 1}), status=RunStatus(status))) == []


def test_only_outcomes_that_are_declared_are_looked_for() -> None:
    found = Unreported(Study(study_id="s", title="t"))
    found.add(ran({"x": 1}))
    assert found.texts() == {}


def test_many_long_names_stay_within_bounds() -> None:
    found = Unreported(study({"column": "x" * 500}))
    for number in range(1000):
        found.add(ran({f"{number:03}{'y' * 200}": 1}))
    (text,) = found.texts().values()
    assert text.endswith(f"and {MAX_NAMES - len(COUNTS) - 8} more")
    assert len(text) < 700


def test_once_all_outcomes_have_a_value_results_are_not_looked_at() -> None:
    class Opaque:
        status = RunStatus.SUCCESS

    found = Unreported(study({}, {"name": "rows", "source_table": "events", "aggregation": "count"}))
    found.add(ran({"score": 1.0}))
    for _ in range(10):
        found.add(Opaque())  # type: ignore[arg-type]
    assert found.texts() == {}
