"""Claims as one-sided statements about treatment - weight * control, or about one arm's value."""

import re
from dataclasses import dataclass

from pytest_dre.model.running import Gate

_PERCENT = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*%\s*", re.ASCII)
DIRECTED = ("superior", "non_inferior")


@dataclass(frozen=True, slots=True)
class Side:
    """Treatment - `weight` * control lies above (or below) `limit`."""

    above: bool
    limit: float
    weight: float = 1.0


def against(side: Side) -> Side:
    """Return the contrary of a side."""
    return Side(not side.above, side.limit, side.weight)


@dataclass(frozen=True, slots=True)
class Margin:
    """What is tolerated or demanded: an amount in the outcome's unit, or a share of the control's mean."""

    amount: float
    relative: bool = False


def parse_margin(margin: float | str | None) -> Margin | None:
    """Return what a gate's `margin` says, 0 if it says nothing; None for text that is no percentage."""
    if margin is None:
        return Margin(0.0)
    if not isinstance(margin, str):
        return Margin(float(margin))
    found = _PERCENT.fullmatch(margin)
    return Margin(float(found[1]) / 100, relative=True) if found else None


def sides(gate: Gate, margin: Margin, higher_is_better: bool) -> tuple[Side, ...]:
    """Return what must hold for the claim: one statement, two for equivalence."""
    value = gate.value or 0.0
    match gate.claim:
        case "at_least":
            return (Side(True, value),)
        case "at_most":
            return (Side(False, value),)
        case "equivalent":
            return _shifted(margin, True, -1), _shifted(margin, False, 1)
    better = 1 if higher_is_better else -1
    return (_shifted(margin, higher_is_better, better if gate.claim == "superior" else -better),)


def _shifted(margin: Margin, above: bool, sign: int) -> Side:
    """Return "above (below) the control, moved up (sign 1) or down (-1) by the margin"."""
    if margin.relative:
        return Side(above, 0.0, 1 + sign * margin.amount)
    return Side(above, sign * margin.amount if margin.amount else 0.0)
