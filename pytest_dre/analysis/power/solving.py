"""The effect and the number of units at which power reaches 80 %."""

import math
from collections.abc import Callable

POWER = 0.8
MOST = 10_000  # units; more than that is no plan
BISECTIONS = 14  # finer than what simulation tells
NOTHING = 1e-30  # a distance that is none
STEPS = 100
FACTOR = 4.0


def threshold(power: Callable[[float], float], start: float, end: float) -> float | None:
    """Return where between `start` and `end` power, which grows in that direction, reaches 80 %; None if nowhere.

    An infinite `end` is looked for in steps that grow.
    """
    low, high = start, end
    if math.isinf(end):
        found = _bracket(power, start, math.copysign(1.0, end))
        if found is None:
            return None
        low, high = found
    elif power(end) < POWER:
        return None
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high


def _bracket(power: Callable[[float], float], start: float, direction: float) -> tuple[float, float] | None:
    low, step = start, NOTHING
    if power(start + direction * step) >= POWER:
        return start, start  # outcomes do not vary
    for _ in range(STEPS):
        high = start + direction * step
        if power(high) >= POWER:
            return low, high
        low, step = high, FACTOR * step
    return None


def least_units(enough: Callable[[int], bool], start: int) -> int | None:
    """Return the smallest number of units that is enough, given that more are too; None above 10,000."""
    high = max(1, min(start, MOST))
    while not enough(high):
        if high >= MOST:
            return None
        high = min(2 * high, MOST)
    low = 0  # never enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
