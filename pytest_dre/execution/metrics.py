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
    tool_calls = steps = 0
    actors = set()
    for event in events:  # one pass: thousands of runs have an event or two
        kind, actor = event.get("event_type"), event.get("actor_id")
        tool_calls += kind == "tool_call"
        steps += isinstance(kind, str) and kind in STEP_EVENTS
        if actor is not None:
            actors.add(str(actor))
    derived: dict[str, Any] = {
        "tool_call_count": tool_calls,
        "step_event_count": steps,
        "unique_actor_count": len(actors),
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
