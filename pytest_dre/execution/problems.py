"""Whatever stands for a problem, as a packet."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from pytest_dre.errors import DreError
from pytest_dre.execution.awaiting import settle
from pytest_dre.execution.inputs import NATIVE
from pytest_dre.model.runs import UNKNOWN, ProblemPacket
from pytest_dre.references import did_you_mean

_FIELDS = tuple(item.name for item in dataclasses.fields(ProblemPacket))


class ProblemMistake(DreError):
    """An object cannot serve as a problem."""


def packet_from(problem_id: str, value: Any) -> ProblemPacket:
    """Return the packet of a problem, under the id that the study uses.

    `value` is a packet, a function or class without required parameters that makes one, a map with a packet's fields, a
    text (the brief), or a native problem object: that is kept as `payload["problem_object"]`, and its `family`,
    `brief`, `metadata` and `evaluator` (or method `evaluate`) are used if it has them. Raises ProblemMistake.
    """
    if inspect.isroutine(value) or inspect.isclass(value):
        value = _called(value)
    match value:
        case ProblemPacket():
            return value if value.problem_id == problem_id else dataclasses.replace(value, problem_id=problem_id)
        case Mapping():
            return _from_map(problem_id, value)
        case str():
            return ProblemPacket(problem_id, brief=value)
        case None | bool() | int() | float() | list() | tuple():
            raise ProblemMistake(f"{type(value).__name__} is no problem; give a ProblemPacket or a map of its fields")
    return _from_native(problem_id, value)


def _called(factory: Any) -> Any:
    try:
        inspect.signature(factory).bind()
    except TypeError as error:
        raise ProblemMistake(
            f"the problem's factory cannot be called without arguments ({error}); give params"
        ) from None
    except ValueError:  # a builtin that hides its signature
        pass
    try:
        return settle(factory())
    except (Exception, SystemExit) as error:
        raise ProblemMistake(f"making the problem failed with {type(error).__name__}: {error}") from error


def _from_map(problem_id: str, fields: Mapping[Any, Any]) -> ProblemPacket:
    for key in fields:
        if key not in _FIELDS:
            raise ProblemMistake(f"{key!r} is no field of a problem packet; {did_you_mean(str(key), _FIELDS)}")
    checks = {"family": str, "brief": str, "payload": Mapping, "metadata": Mapping}
    for key, kind in checks.items():
        if key in fields and not isinstance(fields[key], kind):
            raise ProblemMistake(
                f"{key} must be a {'text' if kind is str else 'map'}, not {type(fields[key]).__name__}"
            )
    evaluator = fields.get("evaluator")
    if evaluator is not None and not callable(evaluator):
        raise ProblemMistake(f"evaluator must be callable, not {type(evaluator).__name__}")
    return ProblemPacket(**{**fields, "problem_id": problem_id})


def _from_native(problem_id: str, native: Any) -> ProblemPacket:
    evaluator = getattr(native, "evaluator", None) or getattr(native, "evaluate", None)
    family, brief, metadata = (getattr(native, name, None) for name in ("family", "brief", "metadata"))
    return ProblemPacket(
        problem_id,
        family=family if isinstance(family, str) else UNKNOWN,
        brief=brief if isinstance(brief, str) else "",
        payload={NATIVE: native},
        metadata=metadata if isinstance(metadata, Mapping) else {},
        evaluator=evaluator if callable(evaluator) else None,
    )
