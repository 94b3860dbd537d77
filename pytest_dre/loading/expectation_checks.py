"""Whether what a study expects of its outcomes is about outcomes it has, and possible."""

import math
from collections.abc import Iterator

from pytest_dre.errors import Fault
from pytest_dre.loading.known import Names
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.running import Expected, ExpectedOutcome
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study

ROUNDING = 1 + 1e-9


def expectations(study: Study, names: Names) -> Iterator[Fault]:
    """Yield a fault for each expected outcome that is none, or that cannot have such a mean or deviation."""
    limits = study.limits
    places: list[tuple[KeyPath, Expected | None]] = [(("limits", "expected", "outcomes"), limits.expected)]
    places += [
        (("limits", "agents", agent, "expected", "outcomes"), own.expected) for agent, own in limits.agents.items()
    ]
    outcomes = {item.name: item for item in study.outcomes}
    for path, expected in places:
        if expected is None:
            continue
        yield from names.outcomes.each_key_unknown(expected.outcomes, path)
        for name, stated in expected.outcomes.items():
            if name in outcomes:
                yield from _impossible(stated, outcomes[name], (*path, name))


def _impossible(stated: ExpectedOutcome, spec: OutcomeSpec, path: KeyPath) -> Iterator[Fault]:
    limits = _range(spec)
    if limits is None:
        return
    low, high = limits
    if stated.mean is not None and not low <= stated.mean <= high:
        hint = f"write a number from {low:g} to {high:g}"
        yield Fault(f"the mean {stated.mean:g} lies outside the outcome's range", hint, (*path, "mean"))
        return
    largest = (high - low) / 2 if stated.mean is None else math.sqrt((stated.mean - low) * (high - stated.mean))
    if stated.sd is not None and stated.sd > largest * ROUNDING:
        where = "" if stated.mean is None else f" with the mean {stated.mean:g}"
        message = f"values in the outcome's range{where} have a standard deviation of at most {largest:.4g}"
        yield Fault(message, "write a smaller one", (*path, "sd"))


def _range(spec: OutcomeSpec) -> tuple[float, float] | None:
    if spec.is_boolean:
        return 0.0, 1.0
    if spec.range is None or not spec.range[0] < spec.range[1]:
        return None  # an empty range is a fault by itself
    return spec.range[0], spec.range[1]
