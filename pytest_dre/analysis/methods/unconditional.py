"""Exact unconditional tests and bounds for differences of two proportions.

The p-value of H0: effect <= margin is the largest probability, over all proportions with that effect, of a table at
least as extreme as the observed one, in the order of the score statistic (Farrington and Manning, 1990; Chan and
Zhang, 1999, "Test-based exact confidence intervals for the difference of two binomial proportions"; paired: Tango,
1998; Hsueh, Liu and Chen, 2001). The order is made monotone (more successes of the treatment or fewer of the control
are never less extreme: Barnard's convexity), so the largest probability lies where the effect equals the margin.

Bounds try nulls upwards on a grid that does not depend on the data, until one stands: a lower bound that is too high
must have rejected the first true null of the grid, so alpha holds although p-values need not be monotone in the null.
Nulls below a bound at a hundredth of alpha (two Clopper-Pearson bounds) are rejected by that bound, to save time.
"""

import functools
import math
from collections.abc import Callable

import numpy as np
from scipy.special import gammaln, xlogy

from pytest_dre.analysis.methods.bounds import Values
from pytest_dre.analysis.methods.distributions import proportion_low

STEPS = 200  # nulls a unit of difference; decimal margins fall onto them
SAFE_SHARE = 0.01
REMEMBERED = 256  # orders of tables, of 80 kB each at most
TOLERANCE = 1e-9  # statistics closer than this are ties
CLOSER = np.linspace(-1, 1, 9)  # around the worst nuisance found so far, in steps
ZOOMS = 2


def p_value(treatment: tuple[int, int], control: tuple[int, int], margin: float, control_weight: float) -> float:
    """Return the p-value of H0: p_treatment - control_weight * p_control <= margin, each arm as (successes, n)."""
    if margin < -control_weight:
        return 0.0
    if margin >= 1:
        return 1.0
    (x, n), (y, m) = treatment, control
    ordered = _ordered(n, m, margin, control_weight)
    extreme = (ordered >= ordered[x, y] - TOLERANCE).astype(float)

    # control proportions that leave the treatment's below 0 are not in the null; where it would be above 1, fewer
    # successes of the control are worse
    least, most = max(0.0, -margin / control_weight), min(1.0, (1 - margin) / control_weight)

    def probabilities(angles: Values) -> Values:
        q = least + (most - least) * np.sin(angles) ** 2
        p = (margin + control_weight * q).clip(0, 1)
        return np.asarray(((_binomial(n, p) @ extreme) * _binomial(m, q)).sum(axis=1))

    return _largest(probabilities, max(n, m))


def lower_bound(treatment: tuple[int, int], control: tuple[int, int], alpha: float, control_weight: float) -> float:
    """Return the lower bound of p_treatment - control_weight * p_control, each arm as (successes, n)."""
    (x, n), (y, m) = treatment, control
    if not n or not m:
        return -control_weight
    share = SAFE_SHARE * alpha / 2
    safe = proportion_low(x, n, share) - control_weight * (1 - proportion_low(m - y, m, share))
    level = (1 - SAFE_SHARE) * alpha
    return _walk(
        safe, x / n - control_weight * y / m, lambda null: p_value(treatment, control, null, control_weight) <= level
    )


def paired_p_value(only_treatment: int, only_control: int, pairs: int, margin: float) -> float:
    """Return the p-value of H0: p_treatment - p_control <= margin, by the numbers of discordant pairs."""
    if margin < -1:
        return 0.0
    if margin >= 1:
        return 1.0
    counts = np.arange(pairs + 1.0)
    b, c = np.meshgrid(counts, counts, indexing="ij")
    ordered = _monotone(np.where(b + c <= pairs, tango(b, c, pairs, margin), -np.inf))
    extreme = (ordered >= ordered[only_treatment, only_control] - TOLERANCE) & (b + c <= pairs)
    b, c = b[extreme], c[extreme]
    a = pairs - b - c
    ways = gammaln(pairs + 1) - gammaln(a + 1) - gammaln(b + 1) - gammaln(c + 1)
    least, most = max(0.0, -margin), (1 - margin) / 2

    def probabilities(angles: Values) -> Values:
        q = (least + (most - least) * np.sin(angles) ** 2)[:, None]
        p = np.maximum(margin + q, 0.0)
        rest = np.maximum(1 - p - q, 0.0)
        return np.asarray(np.exp(ways + xlogy(b, p) + xlogy(c, q) + xlogy(a, rest)).sum(axis=1))

    return _largest(probabilities, pairs)


def paired_lower_bound(only_treatment: int, only_control: int, pairs: int, alpha: float) -> float:
    """Return the lower bound of p_treatment - p_control, by the numbers of discordant pairs."""
    if not pairs:
        return -1.0
    share = SAFE_SHARE * alpha / 2
    safe = proportion_low(only_treatment, pairs, share) - (1 - proportion_low(pairs - only_control, pairs, share))
    level = (1 - SAFE_SHARE) * alpha
    return _walk(
        safe,
        (only_treatment - only_control) / pairs,
        lambda null: paired_p_value(only_treatment, only_control, pairs, null) <= level,
    )


def tango(b: Values | int, c: Values | int, pairs: int, margin: float) -> Values:
    """Return Tango's (1998) score statistic of discordant pairs b, c for the difference `margin`."""
    b, c = np.asarray(b, dtype=float), np.asarray(c, dtype=float)
    first = -b - c + (2 * pairs - b + c) * margin
    second = -c * margin * (1 - margin)
    q = (np.sqrt(np.maximum(first**2 - 8 * pairs * second, 0.0)) - first) / (4 * pairs)
    variance = np.maximum(pairs * (2 * q + margin * (1 - margin)), 0.0)
    return _standardised(b - c - pairs * margin, variance)


def _walk(safe: float, estimate: float, rejects: Callable[[float], bool]) -> float:
    bound = safe
    for step in range(math.floor(safe * STEPS) + 1, math.floor(estimate * STEPS) + 1):
        if not rejects(step / STEPS):
            break
        bound = step / STEPS
    return bound


def _binomial(n: int, p: Values) -> Values:
    counts, ways = _ways(n)
    with np.errstate(divide="ignore", invalid="ignore"):  # at 0 and 1, which have rows of their own
        logs = ways + counts * np.log(p)[:, None] + (n - counts) * np.log1p(-p)[:, None]
    found = np.exp(logs)
    found[p == 0] = counts == 0
    found[p == 1] = counts == n
    return np.asarray(found)


@functools.lru_cache(maxsize=REMEMBERED)
def _ways(n: int) -> tuple[Values, Values]:
    counts = np.arange(n + 1.0)
    return counts, gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)


def _largest(probabilities: Callable[[Values], Values], n: int) -> float:
    """Return the largest probability over angles whose sine squared is the nuisance: even steps of its precision."""
    angles = np.linspace(0, math.pi / 2, max(48, math.ceil(12 * math.sqrt(n))))
    step = angles[1]
    for _ in range(ZOOMS):
        angles = (angles[np.argmax(probabilities(angles))] + CLOSER * step).clip(0, math.pi / 2)
        step *= CLOSER[1] - CLOSER[0]
    return min(1.0, float(probabilities(angles).max()))


def _monotone(ordered: Values) -> Values:
    along = np.maximum.accumulate(ordered, axis=0)
    return np.maximum.accumulate(along[:, ::-1], axis=1)[:, ::-1]


def _standardised(distance: Values, variance: Values) -> Values:
    """Return distance / sqrt(variance), infinite (or 0) where the variance is 0."""
    certain = variance < 1e-14
    score = distance / np.sqrt(np.where(certain, 1.0, variance))
    return np.where(certain & (np.abs(distance) > TOLERANCE), np.copysign(1e9, distance), score)


@functools.lru_cache(maxsize=REMEMBERED)
def _ordered(n: int, m: int, margin: float, weight: float) -> Values:
    """Return the order of all tables, which gates of the same size and simulations meet again and again."""
    return _monotone(_score(n, m, margin, weight))


def _score(n: int, m: int, margin: float, weight: float) -> Values:
    """Return the score statistic of every table of n treated and m controls, with the likeliest proportions under H0.

    These solve a cubic in the control's proportion q (p = margin + weight * q) with three real roots, of which the
    middle one lies in the feasible range: there the likelihood's derivative falls through 0.
    """
    x, y = np.arange(n + 1)[:, None], np.arange(m + 1)[None, :]
    a = weight**2 * (n + m)
    left, slope, rest = x - n * margin, weight * (1 - 2 * margin), margin * (1 - margin)
    b = (-weight * left - weight**2 * (n + y) - m * slope) / (3 * a)
    c = (weight * left + y * slope - m * rest) / a
    d = y * rest / a
    radius = np.sqrt(np.maximum(b**2 - c / 3, 0.0))
    turn = -(b**3) + b * c / 2 - d / 2
    cosine = (turn / np.where(radius > 0, radius**3, 1.0)).clip(-1, 1)
    middle = 2 * radius * np.cos(np.arccos(cosine) / 3 - 2 * math.pi / 3) - b
    q = middle.clip(max(0.0, -margin / weight), max(0.0, min(1.0, (1 - margin) / weight)))
    p = (margin + weight * q).clip(0, 1)
    variance = p * (1 - p) / n + weight**2 * q * (1 - q) / m
    return _standardised(x / n - weight * y / m - margin, variance)
