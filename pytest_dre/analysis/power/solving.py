"""The effect and the number of units at which power reaches 80 %."""

import math
from collections.abc import Callable, Sequence

from pytest_dre.analysis.methods.distributions import normal_isf

POWER = 0.8
MOST = 10_000  # units; more than that is no plan
BISECTIONS = 14  # finer than what simulation tells
NOTHING = 1e-30  # a distance that is none
STEPS = 100
FACTOR = 4.0
PRECISION = 0.02  # of numbers that take long to find


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


def first_units(enough: Callable[[int], bool], start: int) -> int | None:
    """Return the smallest number of units from `start` on that is enough; None above 10,000.

    It asks least where that is near to `start`.
    """
    low, step = start - 1, 1
    while low < MOST and not enough(min(low + step, MOST)):
        low, step = min(low + step, MOST), 2 * step
    if low >= MOST:
        return None
    high = min(low + step, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def about_units(enough: Callable[[int], bool], beyond: int, guess: int) -> int | None:
    """Return about the smallest number of units above `beyond` that is enough, to 2 %; None above 10,000.

    It asks seldom, the more so the better the guess is: for what takes long to answer.
    """
    low, high = beyond, max(beyond + 1, min(guess, MOST))
    while not enough(high):
        if high >= MOST:
            return None
        low, high = high, min(2 * high, MOST)
    while high - low > max(1.0, PRECISION * low):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def roughly_units(deviation: float, distances: Sequence[float], level: float) -> int | None:
    """Return the units for 80 % power by the normal approximation, None above 10,000.

    A one-sided test has it with ((z_alpha + z_beta) s / d)^2 units of standard deviation s at a distance d from the
    margin (Chow, Shao and Wang, 2008, "Sample size calculations in clinical research", ch. 3 and 4). Of two sides each
    may fail with half of the 20 %, less where one is far.
    """
    nearest, *others = sorted(distances)
    misses = 1 - POWER
    if others and others[0] < 2 * nearest:
        misses /= 2
    count = ((normal_isf(level) + normal_isf(misses)) * deviation / nearest) ** 2
    return max(math.ceil(count), 1) if count <= MOST else None
