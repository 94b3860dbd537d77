"""What agents and runners return, in one form."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.errors import DreError
from pytest_dre.execution.plain import to_plain
from pytest_dre.execution.spending import NUMBERS, plain_metrics, wrong_number
from pytest_dre.execution.texts import to_text
from pytest_dre.model.runs import RunOutput

_MAP_PARTS = ("metrics", "events", "trace_refs", "metadata")
_OUTPUT_KEYS = ("output", "outputs")
_ANSWER_TEXTS = ("text", "final_answer", "answer")
_INPUT_TOKENS = ("input_tokens", "prompt_tokens")
_OUTPUT_TOKENS = ("output_tokens", "completion_tokens")
_as_json = json.JSONEncoder(ensure_ascii=False).encode


class InvalidOutput(DreError):
    """An agent's return has parts of the wrong kind. `metrics` are those it gave: what it cost is not lost."""

    metrics: Any = None


@dataclass(frozen=True, slots=True)
class AgentOutput:
    """An agent's return: `answer` with the objects as it gave them (for the evaluator), all else plain data.

    `failure` is the agent's own word that it did not succeed, None if it did.
    """

    answer: Mapping[str, Any]
    outputs: dict[str, Any]
    metrics: dict[str, Any]
    events: list[dict[str, Any]]
    trace_refs: list[str]
    metadata: dict[str, Any]
    failure: str | None = None


@dataclass(slots=True)
class _Parts:
    """The parts of a return, as the agent gave them."""

    answer: Any = None
    metrics: Any = None
    events: Any = None
    trace_refs: Any = None
    metadata: Any = None
    more: dict[str, Any] = field(default_factory=dict)
    failure: str | None = None


def normalize(value: Any, *, text_allowed: bool = True) -> AgentOutput:
    """Return what an agent returned in one form.

    A map may have `output` (or `outputs`), `metrics`, `events`, `trace_refs` and `metadata`; without an output its
    other keys are the outputs. Objects with these as attributes, or with `success`, `output`, `metadata` and
    `model_response`, count alike. Anything else is a text. Raises InvalidOutput.
    """
    parts = _parts(value, text_allowed)
    try:
        return _output(parts)
    except InvalidOutput as error:
        error.metrics = parts.metrics
        raise


def text_of(outputs: Mapping[str, Any]) -> str:
    """Return the outputs as one text: their text or answer if they have one, else their JSON."""
    for key in _ANSWER_TEXTS:
        if isinstance(outputs.get(key), str):
            return str(outputs[key])
    return _as_json(outputs) if outputs else ""


def _output(parts: _Parts) -> AgentOutput:
    answer = _answer(parts.answer)
    metadata = {**_plain_map("metadata", parts.more), **_plain_map("metadata", parts.metadata)}
    return AgentOutput(
        answer=answer,
        outputs=_plain_map("output", answer),
        metrics=_metrics(parts.metrics),
        events=_events(parts.events),
        trace_refs=_trace_refs(parts.trace_refs),
        metadata=metadata,
        failure=parts.failure,
    )


def _parts(value: Any, text_allowed: bool) -> _Parts:
    if type(value) is dict or isinstance(value, Mapping):
        return _from_map(value)
    if isinstance(value, RunOutput):
        return _Parts(value.outputs, value.metrics, value.events, value.trace_refs, value.metadata)
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        raise InvalidOutput("a generator was returned; return the output itself")
    if _is_result(value):
        return _from_object(value)
    if not text_allowed:
        raise InvalidOutput(f"a runner returns a RunOutput or a map, not {type(value).__name__}")
    return _Parts({"text": to_text(value)})


def _from_map(value: Mapping[Any, Any]) -> _Parts:
    given = {key: value[key] for key in _MAP_PARTS if key in value}
    rest = {key: item for key, item in value.items() if key not in given}
    for key in _OUTPUT_KEYS:
        if key in rest:
            answer = rest.pop(key)
            return _Parts(answer, more=rest, **given)
    return _Parts(rest, **given)


def _is_result(value: Any) -> bool:
    return hasattr(value, "output") and any(hasattr(value, name) for name in ("success", "metrics", "metadata"))


def _from_object(value: Any) -> _Parts:
    """Read an envelope or a result object. A result may hold its answer below `final_output`, next to its metrics."""
    output = value.output
    inner = output if isinstance(output, Mapping) and "final_output" in output else {}
    given: dict[str, Any] = {name: getattr(value, name, None) for name in _MAP_PARTS}
    for name in ("metrics", "events"):
        given[name] = given[name] or inner.get(name)
    parts = _Parts(inner.get("final_output", output), **given)
    _add_model_response(parts, getattr(value, "model_response", None))
    if getattr(value, "success", True) is False:
        parts.failure = _failure(value, parts)
    return parts


def _add_model_response(parts: _Parts, response: Any) -> None:
    """Take the tokens and the model's name from a model's response, where the agent has not given them itself."""
    if response is None:
        return
    model = _read(response, ("model",))
    if model is not None:
        parts.more["model_name"] = to_text(model)
    usage = _read(response, ("usage",))
    counts = {"input_tokens": _read(usage, _INPUT_TOKENS), "output_tokens": _read(usage, _OUTPUT_TOKENS)}
    parts.metrics = {**{key: count for key, count in counts.items() if count is not None}, **(parts.metrics or {})}


def _read(holder: Any, names: tuple[str, ...]) -> Any:
    """Return the first of the keys (of a map) or attributes that has a value."""
    values = (holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None) for name in names)
    return next((value for value in values if value is not None), None)


def _failure(value: Any, parts: _Parts) -> str:
    places = (value, parts.metadata, parts.answer)
    messages = (_read(place, ("error", "error_message", "message")) for place in places)
    return next((to_text(message) for message in messages if message), "the agent reported no success")


def _answer(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    return {"text" if isinstance(value, str) else "answer": value}


def _plain_map(name: str, value: Any, plain_of: Callable[[Any], Any] = to_plain) -> dict[str, Any]:
    if value is None or (type(value) is dict and not value):
        return {}
    if not isinstance(value, Mapping):
        raise InvalidOutput(f"{name} must be a map, not {type(value).__name__}")
    plain = plain_of(value)
    if not isinstance(plain, dict):  # a map of the agent's own making that fails when read
        raise InvalidOutput(f"{name} cannot be read: {plain}")
    return plain


def _metrics(value: Any) -> dict[str, Any]:
    metrics = _plain_map("metrics", value, plain_metrics)
    for key in NUMBERS:
        number = metrics.get(key)
        if number is not None and (fault := wrong_number(key, number)):
            raise InvalidOutput(fault)
    return metrics


def _events(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    events = to_plain(value)
    if not isinstance(events, list):
        raise InvalidOutput(f"events must be a list of maps, not {type(value).__name__}")
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            raise InvalidOutput(f"events must be a list of maps, but item {index} is {type(value[index]).__name__}")
    return events


def _trace_refs(value: Any) -> list[str]:
    if value is None:
        return []
    refs = to_plain(value)
    if isinstance(refs, str):
        return [refs]
    if not isinstance(refs, list):
        raise InvalidOutput(f"trace_refs must be a list of texts, not {type(value).__name__}")
    return [to_text(ref) for ref in refs]
