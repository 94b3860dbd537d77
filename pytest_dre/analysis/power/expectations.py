"""What a study says that it expects of an outcome."""

import math
from collections.abc import Iterable
from typing import TypeAlias

from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.running import ExpectedOutcome
from pytest_dre.model.study import Study

Range: TypeAlias = tuple[float, float]


def expected_of(study: Study, outcome: str, agents: Iterable[str | None]) -> ExpectedOutcome:
    """Return what is expected of runs of some agents: of theirs, if that is one, else of any."""
    own = set(agents)
    limits = study.limits
    agent = limits.agents.get(next(iter(own)) or "") if len(own) == 1 else None
    for level in (agent, limits):
        if level is not None and level.expected is not None and outcome in level.expected.outcomes:
            return level.expected.outcomes[outcome]
    return ExpectedOutcome()


def expected_deviation(expected: ExpectedOutcome, spec: OutcomeSpec) -> float | None:
    """Return the standard deviation of a run that is stated, or that a stated rate of true outcomes has."""
    if expected.sd is not None:
        return expected.sd
    if spec.is_boolean and expected.mean is not None:
        return largest_deviation((0.0, 1.0), expected.mean)
    return None


def outcome_range(spec: OutcomeSpec) -> Range | None:
    """Return the lowest and highest possible value, None if the outcome has none."""
    if spec.is_boolean:
        return 0.0, 1.0
    return None if spec.range is None else (float(spec.range[0]), float(spec.range[1]))


def largest_deviation(limits: Range, mean: float | None = None) -> float:
    """Return the largest standard deviation of values in a range: all at its ends (Bhatia and Davis, 2000)."""
    low, high = limits
    if mean is None:
        return (high - low) / 2
    return math.sqrt(max(0.0, (mean - low) * (high - mean)))
