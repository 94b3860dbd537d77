"""Differences of means by permutation, inverted for bounds.

Exact if the arms differ by a shift only (labels exchangeable within strata), or paired differences are symmetric
about the effect; else approximate. Both tests are inverted in closed form: with the treatment shifted by the null, an
arrangement is at least as extreme as the observed one exactly if the null is at least that arrangement's threshold, so
bounds are order statistics of the thresholds (for pairs, the subset means of Hartigan, 1969).

All arrangements are used up to 20,000 of them, else a seeded sample of them, with the observed one counted
in: p = (b + 1) / (m + 1) (Phipson and Smyth, 2010, "Permutation p-values should never be zero").
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from pytest_dre.analysis.methods.bounds import (
    Bounds,
    Numbers,
    Values,
    check_level,
    check_weight,
    finite_values,
    mean_of,
)

MOST_EXACT = 20_000
SAMPLES = 9_999
FEWEST_SAMPLES = 999
DRAWS = 20_000_000  # random numbers at most, unless the fewest samples need more
CHUNK = 1_000_000
TIE = 1e-12


def sign_flip_bounds(differences: Numbers, alpha: float, seed: int = 0) -> Bounds:
    """Return bounds of the centre of paired differences (or of clusters' means): signs flip under the null."""
    values = finite_values(differences)
    return _bounds(_flip_thresholds(values, seed), mean_of(values), alpha, len(values), "sign-flip")


def sign_flip_p_superior(differences: Numbers, margin: float, seed: int = 0) -> float:
    """Return the p-value of H0: centre of the differences <= margin."""
    return _share_at_most(_flip_thresholds(finite_values(differences), seed), margin)


def sign_flip_p_inferior(differences: Numbers, margin: float, seed: int = 0) -> float:
    """Return the p-value of H0: centre of the differences >= margin."""
    return sign_flip_p_superior(-finite_values(differences), -margin, seed)


def permutation_bounds(
    treatment: Sequence[Numbers], control: Sequence[Numbers], alpha: float, control_weight: float = 1.0, seed: int = 0
) -> Bounds:
    """Return bounds of mean(treatment) - control_weight * mean(control), averaged over strata of equal weight.

    Each arm is a list of strata, matched by place; labels are permuted within strata.
    """
    cells = _weighted(treatment, control, control_weight)
    estimate = sum(mean_of(first) - mean_of(second) for first, second in cells) / len(cells)
    n = min(sum(len(pair[arm]) for pair in cells) for arm in (0, 1))
    return _bounds(_label_thresholds(cells, seed), estimate, alpha, n, "stratified permutation")


def permutation_p_superior(
    treatment: Sequence[Numbers], control: Sequence[Numbers], margin: float, control_weight: float = 1.0, seed: int = 0
) -> float:
    """Return the p-value of H0: mean(treatment) - control_weight * mean(control) <= margin."""
    return _share_at_most(_label_thresholds(_weighted(treatment, control, control_weight), seed), margin)


def permutation_p_inferior(
    treatment: Sequence[Numbers], control: Sequence[Numbers], margin: float, control_weight: float = 1.0, seed: int = 0
) -> float:
    """Return the p-value of H0: mean(treatment) - control_weight * mean(control) >= margin."""
    cells = [(-first, -second) for first, second in _weighted(treatment, control, control_weight)]
    return _share_at_most(_label_thresholds(cells, seed), -margin)


def _weighted(
    treatment: Sequence[Numbers], control: Sequence[Numbers], control_weight: float
) -> list[tuple[Values, Values]]:
    check_weight(control_weight)
    if not treatment or len(treatment) != len(control):
        raise ValueError(f"both arms need the same strata, got {len(treatment)} and {len(control)}")
    pairs = zip(treatment, control, strict=True)
    return [(finite_values(first), control_weight * finite_values(second)) for first, second in pairs]


def _bounds(thresholds: Values, estimate: float, alpha: float, n: int, method: str) -> Bounds:
    check_level(alpha)
    rank = math.floor(alpha * (len(thresholds) + 1) + TIE)  # nulls rejected have fewer thresholds at or below them
    low, high = -math.inf, math.inf
    if 1 <= rank <= len(thresholds):
        ordered = np.sort(thresholds)
        low, high = min(float(ordered[rank - 1]), estimate), max(float(ordered[-rank]), estimate)
    return Bounds(estimate, low, high, n, method, True, "units exchangeable under the null but for a shift")


def _share_at_most(thresholds: Values, margin: float) -> float:
    tie = TIE * max(1.0, abs(margin))
    return float((thresholds <= margin + tie).sum() + 1) / (len(thresholds) + 1)


def _flip_thresholds(values: Values, seed: int) -> Values:
    """Return, for each flip but that of nothing, the mean of the flipped values."""
    n = len(values)
    if 2**n <= MOST_EXACT:
        flipped = (np.arange(1, 2**n)[:, None] >> np.arange(n)) & 1
        return np.asarray((flipped @ values) / flipped.sum(axis=1))
    rng = np.random.default_rng(seed)

    def sample(size: int) -> Values:
        chosen = rng.integers(0, 2, (size, n), dtype=np.int8).astype(float)
        count = chosen.sum(axis=1)
        return np.asarray(np.where(count > 0, chosen @ values / np.maximum(count, 1), -np.inf))

    return _sampled(sample, n)


def _label_thresholds(cells: list[tuple[Values, Values]], seed: int) -> Values:
    """Return, for each arrangement but the observed one, the null from which on it is at least as extreme."""
    if any(not len(first) or not len(second) for first, second in cells):
        return np.empty(0)
    observed = sum(mean_of(first) - mean_of(second) for first, second in cells) / len(cells)
    if math.prod(math.comb(len(first) + len(second), len(first)) for first, second in cells) <= MOST_EXACT:
        differences, kept = np.zeros(1), np.zeros(1)
        for cell in cells:
            more = _every_arrangement(*cell)
            differences, kept = (
                np.add.outer(old, new).ravel() for old, new in zip((differences, kept), more, strict=True)
            )
        return _thresholds(observed, differences / len(cells), kept / len(cells))
    rng = np.random.default_rng(seed)

    def sample(size: int) -> Values:
        parts = [_random_arrangements(*cell, size, rng) for cell in cells]
        differences, kept = (np.mean([part[which] for part in parts], axis=0) for which in (0, 1))
        return _thresholds(observed, differences, kept, sampled=True)

    return _sampled(sample, sum(len(first) + len(second) for first, second in cells))


def _thresholds(observed: float, differences: Values, kept: Values, sampled: bool = False) -> Values:
    same = kept > 1 - TIE
    found = (observed - differences) / np.where(same, 1.0, 1 - kept)
    return np.where(same, -np.inf, found) if sampled else found[~same]


def _sampled(sample: Callable[[int], Values], n: int) -> Values:
    wanted = min(SAMPLES, max(FEWEST_SAMPLES, DRAWS // n))
    chunk = max(1, CHUNK // n)
    sizes = [min(chunk, wanted - start) for start in range(0, wanted, chunk)]
    return np.concatenate([sample(size) for size in sizes])


def _every_arrangement(first: Values, second: Values) -> tuple[Values, Values]:
    """Return, of each choice of treated units, the difference of means and the treated share kept less that lost."""
    n, m = len(first), len(second)
    chosen = np.array(list(itertools.combinations(range(n + m), n)))
    return _arranged(np.concatenate([first, second]), chosen, n, m)


def _random_arrangements(first: Values, second: Values, size: int, rng: np.random.Generator) -> tuple[Values, Values]:
    n, m = len(first), len(second)
    chosen = np.argsort(rng.random((size, n + m)), axis=1)[:, :n]
    return _arranged(np.concatenate([first, second]), chosen, n, m)


def _arranged(
    pooled: Values, chosen: "np.ndarray[tuple[int, int], np.dtype[np.intp]]", n: int, m: int
) -> tuple[Values, Values]:
    taken = pooled[chosen].sum(axis=1)
    treated = (chosen < n).sum(axis=1)
    return taken / n - (pooled.sum() - taken) / m, treated / n - (n - treated) / m
