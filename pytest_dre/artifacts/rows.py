"""Conditions and results as rows of the tables."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pytest_dre.artifacts.cells import Row, json_cell, scalar_cell, text_cell
from pytest_dre.artifacts.schema import MANIFEST_FILE
from pytest_dre.model.runs import UNKNOWN, Condition, RunResult

DEFAULT_ACTOR = "agent"
DEFAULT_EVENT_TYPE = "assistant_output"
DEFAULT_AGGREGATION_LEVEL = "run"
DEFAULT_METRIC = "value"

_EVENT_KEYS = frozenset(("timestamp", "record_id", "text", "session_id", "actor_id", "event_type", "level"))
_EVALUATION_KEYS = frozenset(("evaluator_id", "metric_name", "metric_value", "metric_unit", "aggregation_level"))


def condition_row(study_id: str, condition: Condition, factors: tuple[str, ...], blocks: tuple[str, ...]) -> Row:
    """Return a condition's row of conditions.csv, with cells of `factors` and `blocks` in that order."""
    assignment = {
        "factors": condition.factor_assignments,
        "blocks": condition.block_assignments,
        "metadata": condition.metadata,
    }
    return (
        study_id,
        condition.condition_id,
        condition.admissible,
        json_cell(list(condition.constraint_messages)),
        json_cell({key: dict(value) for key, value in assignment.items()}),
        *(scalar_cell(condition.factor_assignments.get(name)) for name in factors),
        *(scalar_cell(condition.block_assignments.get(name)) for name in blocks),
    )


def run_row(result: RunResult, *, stale: bool = False) -> Row:
    """Return a result's row of runs.csv; `stale` if it was made with another agent, problem or seed."""
    metrics, versions = result.metrics, result.versions
    return (
        result.study_id,
        result.condition_id,
        result.run_id,
        result.problem_id,
        text_cell(result.problem_family or UNKNOWN),
        result.agent_id,
        text_cell(result.agent_kind or UNKNOWN),
        text_cell(result.pattern_name or UNKNOWN),
        text_cell(result.model_name or UNKNOWN),
        result.seed,
        result.replicate,
        result.status.value,
        result.start_time,
        result.end_time,
        result.latency_s,
        scalar_cell(metrics.get("input_tokens", 0)),
        scalar_cell(metrics.get("output_tokens", 0)),
        scalar_cell(metrics.get("cost_usd", 0.0)),
        scalar_cell(metrics.get("primary_outcome")),
        text_cell(result.trace_refs[0]) if result.trace_refs else "",
        MANIFEST_FILE,
        result.error_info,
        result.status_reason,
        json_cell(metrics),
        json_cell(result.outputs),
        json_cell(result.metadata),
        json_cell(result.trace_refs),
        result.attempts,
        result.lost_usd,
        versions.get("agent", versions.get("runner", "")),
        versions.get("problem", ""),
        stale,
    )


def event_rows(result: RunResult, otherwise: str) -> Iterator[Row]:
    """Yield the rows of events.csv of a result.

    What an event leaves open: the time is the run's end (`otherwise`, if it has none), the record is numbered in its
    run, the session is the run, the actor its agent. Keys without a column go to meta_json.
    """
    run_time = result.end_time or result.start_time or otherwise
    for number, event in enumerate(result.events, start=1):
        stamp = event.get("timestamp")
        readable = _is_time(stamp)
        meta = _remainder(event, _EVENT_KEYS, "meta")
        if stamp is not None and not readable:
            meta["timestamp"] = stamp  # readers of the table refuse what is no ISO 8601; the agent's word is kept
        yield (
            text_cell(stamp) if readable else run_time,
            text_cell(_given(event, "record_id", f"{result.run_id}-{number}")),
            text_cell(event.get("text")),
            text_cell(_given(event, "session_id", result.run_id)),
            text_cell(_given(event, "actor_id", result.agent_id or DEFAULT_ACTOR)),
            text_cell(_given(event, "event_type", DEFAULT_EVENT_TYPE)),
            json_cell(meta),
            text_cell(event.get("level")),
            result.study_id,
            result.run_id,
            result.condition_id,
        )


def evaluation_rows(result: RunResult) -> Iterator[Row]:
    """Yield the rows of evaluations.csv of a result. Keys without a column go to notes_json."""
    for row in result.evaluations:
        value = row.get("metric_value")
        yield (
            result.run_id,
            text_cell(_given(row, "evaluator_id", UNKNOWN)),
            text_cell(_given(row, "metric_name", DEFAULT_METRIC)),
            scalar_cell(value),
            text_cell(row.get("metric_unit")),
            text_cell(_given(row, "aggregation_level", DEFAULT_AGGREGATION_LEVEL)),
            json_cell(_remainder(row, _EVALUATION_KEYS, "notes")),
            json_cell(value),
        )


def _given(row: Mapping[str, Any], key: str, default: str) -> Any:
    value = row.get(key)
    return default if value is None or value == "" else value


def _remainder(row: Mapping[str, Any], known: frozenset[str], key: str) -> dict[str, Any]:
    """Return what has no column, as one map: `<key>_json` or `<key>` if that is a map, and the unknown keys."""
    rest = {name: value for name, value in row.items() if name not in known}
    if not rest:
        return rest
    merged: dict[str, Any] = {}
    for name in (f"{key}_json", key):
        value = rest.pop(name, None)
        if isinstance(value, str) and name.endswith("_json"):
            value = _parsed(value)
        if isinstance(value, Mapping):
            merged.update(value)
        elif value is not None:
            merged[key] = value
    return {**merged, **rest}


def _parsed(text: str) -> Any:
    """Return the map that the JSON text stands for, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def _is_time(stamp: object) -> bool:
    if type(stamp) is not str:
        return False
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return True
