"""Constraints: which conditions are admissible, and what is said about those that are not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.constraint_expressions import COMPARE, compile_constraint
from pytest_dre.designs.points import DesignPoint
from pytest_dre.designs.texts import value_text
from pytest_dre.errors import Fault, StudyError
from pytest_dre.expressions import CompiledExpression, ExpressionError
from pytest_dre.model.factors import Constraint
from pytest_dre.model.study import Study
from pytest_dre.references import ReferenceProblem, load_reference


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint made ready: its place in the study and what it evaluates."""

    index: int
    constraint: Constraint
    expression: CompiledExpression | None
    function: Callable[..., Any] | None

    @property
    def message(self) -> str:
        """What is said about a condition that violates it."""
        constraint = self.constraint
        said = constraint.description or constraint.expression or constraint.callable_ref
        return f"{constraint.constraint_id}: {said}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a point is admissible, and the messages of the constraints it violates."""

    admissible: bool
    messages: tuple[str, ...]


class _CannotJudge(Exception):
    """A constraint fails on a point; holds the key concerned and the reason."""

    def __init__(self, key: str, reason: str, hint: str = "") -> None:
        self.key, self.reason, self.hint = key, reason, hint
        super().__init__(reason)


def compile_constraints(study: Study, base_dir: Path) -> list[Rule]:
    """Return the study's constraints, ready to be judged; raises StudyError with every fault found.

    Expressions may read factors and blocks by name, and the maps `factors` and `blocks`. A callable reference is
    loaded relative to `base_dir`.
    """
    faults: list[Fault] = []
    rules = []
    for index, constraint in enumerate(study.constraints):
        expression = function = None
        try:
            expression = _compile(study, constraint)
        except ExpressionError as error:
            faults.append(Fault(error.message, error.hint, ("constraints", index, "expression")))
        try:
            function = _load(constraint, base_dir)
        except ReferenceProblem as error:
            faults.append(Fault(str(error), "", ("constraints", index, "callable_ref")))
        rules.append(Rule(index, constraint, expression, function))
    if faults:
        raise StudyError(faults)
    return rules


def judge(rules: Sequence[Rule], points: Sequence[DesignPoint]) -> list[Verdict]:
    """Return a verdict for each point, in order.

    A constraint that fails on a point (a division by zero, say), or gives no boolean, is a fault; of each constraint
    the first such point is reported.
    """
    faults: list[Fault] = []
    violated: dict[int, list[Rule]] = {}
    for rule in rules:
        for index, point in enumerate(points):
            try:
                holds = _holds(rule, point)
            except _CannotJudge as error:
                faults.append(_fault(rule, point, error))
                break
            if not holds:
                violated.setdefault(index, []).append(rule)
    if faults:
        raise StudyError(faults)
    return [_verdict(violated.get(index, ())) for index in range(len(points))]


def _compile(study: Study, constraint: Constraint) -> CompiledExpression | None:
    return None if constraint.expression is None else compile_constraint(study, constraint.expression)


def _load(constraint: Constraint, base_dir: Path) -> Callable[..., Any] | None:
    if constraint.callable_ref is None:
        return None
    function = load_reference(constraint.callable_ref, base_dir)
    if not callable(function):
        raise ReferenceProblem(f"{constraint.callable_ref!r} is no function, but {type(function).__name__}")
    return function


def _holds(rule: Rule, point: DesignPoint) -> bool:
    if rule.expression is not None and not _expression_holds(rule.expression, point):
        return False
    return rule.function is None or _function_holds(rule.function, point)


def _expression_holds(expression: CompiledExpression, point: DesignPoint) -> bool:
    values = {"factors": point.factors, "blocks": point.blocks, **point.factors, **point.blocks}
    try:
        value = expression.evaluate(values)
    except ExpressionError as error:
        raise _CannotJudge("expression", error.message, error.hint) from error
    return _boolean("expression", value, COMPARE)


def _function_holds(function: Callable[..., Any], point: DesignPoint) -> bool:
    try:
        value = function(dict(point.factors), dict(point.blocks))
    except (Exception, SystemExit) as error:
        raise _CannotJudge("callable_ref", f"it raised {type(error).__name__}: {error}") from error
    return _boolean("callable_ref", value, "return bool(...)")


def _boolean(key: str, value: object, hint: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _CannotJudge(key, f"its value is {_shortened(repr(value))}, neither true nor false", hint)


def _fault(rule: Rule, point: DesignPoint, error: _CannotJudge) -> Fault:
    message = f"constraint {rule.constraint.constraint_id!r} fails for {_described(point.assignments)}: {error.reason}"
    return Fault(message, error.hint, ("constraints", rule.index, error.key))


def _described(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_shortened(value_text(value))}" for name, value in values.items())


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _verdict(violated: Sequence[Rule]) -> Verdict:
    if not violated:
        return _ADMISSIBLE
    admissible = all(rule.constraint.severity == "warning" for rule in violated)
    return Verdict(admissible, tuple(rule.message for rule in violated))


_ADMISSIBLE = Verdict(admissible=True, messages=())
