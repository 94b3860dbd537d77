"""What every method gives, and the checks that every method makes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = Sequence[float] | Values


@dataclass(frozen=True, slots=True)
class Bounds:
    """An estimate between two one-sided confidence bounds, so that [low, high] has confidence 1 - 2 alpha.

    Attributes:
        estimate: The effect, in the outcome's unit; NaN where nothing was observed.
        low: Lower bound, too high with probability at most alpha; -inf if the data give none.
        high: Upper bound, too low with probability at most alpha; inf if the data give none.
        n: The independent units used.
        method: Name of the method.
        approximate: True if alpha is not guaranteed in finite samples.
        assumptions: What has to hold, as a phrase.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: str
    approximate: bool
    assumptions: str = ""

    def within(self, low: float, high: float) -> "Bounds":
        """Return these bounds cut to the range that the effect is known to lie in."""
        return replace(self, low=min(max(self.low, low), high), high=max(min(self.high, high), low))


def finite_values(values: Numbers) -> Values:
    """Return `values` as an array of floats; ValueError unless they are one row of finite numbers."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"expected one row of numbers, got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("values must be finite numbers; drop or impute missing ones before")
    return array


def check_level(alpha: float) -> None:
    """Raise ValueError unless alpha is a one-sided level in (0, 0.5]."""
    if not 0 < alpha <= 0.5:
        raise ValueError(f"alpha must be above 0 and at most 0.5, got {alpha}")


def check_weight(control_weight: float) -> None:
    """Raise ValueError unless the control's weight is a finite number above 0."""
    if not (math.isfinite(control_weight) and control_weight > 0):
        raise ValueError(f"the control's weight must be a number above 0, got {control_weight}")


def mean_of(values: Values) -> float:
    """Return the mean, NaN of nothing."""
    return float(values.mean()) if values.size else math.nan
