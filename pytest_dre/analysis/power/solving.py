"""The effect and the number of units at which power reaches 80 %."""

import math
from collections.abc import Callable

POWER = 0.8
MOST = 10_000  # units; more than that is no plan
BISECTIONS = 14  # finer than what simulation tells
DOUBLINGS = 60


def threshold(power: Callable[[float], float], start: float, end: float) -> float | None:
    """Return where between `start` and `end` power, which grows in that direction, reaches 80 %; None if nowhere.

    An infinite `end` is looked for by doubling the distance from `start`.
    """
    if math.isinf(end):
        found = _reached(power, start, math.copysign(1.0, end))
        if found is None:
            return None
        end = found
    elif power(end) < POWER:
        return None
    low, high = start, end
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high


def _reached(power: Callable[[float], float], start: float, direction: float) -> float | None:
    step = 1e-6 * max(1.0, abs(start))
    for _ in range(DOUBLINGS):
        if power(start + direction * step) >= POWER:
            return start + direction * step
        step *= 2
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
