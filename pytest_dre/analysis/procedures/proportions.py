"""Intervals of differences of proportions."""

import math

from pytest_dre.analysis.methods.binomial import newcombe, wilson


def difference_interval(
    treatment: tuple[int, int], control: tuple[int, int], levels: tuple[float, float]
) -> tuple[float, float]:
    """Return the hybrid score interval of a difference of proportions (Newcombe 1998a, method 10).

    Args:
        treatment: Its successes and its size.
        control: Likewise.
        levels: Probability below and above the interval; 0 leaves that side open, which ends at -1 or 1.
    """
    below, above = levels
    low = newcombe(treatment, control, below).low if below else -1.0
    return low, newcombe(treatment, control, above).high if above else 1.0


def paired_difference_interval(
    both: int, first: int, second: int, neither: int, levels: tuple[float, float]
) -> tuple[float, float]:
    """Return the hybrid score interval of a difference of paired proportions (Newcombe 1998b, method 10).

    Args:
        both: Pairs that succeed in both arms.
        first: Pairs that succeed in the first arm only.
        second: Pairs that succeed in the second arm only.
        neither: Pairs that fail in both.
        levels: Probability below and above the interval; 0 leaves that side open.
    """
    below, above = levels
    low = -_reach(both, second, first, neither, below) if below else -1.0
    return low, _reach(both, first, second, neither, above) if above else 1.0


def _reach(both: int, first: int, second: int, neither: int, level: float) -> float:
    """Return the upper bound of the first proportion minus the second."""
    n = both + first + second + neither
    above, below = wilson(both + first, n, level), wilson(both + second, n, level)
    up, down = above.high - above.estimate, below.estimate - below.low
    correlation = _phi(both, first, second, neither)
    return min(1.0, (first - second) / n + math.sqrt(max(0.0, up**2 - 2 * correlation * up * down + down**2)))


def _phi(both: int, first: int, second: int, neither: int) -> float:
    """Return the correlation of the pairs, continuity-corrected where it is positive."""
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    cross: float = both * neither - first * second
    if cross > 0:
        cross = max(cross - (both + first + second + neither) / 2, 0)
    return cross / math.sqrt(margins) if margins else 0.0
