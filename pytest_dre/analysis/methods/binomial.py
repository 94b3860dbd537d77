"""Proportions: of one arm, and differences of two arms, independent or paired."""

import math

from pytest_dre.analysis.methods import unconditional
from pytest_dre.analysis.methods.bounds import Bounds, check_level, check_weight
from pytest_dre.analysis.methods.distributions import binomial_sf, normal_isf, normal_sf, proportion_low

EXACT_TABLES = 101 * 101  # tables of two arms up to which the exact method is used; its cost grows with them
EXACT_PAIRS = 100
INDEPENDENT = "independent units with one probability an arm"
PAIRS = "independent pairs of one distribution"


def clopper_pearson(successes: int, n: int, alpha: float) -> Bounds:
    """Return exact bounds of a proportion (Clopper and Pearson, 1934)."""
    check_level(alpha)
    _check_count(successes, n)
    low, high = proportion_low(successes, n, alpha), 1 - proportion_low(n - successes, n, alpha)
    return Bounds(_share(successes, n), low, high, n, "Clopper-Pearson", False, INDEPENDENT)


def wilson(successes: int, n: int, alpha: float) -> Bounds:
    """Return score bounds of a proportion (Wilson, 1927): shorter than exact ones, right on average only."""
    check_level(alpha)
    _check_count(successes, n)
    low, high = _wilson_limits(successes, n, alpha)
    return Bounds(_share(successes, n), low, high, n, "Wilson", True, INDEPENDENT)


def proportion_p_superior(successes: int, n: int, margin: float) -> float:
    """Return the exact p-value of H0: proportion <= margin."""
    _check_count(successes, n)
    if margin < 0:
        return 0.0
    return binomial_sf(successes - 1, n, min(margin, 1.0))


def proportion_p_inferior(successes: int, n: int, margin: float) -> float:
    """Return the exact p-value of H0: proportion >= margin."""
    return proportion_p_superior(n - successes, n, 1 - margin)


def newcombe(treatment: tuple[int, int], control: tuple[int, int], alpha: float, control_weight: float = 1.0) -> Bounds:
    """Return hybrid score bounds of p_treatment - control_weight * p_control, each arm as (successes, n).

    Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10; with a
    weight as in MOVER (Zou and Donner, 2008). Approximate: near 0 and 1 and below 30 an arm it errs more often.
    """
    _check_arms(treatment, control, alpha, control_weight)
    (p, low, high), (q, below, above) = (_with_wilson(*arm, alpha) for arm in (treatment, control))
    estimate = p - control_weight * q
    down = math.hypot(p - low, control_weight * (above - q))
    up = math.hypot(high - p, control_weight * (q - below))
    n = min(treatment[1], control[1])
    found = Bounds(estimate, estimate - down, estimate + up, n, "Newcombe", True, INDEPENDENT)
    return found.within(-control_weight, 1.0)


def difference_bounds(
    treatment: tuple[int, int], control: tuple[int, int], alpha: float, control_weight: float = 1.0
) -> Bounds:
    """Return bounds of p_treatment - control_weight * p_control, each arm as (successes, n): exact unless large.

    Exact unconditional bounds (`unconditional`) up to 100 an arm; Newcombe's, marked approximate, beyond.
    """
    _check_arms(treatment, control, alpha, control_weight)
    if not _small(treatment, control):
        return newcombe(treatment, control, alpha, control_weight)
    low = unconditional.lower_bound(treatment, control, alpha, control_weight)
    high = (
        1 - control_weight - unconditional.lower_bound(_failures(treatment), _failures(control), alpha, control_weight)
    )
    estimate = _share(*treatment) - control_weight * _share(*control)
    n = min(treatment[1], control[1])
    return Bounds(estimate, low, high, n, "exact unconditional", False, INDEPENDENT)


def difference_p_superior(
    treatment: tuple[int, int], control: tuple[int, int], margin: float, control_weight: float = 1.0
) -> float:
    """Return the p-value of H0: p_treatment - control_weight * p_control <= margin.

    Exact unconditional up to 100 an arm, beyond by inverting Newcombe's bounds (approximate).
    """
    _check_arms(treatment, control, 0.5, control_weight)
    if not treatment[1] or not control[1]:
        return 1.0
    if _small(treatment, control):
        return unconditional.p_value(treatment, control, margin, control_weight)
    return _newcombe_p(treatment, control, margin, control_weight)


def difference_p_inferior(
    treatment: tuple[int, int], control: tuple[int, int], margin: float, control_weight: float = 1.0
) -> float:
    """Return the p-value of H0: p_treatment - control_weight * p_control >= margin; see `difference_p_superior`."""
    arms = _failures(treatment), _failures(control)
    return difference_p_superior(*arms, 1 - control_weight - margin, control_weight)


def paired_bounds(only_treatment: int, only_control: int, pairs: int, alpha: float) -> Bounds:
    """Return bounds of p_treatment - p_control from `pairs` matched pairs, by the numbers of discordant ones.

    Exact unconditional bounds up to 100 pairs; Tango's (1998) score bounds, marked approximate, beyond. For a control
    weight other than 1 use `betting.fixed_bounds` on the differences.
    """
    check_level(alpha)
    _check_count(only_treatment + only_control, pairs)
    exact = pairs <= EXACT_PAIRS
    limit = unconditional.paired_lower_bound if exact else _tango_lower
    low = limit(only_treatment, only_control, pairs, alpha)
    high = -limit(only_control, only_treatment, pairs, alpha)
    method = "exact unconditional, paired" if exact else "Tango score, paired"
    return Bounds(_share(only_treatment - only_control, pairs), low, high, pairs, method, not exact, PAIRS)


def paired_p_superior(only_treatment: int, only_control: int, pairs: int, margin: float) -> float:
    """Return the p-value of H0: p_treatment - p_control <= margin; exact up to 100 pairs, else Tango's (1998)."""
    _check_count(only_treatment + only_control, pairs)
    if pairs == 0:
        return 1.0
    if pairs <= EXACT_PAIRS:
        return unconditional.paired_p_value(only_treatment, only_control, pairs, margin)
    return float(normal_sf(unconditional.tango(only_treatment, only_control, pairs, margin)))


def paired_p_inferior(only_treatment: int, only_control: int, pairs: int, margin: float) -> float:
    """Return the p-value of H0: p_treatment - p_control >= margin; see `paired_p_superior`."""
    return paired_p_superior(only_control, only_treatment, pairs, -margin)


def _check_count(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"expected a count between 0 and {n}, got {successes}")


def _check_arms(treatment: tuple[int, int], control: tuple[int, int], alpha: float, control_weight: float) -> None:
    check_level(alpha)
    check_weight(control_weight)
    for arm in (treatment, control):
        _check_count(*arm)


def _share(successes: int, n: int) -> float:
    return successes / n if n else math.nan


def _failures(arm: tuple[int, int]) -> tuple[int, int]:
    return arm[1] - arm[0], arm[1]


def _small(treatment: tuple[int, int], control: tuple[int, int]) -> bool:
    return (treatment[1] + 1) * (control[1] + 1) <= EXACT_TABLES


def _wilson_limits(successes: int, n: int, alpha: float) -> tuple[float, float]:
    if n == 0:
        return 0.0, 1.0
    z2 = normal_isf(alpha) ** 2
    centre = (successes + z2 / 2) / (n + z2)
    half = math.sqrt(z2) / (n + z2) * math.sqrt(successes * (n - successes) / n + z2 / 4)
    low = 0.0 if successes == 0 else centre - half
    return low, 1.0 if successes == n else centre + half


def _with_wilson(successes: int, n: int, alpha: float) -> tuple[float, float, float]:
    return _share(successes, n), *_wilson_limits(successes, n, alpha)


def _newcombe_p(treatment: tuple[int, int], control: tuple[int, int], margin: float, control_weight: float) -> float:
    if _share(*treatment) - control_weight * _share(*control) < margin:
        mirrored = _failures(treatment), _failures(control)
        return 1 - _newcombe_p(*mirrored, 1 - control_weight - margin, control_weight)
    rejected, standing = 0.5, 0.0  # at a half, the bound is the estimate
    for _ in range(60):
        level = (rejected + standing) / 2
        if newcombe(treatment, control, level, control_weight).low > margin:
            rejected = level
        else:
            standing = level
    return rejected


def _tango_lower(only_treatment: int, only_control: int, pairs: int, alpha: float) -> float:
    z = normal_isf(alpha)
    rejected, standing = -1.0, (only_treatment - only_control) / pairs
    for _ in range(50):
        middle = (rejected + standing) / 2
        if unconditional.tango(only_treatment, only_control, pairs, middle) >= z:
            rejected = middle
        else:
            standing = middle
    return rejected
