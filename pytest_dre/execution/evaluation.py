"""From an agent's answer to evaluation rows."""

import dataclasses
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pytest_dre.errors import DreError
from pytest_dre.execution.arrays import is_number
from pytest_dre.execution.awaiting import settle
from pytest_dre.execution.plain import to_plain
from pytest_dre.execution.spending import to_float
from pytest_dre.execution.texts import to_text
from pytest_dre.model.runs import ProblemPacket

Row = dict[str, Any]

ANSWER_KEYS = ("candidate", "state", "answer", "solution", "final_answer", "x")
_NO_METRICS = frozenset({"higher_is_better", "evaluator_id", "metric_unit", "aggregation_level", "notes_json"})
_EXACT = (Decimal, Fraction)
_SCALARS = (bool, int, float, *_EXACT)


class InvalidEvaluation(DreError):
    """An evaluator's return is nothing that rows can be made of."""


def answer_in(outputs: Mapping[str, Any]) -> Any:
    """Return what an evaluator is given: the first of the outputs' usual answer keys, else all outputs."""
    for key in ANSWER_KEYS:
        if key in outputs:
            return outputs[key]
    return outputs


def evaluate(packet: ProblemPacket, outputs: Mapping[str, Any]) -> list[Row]:
    """Return the rows that the problem's evaluator gives for an agent's outputs; none without an evaluator."""
    if packet.evaluator is None:
        return []
    name = getattr(packet.evaluator, "__name__", None)
    evaluator_id = name if isinstance(name, str) and name.isidentifier() else packet.problem_id
    return rows_from(settle(packet.evaluator(answer_in(outputs))), evaluator_id)


def rows_from(value: Any, evaluator_id: str) -> list[Row]:
    """Return the evaluation rows that `value` stands for.

    A number or boolean is one row, "score"; a map (or object with fields) with `metric_name` one row; of any other map
    each number or boolean is a row, `higher_is_better` excepted; lists of these are joined. Raises InvalidEvaluation.
    """
    if value is None:
        return []
    if _is_scalar(value):
        return [_row({"metric_name": "score", "metric_value": value}, evaluator_id)]
    fields = _fields(value)
    if fields is not None:
        return _rows_of_map(fields, evaluator_id)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [row for item in value for row in rows_from(item, evaluator_id)]
    raise InvalidEvaluation(f"an evaluator returns a number, a map of numbers or rows, not {type(value).__name__}")


def _is_scalar(value: Any) -> bool:
    return isinstance(value, _SCALARS) or is_number(value)


def _fields(value: Any) -> Mapping[Any, Any] | None:
    """Return a map's, dataclass's, named tuple's or plain object's fields, None if it has none."""
    if isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        named: Mapping[Any, Any] = value._asdict()
        return named
    if hasattr(value, "__dict__") and not isinstance(value, type | Iterable) and not callable(value):
        return {key: item for key, item in vars(value).items() if not key.startswith("_")}
    if hasattr(value, "model_dump"):  # a pydantic model iterates over its fields
        dumped: Mapping[Any, Any] = value.model_dump()
        return dumped
    return None


def _rows_of_map(fields: Mapping[Any, Any], evaluator_id: str) -> list[Row]:
    if "metric_name" in fields:
        return [_row(fields, evaluator_id)]
    shared = {key: fields[key] for key in _NO_METRICS if key in fields}
    return [
        _row({**shared, "metric_name": key, "metric_value": item}, evaluator_id)
        for key, item in fields.items()
        if key not in _NO_METRICS and _is_scalar(item)
    ]


def _row(fields: Mapping[Any, Any], evaluator_id: str) -> Row:
    """Return a complete row; keys beyond the table's columns stay behind them."""
    value = fields.get("metric_value")
    plain = to_plain({**fields, "metric_value": to_float(value)} if isinstance(value, _EXACT) else fields)
    row = {
        "evaluator_id": to_text(plain.pop("evaluator_id", None) or evaluator_id),
        "metric_name": to_text(plain.pop("metric_name")),
        "metric_value": plain.pop("metric_value", None),
        "metric_unit": to_text(plain.pop("metric_unit", None) or "unitless"),
        "aggregation_level": to_text(plain.pop("aggregation_level", None) or "run"),
        "notes_json": plain.pop("notes_json", None) or {},
    }
    plain.pop("higher_is_better", None)
    return {**row, **plain}
