"""Smallest detectable effects of tests of two arms, on standardised scales."""

import math
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from pytest_dre.analysis.power.normal import t_power, tost_power, two_sided_t_power
from pytest_dre.analysis.power.solving import POWER, threshold
from pytest_dre.analysis.power.statements import How

Kind = Literal["t", "equivalence", "rates"]
# What the best test by ranks makes of normal values, in terms of t with all of them (Hodges and Lehmann, 1956).
RANK_EFFICIENCY = 3 / math.pi
LARGEST_H = math.pi  # from a rate of 0 to one of 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """A test of two arms.

    Attributes:
        kind: By t, of equivalence by t, or of two rates.
        paired: Whether pairs are compared.
        efficiency: Which share of the values a test by t would need.
        how: Whether its power is exact for normal values.
    """

    kind: Kind
    paired: bool = False
    efficiency: float = 1.0
    how: How = "approximate"


# Welch's test is taken with Student's degrees of freedom, permutation as the t test that it comes near to.
COMPARISONS = {
    "t": Comparison("t", how="exact"),
    "paired_t": Comparison("t", paired=True, how="exact"),
    "welch": Comparison("t"),
    "permutation": Comparison("t"),
    "paired_permutation": Comparison("t", paired=True),
    "mann_whitney": Comparison("t", efficiency=RANK_EFFICIENCY),
    "wilcoxon": Comparison("t", paired=True, efficiency=RANK_EFFICIENCY),
    "tost": Comparison("equivalence"),
    "paired_tost": Comparison("equivalence", paired=True, how="exact"),
    "fisher": Comparison("rates"),
    "chi_square": Comparison("rates"),
}


def power(comparison: Comparison, sizes: tuple[int, ...], effect: float, alpha: float, tails: int) -> float:
    """Return the power of a test.

    Args:
        comparison: The test.
        sizes: Values of each arm, or the number of pairs alone.
        effect: The true effect on its standardised scale, at least 0; of equivalence the margin, where there is no
            difference.
        alpha: Level of the test.
        tails: 1 or 2.
    """
    if min(sizes) < 2:
        return 0.0
    count, freedom = _information(sizes)
    root = math.sqrt(count * comparison.efficiency)
    if comparison.kind == "rates":
        return float(stats.norm.sf(stats.norm.isf(alpha / tails) - effect * root))
    if comparison.kind == "equivalence":
        return tost_power((effect, effect), 1 / root, freedom, alpha)
    return (t_power if tails == 1 else two_sided_t_power)(effect * root, freedom, alpha)


def detectable(comparison: Comparison, sizes: tuple[int, ...], alpha: float, tails: int) -> float | None:
    """Return the smallest standardised effect with 80 % power, None if there is none."""
    end = LARGEST_H if comparison.kind == "rates" else math.inf
    if min(sizes) < 2:
        return None
    return threshold(lambda effect: power(comparison, sizes, effect, alpha, tails), 0.0, end)


def enough(comparison: Comparison, n: int, effect: float, alpha: float, tails: int) -> bool:
    """Return whether n pairs, or n values an arm, give 80 % power."""
    sizes = (n,) if comparison.paired else (n, n)
    return power(comparison, sizes, effect, alpha, tails) >= POWER


def _information(sizes: tuple[int, ...]) -> tuple[float, int]:
    """Return the squared inverse of the effect's standard error in deviations, and the degrees of freedom."""
    if len(sizes) == 1:
        return sizes[0], sizes[0] - 1
    first, second = sizes
    return first * second / (first + second), first + second - 2


def h_of(first: float, second: float) -> float:
    """Return Cohen's h, the difference of two rates on the scale of arcs (Cohen, 1988, ch. 6)."""
    return _arc(first) - _arc(second)


def rate_after(rate: float, h: float) -> float | None:
    """Return the rate that lies `h` above `rate`, None beyond 0 and 1."""
    arc = _arc(rate) + h
    return math.sin(arc / 2) ** 2 if 0 <= arc <= math.pi else None


def _arc(rate: float) -> float:
    return 2 * math.asin(math.sqrt(min(max(rate, 0.0), 1.0)))
