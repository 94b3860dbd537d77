"""What a gate asks, with all that the study adds to it; nothing here depends on outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pytest_dre.analysis.gates.claims import DIRECTED, Side, parse_margin, sides
from pytest_dre.analysis.gates.statistic import Statistic, parse_statistic
from pytest_dre.model.gating import ONE_ARMED, gate_contrast, higher_is_better, hypothesis_of, outcome_of
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.running import Gate, GateContrast
from pytest_dre.model.study import Study

Kind = Literal["binary", "bounded", "numbers"]


class Unanswerable(Exception):
    """A gate that cannot be judged, with the reason in words and what would help."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Question:
    """A gate with its outcome, arms and direction.

    Attributes:
        outcome: Name of the outcome.
        spec: Its definition.
        kind: Binary, bounded or other numbers: what the declared type and range say.
        range: Lowest and highest possible value; None for other numbers.
        contrast: The arms; None if there is one arm, or the control is a baseline.
        sides: What has to hold for the claim.
        relative: Whether the margin is a share of the control's mean.
        statistic: What is compared.
    """

    gate: Gate
    outcome: str
    spec: OutcomeSpec
    kind: Kind
    range: tuple[float, float] | None
    contrast: GateContrast | None
    sides: tuple[Side, ...]
    relative: bool
    statistic: Statistic

    @property
    def where(self) -> Mapping[str, Any]:
        """The filters on runs."""
        return self.gate.where

    @property
    def one_armed(self) -> bool:
        """Whether a value, not a difference, is judged."""
        return self.contrast is None and self.gate.baseline is None


def ask(study: Study, gate: Gate) -> Question:
    """Return what `gate` asks. Raises Unanswerable if the study does not say enough."""
    hypothesis, spec = hypothesis_of(study, gate), outcome_of(study, gate)
    if spec is None:
        raise Unanswerable("the study does not say which outcome is meant", "add 'outcome: ' and its name")
    contrast = gate_contrast(gate, hypothesis)
    if contrast is None and gate.baseline is None and gate.claim not in ONE_ARMED:
        raise Unanswerable(f"the claim {gate.claim} compares, but the gate names nothing to compare with")
    higher = higher_is_better(gate, hypothesis, spec)
    if higher is None and gate.claim in DIRECTED:
        raise Unanswerable(
            f"nothing says whether high values of {spec.name} are good", "add 'goal: maximize' or 'minimize'"
        )
    margin = parse_margin(gate.margin)
    if margin is None:
        raise Unanswerable(f"the margin {gate.margin!r} is no number or percentage", "write it like 0.5 or 2%")
    kind = kind_of(spec)
    required = sides(gate, margin, bool(higher))
    if any(side.weight <= 0 for side in required):
        raise Unanswerable("a margin of 100 % or more leaves nothing to compare with", "write a smaller one")
    return Question(
        gate=gate,
        outcome=spec.name,
        spec=spec,
        kind=kind,
        range=_range_of(spec, kind),
        contrast=contrast,
        sides=required,
        relative=margin.relative,
        statistic=parse_statistic(gate.statistic),
    )


def kind_of(spec: OutcomeSpec) -> Kind:
    """Return what the declared type and range make of the outcome."""
    if spec.is_boolean:
        return "binary"
    return "numbers" if spec.range is None else "bounded"


def _range_of(spec: OutcomeSpec, kind: Kind) -> tuple[float, float] | None:
    if kind == "binary":
        return 0.0, 1.0
    return None if spec.range is None else (float(spec.range[0]), float(spec.range[1]))
