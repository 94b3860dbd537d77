"""Adjusting p-values for several claims."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Return p times the number of tests, at most 1 (family-wise error; Dunn, 1961)."""
    p = _checked(p_values)
    return [float(value) for value in np.minimum(1.0, p * len(p))]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return step-down adjusted p-values (family-wise error; Holm, 1979)."""
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _unsorted(steps, order)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return step-up adjusted p-values (false discovery rate; Benjamini and Hochberg, 1995)."""
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    steps = p[order] * len(p) / np.arange(1, len(p) + 1)
    return _unsorted(np.minimum.accumulate(steps[::-1])[::-1], order)


def holm_alpha(p_values: Sequence[float], alpha: float) -> list[float]:
    """Return, for each claim, the level at which it may be judged so that Holm's procedure errs at most at `alpha`.

    A claim that Holm's procedure accepts gets alpha divided by the number of claims not yet accepted, one that it
    does not accept the level at which the procedure stopped. So claim i stands exactly if p_i <= level_i, and an
    interval at that level agrees with the verdict.
    """
    p = _checked(p_values)
    levels = np.empty(len(p))
    left, stopped = len(p), False
    for index in np.argsort(p, kind="stable"):
        levels[index] = alpha / left
        stopped = stopped or p[index] > alpha / left
        left -= 0 if stopped else 1
    return [float(level) for level in levels]


def _checked(p_values: Sequence[float]) -> NDArray[np.float64]:
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values must lie in [0, 1]")
    return p


def _unsorted(steps: NDArray[np.float64], order: NDArray[np.intp]) -> list[float]:
    adjusted = np.empty(len(steps))
    adjusted[order] = np.minimum(1.0, steps)
    return [float(value) for value in adjusted]
