"""Whether what gates name is there: outcomes, hypotheses, arms and filters."""

from collections.abc import Iterable, Iterator
from typing import Any

from pytest_dre.errors import Fault
from pytest_dre.loading.known import Known, Names
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS
from pytest_dre.model.gating import is_among, level_value, value_name
from pytest_dre.model.running import Gate, GateContrast
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
    if _same(study, contrast):
        yield Fault("treatment and control are the same", "name two levels", (*path, "control"))


def _unknown_value(study: Study, names: Names, name: str, value: Any, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault if no run has the value: of a factor, a block, the agent or the problem."""
    factor = next((item for item in study.factors if item.name == name), None)
    block = next((item for item in study.blocks if item.name == name), None)
    known: Known | None = None
    if factor is not None:
        if factor.levels and study.design_spec.kind in LEVEL_DESIGNS and names.levels_complete:
            found = _is_level(study, name, value, factor.values)
            known = None if found else Known("level", frozenset(level.name for level in factor.levels))
    elif block is not None:
        if names.levels_complete and not _is_level(study, name, value, block.levels):
            known = Known("level", frozenset(map(value_name, block.levels)))
    elif name in AGENT_FACTORS:
        known = names.agents
    elif name in PROBLEM_FACTORS:
        known = names.problems
    if known is not None:
        yield from known.unknown(value_name(value), path)


def _is_level(study: Study, name: str, value: Any, values: Iterable[Any]) -> bool:
    """Return whether a gate that writes the value finds runs; of data that contains itself, which is a fault, True."""
    try:
        return is_among(level_value(study, name, value), values)
    except (RecursionError, ValueError):
        return True


def _same(study: Study, contrast: GateContrast) -> bool:
    """Return whether both arms have the same runs."""
    treatment, control = contrast.treatment, contrast.control
    try:
        return is_among(level_value(study, contrast.factor, treatment), [level_value(study, contrast.factor, control)])
    except (RecursionError, ValueError):
        return False
