"""What a run can hand to an agent or runner, by parameter name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_dre.execution.plain import copy_containers
from pytest_dre.model.runs import Condition, ProblemPacket, RunSpec

_SCALARS = frozenset({str, int, float, bool, type(None)})
NATIVE = "problem_object"  # the payload's key of the native problem object


@dataclass(slots=True)
class Inputs:
    """The values of one run. Each is made when asked for, from copies: no agent can change the study or the next run.

    Objects that are no plain containers (the native problem object, arrays) are shared.
    """

    run: RunSpec
    source: ProblemPacket | None
    agent: Any = None  # what a builder or class has made for this run
    _made: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """Return the value of a contract name, else of the factor or block called `name`; None without one."""
        if name in self._made:
            return self._made[name]
        supplier = SUPPLIERS.get(name)
        if supplier is not None and (self.source is not None or name not in PROBLEM_NAMES):
            value = self._made[name] = supplier(self)
            return value
        value = _assigned(self.run.condition, name)
        return value if type(value) in _SCALARS else _assigned(self.get("condition"), name)


def _assigned(condition: Condition, name: str) -> Any:
    return condition.factor_assignments.get(name, condition.block_assignments.get(name))


def _condition(inputs: Inputs) -> Condition:
    original = inputs.run.condition
    return Condition(
        condition_id=original.condition_id,
        admissible=original.admissible,
        constraint_messages=original.constraint_messages,
        factor_assignments=copy_containers(dict(original.factor_assignments)),
        block_assignments=copy_containers(dict(original.block_assignments)),
        metadata=copy_containers(dict(original.metadata)),
    )


def _run_spec(inputs: Inputs) -> RunSpec:
    return replace(inputs.run, condition=inputs.get("condition"))


def _packet(inputs: Inputs) -> ProblemPacket | None:
    source = inputs.source
    if source is None:
        return None
    payload = {key: item if key == NATIVE else copy_containers(item) for key, item in source.payload.items()}
    return replace(source, payload=payload, metadata=copy_containers(dict(source.metadata)))


def _problem(inputs: Inputs) -> Any:
    source = inputs.source
    return source.payload[NATIVE] if source is not None and NATIVE in source.payload else inputs.get("problem_packet")


def _brief(inputs: Inputs) -> str | None:
    return None if inputs.source is None else inputs.source.brief


def _prompt(inputs: Inputs) -> Any:
    source = inputs.source
    return source.payload[NATIVE] if source is not None and NATIVE in source.payload else _brief(inputs)


def _dependencies(inputs: Inputs) -> dict[str, Any]:
    names = ("problem_packet", "run_spec", "condition", "seed")
    dependencies = {name: inputs.get(name) for name in names if name != "problem_packet" or inputs.source is not None}
    if inputs.source is not None and NATIVE in inputs.source.payload:
        dependencies["problem"] = inputs.source.payload[NATIVE]
    return dependencies


def _rng(inputs: Inputs) -> Any:
    from numpy.random import default_rng  # few agents ask for one

    return default_rng(inputs.run.seed)


SUPPLIERS: Mapping[str, Callable[[Inputs], Any]] = {
    "problem_packet": _packet,
    "problem": _problem,
    "brief": _brief,
    "run_spec": _run_spec,
    "condition": _condition,
    "seed": lambda inputs: inputs.run.seed,
    "prompt": _prompt,
    "input": _prompt,
    "request_id": lambda inputs: inputs.run.run_id,
    "dependencies": _dependencies,
    "rng": _rng,
}
PROBLEM_NAMES = frozenset({"problem_packet", "problem", "brief", "prompt", "input"})
