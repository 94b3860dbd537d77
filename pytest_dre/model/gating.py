"""What a study says of its gates elsewhere than in them."""

from pytest_dre.model.hypotheses import Hypothesis, OutcomeSpec
from pytest_dre.model.running import Gate
from pytest_dre.model.study import Study


def hypothesis_of(study: Study, gate: Gate) -> Hypothesis | None:
    """Return the hypothesis that the gate names, None if it names none, or none that is there."""
    return next((item for item in study.hypotheses if item.hypothesis_id == gate.hypothesis), None)


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
