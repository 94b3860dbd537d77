"""The metrics every run has, whatever its agent reports."""

from collections.abc import Mapping, Sequence
from typing import Any

STEP_EVENTS = frozenset({"step", "tool_call", "assistant_output"})


def complete_metrics(
    given: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    evaluations: Sequence[Mapping[str, Any]],
    latency_s: float,
) -> dict[str, Any]:
    """Return the agent's metrics, completed where it gave none.

    Counts come from the events; `latency_s` is in seconds; cost (US dollars) and tokens are 0. `primary_outcome` is
    the agent's, else the first evaluation's value; it is absent if there is neither.
    """
    kinds = [event.get("event_type") for event in events]
    derived: dict[str, Any] = {
        "tool_call_count": kinds.count("tool_call"),
        "step_event_count": sum(kind in STEP_EVENTS for kind in kinds if isinstance(kind, str)),
        "unique_actor_count": len({str(event["actor_id"]) for event in events if event.get("actor_id") is not None}),
        "latency_s": latency_s,
        "cost_usd": 0,
        "input_tokens": 0,
        "output_tokens": 0,
    }
    if evaluations:
        derived["primary_outcome"] = evaluations[0].get("metric_value")
    metrics = dict(given)
    for name, value in derived.items():
        if metrics.get(name) is None:
            metrics[name] = value
    return metrics
