"""What a study says of its gates elsewhere than in them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from pytest_dre.canonical import canonical_json
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS
from pytest_dre.model.hypotheses import Hypothesis, OutcomeSpec
from pytest_dre.model.running import Gate, GateContrast
from pytest_dre.model.study import Study

ONE_ARMED = ("at_least", "at_most")  # claims about a value


def hypothesis_of(study: Study, gate: Gate) -> Hypothesis | None:
    """Return the hypothesis that the gate names, None if it names none, or none that is there."""
    return next((item for item in study.hypotheses if item.hypothesis_id == gate.hypothesis), None)


def higher_is_better(gate: Gate, hypothesis: Hypothesis | None, spec: OutcomeSpec) -> bool | None:
    """Return the direction: the hypothesis's if its arms are compared, else the outcome's goal; None if unsaid."""
    goal = {"maximize": True, "minimize": False}.get(spec.goal or "")
    said = {"greater": True, "less": False}.get(hypothesis.direction) if hypothesis is not None else None
    first, second = (said, goal) if gate.contrast is None and gate.baseline is None else (goal, said)
    return second if first is None else first


def gate_contrast(gate: Gate, hypothesis: Hypothesis | None) -> GateContrast | None:
    """Return the arms: the gate's, else those of a hypothesis about one variable; a baseline or value has none."""
    if gate.contrast is not None or gate.baseline is not None or gate.claim in ONE_ARMED:
        return gate.contrast
    if hypothesis is None or hypothesis.contrast is None or len(hypothesis.independent_vars) != 1:
        return None
    left, right = hypothesis.contrast.left, hypothesis.contrast.right
    if left is None or right is None:
        return None
    return GateContrast(factor=hypothesis.independent_vars[0], treatment=left, control=right)


def outcome_of(study: Study, gate: Gate) -> OutcomeSpec | None:
    """Return the outcome a gate is about: its own, its hypothesis's only one, else the study's only primary one."""
    hypothesis = hypothesis_of(study, gate)
    name = gate.outcome
    if name is None and hypothesis is not None and len(hypothesis.dependent_vars) == 1:
        name = hypothesis.dependent_vars[0]
    if name is not None:
        return next((item for item in study.outcomes if item.name == name), None)
    allowed = hypothesis.dependent_vars if hypothesis is not None else ()
    primary = [item for item in study.outcomes if item.primary and (not allowed or item.name in allowed)]
    return primary[0] if len(primary) == 1 else None


def level_value(study: Study, name: str, value: Any) -> Any:
    """Return the value that runs have where a gate writes `value` of a factor, block, the agent or the problem.

    That is a factor's level of this name, else a level that is the value, else the one that reads alike: the text "2"
    stands for the number 2, and the other way round, unless both are levels. What names nothing is returned as it is.
    Raises RecursionError or ValueError for data that contains itself.
    """
    factor = next((item for item in study.factors if item.name == name), None)
    if factor is not None:
        named = {level.name: level.value for level in reversed(factor.levels)}
        if isinstance(value, str) and value in named:
            return named[value]
        return _of_values(factor.values, value, named)
    block = next((item for item in study.blocks if item.name == name), None)
    if block is not None:
        return _of_values(block.levels, value)
    return value_name(value) if name in (*AGENT_FACTORS, *PROBLEM_FACTORS) else value


def _of_values(values: Iterable[Any], value: Any, named: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """Return the one of `values` that `value` is, else one that has its name or reads like it, else `value`."""
    values = tuple(values)
    if is_among(value, values):
        return value
    name = value_name(value)
    return named[name] if name in named else next((item for item in values if value_name(item) == name), value)


def is_among(value: Any, values: Iterable[Any]) -> bool:
    """Return whether runs with one of `values` have this one: true is not 1 there, but 1.0 is."""
    text = value_text(value)
    return any(value_text(item) == text for item in values)


def value_text(value: Any) -> str:
    """Return a value's canonical text, the same for 1 and 1.0."""
    whole = isinstance(value, float) and value.is_integer()
    return canonical_json(int(value) if whole else value)


def value_name(value: Any) -> str:
    """Return what a value reads like, whatever its type."""
    return value if isinstance(value, str) else canonical_json(value)
