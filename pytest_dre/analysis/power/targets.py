"""What must be true of the effect for a claim to hold, as distances from the edges of the claim."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_dre.analysis.gates.claims import Side


@dataclass(frozen=True, slots=True)
class Target:
    """A claim about treatment - control (or about one arm's value, without a control).

    Attributes:
        sides: What must hold, as `claims.Side` says it of treatment - weight * control.
        control_mean: The control's mean; NaN if unknown and not needed.
        relative: Whether the margin is a share of that mean.
    """

    sides: Sequence[Side]
    control_mean: float = math.nan
    relative: bool = False

    def shifted(self, side: Side, effect: float) -> float:
        """Return treatment - weight * control where treatment - control is `effect`."""
        return effect if side.weight == 1 else effect + (1 - side.weight) * self.control_mean

    def distance(self, side: Side, effect: float) -> float:
        """Return how far within the claim an effect is, by one side of it."""
        gap = self.shifted(side, effect) - side.limit
        return gap if side.above else -gap

    @property
    def edges(self) -> tuple[float, ...]:
        """The effects at which each side begins to hold."""
        return tuple(side.limit - self.shifted(side, 0.0) for side in self.sides)

    @property
    def middle(self) -> float:
        """The effect that lies farthest within a claim of two sides."""
        return sum(self.edges) / len(self.edges)
