"""Differences of proportions: Newcombe's intervals for independent and paired ones."""

import math

from scipy import stats


def wilson_interval(successes: float, n: float, z: float) -> tuple[float, float]:
    """Return the score interval of a proportion, `z` standard errors to each side (Wilson 1927)."""
    p = successes / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p))


def newcombe_interval(
    successes: tuple[int, int], sizes: tuple[int, int], levels: tuple[float, float]
) -> tuple[float, float]:
    """Return the hybrid score interval of the first proportion minus the second (Newcombe 1998a, method 10).

    Args:
        successes: Of both arms.
        sizes: Of both arms.
        levels: Probability below and above the interval; 0 leaves that side open, which ends at -1 or 1.
    """
    return _hybrid(successes, sizes, 0.0, levels)


def paired_newcombe_interval(
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
    n = both + first + second + neither
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    cross: float = both * neither - first * second
    if cross > 0:
        cross = max(cross - n / 2, 0)  # the continuity correction of phi
    phi = cross / math.sqrt(margins) if margins else 0.0
    return _hybrid((both + first, both + second), (n, n), phi, levels)


def _hybrid(
    successes: tuple[int, int], sizes: tuple[int, int], phi: float, levels: tuple[float, float]
) -> tuple[float, float]:
    p, q = (count / n for count, n in zip(successes, sizes, strict=True))
    ends = []
    for level, side in zip(levels, (-1, 1), strict=True):
        if level == 0:
            ends.append(float(side))
            continue
        z = float(stats.norm.isf(level))
        first = wilson_interval(successes[0], sizes[0], z)
        second = wilson_interval(successes[1], sizes[1], z)
        a, b = (p - first[0], second[1] - q) if side < 0 else (first[1] - p, q - second[0])
        ends.append(p - q + side * math.sqrt(max(0.0, a**2 - 2 * phi * a * b + b**2)))
    return max(-1.0, ends[0]), min(1.0, ends[1])
