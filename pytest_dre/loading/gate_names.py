"""Whether what gates name is there: outcomes, hypotheses, arms and filters."""

from collections.abc import Iterator
from typing import Any

from pytest_dre.canonical import canonical_json
from pytest_dre.errors import Fault
from pytest_dre.loading.known import Known, Names
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS
from pytest_dre.model.running import Gate
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study

# Designs whose conditions hold no other values than the levels'.
LEVEL_DESIGNS = ("full_factorial", "constrained_factorial", "randomized_block", "repeated_measures", "latin_square")


def gate_names(study: Study, names: Names) -> Iterator[Fault]:
    """Yield what names nothing: outcomes, hypotheses, factors, and values that no run has."""
    for index, gate in enumerate(study.gates):
        path: KeyPath = ("gates", index)
        if gate.outcome is None and gate.hypothesis is None:
            yield Fault("a gate needs an outcome or a hypothesis", "add 'outcome: ' and its name", (*path, "outcome"))
        if gate.outcome is not None:
            yield from names.outcomes.unknown(gate.outcome, (*path, "outcome"))
        if gate.hypothesis is not None:
            yield from names.hypotheses.unknown(gate.hypothesis, (*path, "hypothesis"))
        yield from names.variables.each_key_unknown(gate.where, (*path, "where"))
        for name, wanted in gate.where.items():
            for value in wanted if isinstance(wanted, list | tuple) else (wanted,):
                yield from _unknown_value(study, names, name, value, (*path, "where", name))
        yield from _gate_contrast(study, gate, names, (*path, "contrast"))


def _gate_contrast(study: Study, gate: Gate, names: Names, path: KeyPath) -> Iterator[Fault]:
    """Check that the arms a gate compares are levels of its factor."""
    contrast = gate.contrast
    if contrast is None:
        return
    yield from names.variables.unknown(contrast.factor, (*path, "factor"))
    for arm, value in (("treatment", contrast.treatment), ("control", contrast.control)):
        yield from _unknown_value(study, names, contrast.factor, value, (*path, arm))
    if contrast.treatment == contrast.control:
        yield Fault("treatment and control are the same", "name two levels", (*path, "control"))


def _unknown_value(study: Study, names: Names, name: str, value: Any, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault if no run has the value: of a factor, a block, the agent or the problem."""
    factor = next((item for item in study.factors if item.name == name), None)
    block = next((item for item in study.blocks if item.name == name), None)
    known: Known | None = None
    if factor is not None:
        if factor.levels and study.design_spec.kind in LEVEL_DESIGNS and names.levels_complete:
            found = any(value in (level.name, level.value) for level in factor.levels)
            known = None if found else Known("level", frozenset(level.name for level in factor.levels))
    elif block is not None:
        if value not in block.levels and names.levels_complete:
            known = Known("level", frozenset(map(_text, block.levels)))
    elif name in AGENT_FACTORS:
        known = names.agents
    elif name in PROBLEM_FACTORS:
        known = names.problems
    if known is not None:
        yield from known.unknown(_text(value), path)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)
