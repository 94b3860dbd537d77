"""Several values of a run made into the one number that stands for it."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

COUNT = "count"
LARGEST = 1e100  # of values with whose squares one can compute; those of 1e160 are beyond the floats
LARGEST_RANKED = 1e300  # the same of those that are put in order and added up


def outcome_number(value: Any) -> float | None:
    """Return a value as a number, booleans as 0 and 1; None for what is none (text, None, NaN)."""
    if not isinstance(value, bool | int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer beyond the floats
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(number) else number


def is_known(aggregation: str) -> bool:
    """Return whether `aggregate` knows the aggregation."""
    return aggregation == COUNT or aggregation in _PICKS or aggregation in _REDUCTIONS


def aggregate(values: Sequence[Any], aggregation: str) -> Any:
    """Return what `values` come to.

    Args:
        values: One run's values, in their order; any type.
        aggregation: "mean", "sum", "min", "max" or "median" of the numbers; "first" or "last", the value as it is;
            "count", how many values there are.

    Returns:
        None where there are no values (but their count is 0), and where one that must be a number is none: leaving it
        out would let a run that broke down in part pass for a whole one. NaN of infinities that cancel out.
    """
    if aggregation == COUNT:
        return len(values)
    if not values:
        return None
    if aggregation in _PICKS:
        return values[_PICKS[aggregation]]
    numbers = [number for number in map(outcome_number, values) if number is not None]
    return _REDUCTIONS[aggregation](numbers) if len(numbers) == len(values) else None


def total(numbers: Iterable[float]) -> float:
    """Return the sum, with no digits lost on the way; infinite or NaN where it is beyond the floats."""
    numbers = tuple(numbers)
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):  # a sum beyond the floats, infinities of both signs
        return sum(numbers)


def _mean(numbers: Sequence[float]) -> float:
    whole = total(numbers)
    if math.isinf(whole):  # of finite numbers only the sum is beyond the floats, not the mean
        return total(number / len(numbers) for number in numbers)
    return whole / len(numbers)


_PICKS: Mapping[str, int] = MappingProxyType({"first": 0, "last": -1})
_REDUCTIONS: Mapping[str, Callable[[Sequence[float]], float]] = MappingProxyType(
    {"mean": _mean, "sum": total, "min": min, "max": max, "median": statistics.median}
)
