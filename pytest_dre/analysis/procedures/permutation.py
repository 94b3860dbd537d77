"""Permutation tests of a difference of means, and the intervals that they imply.

Under a shift by delta, rearranging labels gives a difference that is linear in delta. Each arrangement therefore stops
counting as "at least as large as observed" at one shift, its crossing; p values and intervals are counts of crossings
(Tritchler 1984; Garthwaite 1996), so that both always agree.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_dre.analysis.procedures.building import estimated
from pytest_dre.analysis.procedures.effect_sizes import mean_difference_effects, paired_effects
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import TestResult
from pytest_dre.analysis.procedures.samples import Pairs, Values, pairs, two_arms
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.analysis.procedures.tails import directed_p, tail_levels

ROUNDING = 1e-12  # differences smaller than this share of the largest value are ties
CHUNK = 2_000_000  # numbers held at once while arrangements are drawn


@dataclass(frozen=True, slots=True)
class Arrangements:
    """The other arrangements of the labels, each by the shift at which it crosses the observed one.

    Attributes:
        crossings: Ascending, of the arrangements that differ from the observed one.
        same: How often the observed arrangement occurs, which counts at any shift.
        exact: Whether they are all there are.
        seed: Seed of the drawn ones.
    """

    crossings: Values
    same: int
    exact: bool
    seed: int

    @classmethod
    def of(cls, crossings: Values, scale: float, exact: bool, seed: int) -> "Arrangements":
        """Return arrangements by their crossings, NaN where the observed one was drawn again.

        Crossings within rounding of 0 are ties: `scale` is the largest value that entered.
        """
        others = crossings[~np.isnan(crossings)]
        others[np.abs(others) <= ROUNDING * scale] = 0.0
        return cls(np.sort(others), len(crossings) - len(others) + 1, exact, seed)

    @property
    def total(self) -> int:
        """How many arrangements there are, the observed one with them."""
        return len(self.crossings) + self.same

    def p_greater(self, shift: float = 0.0) -> float:
        """Return the one-sided p value of "the effect is at most `shift`": (b + 1) / (m + 1), Phipson & Smyth 2010."""
        return float(np.searchsorted(self.crossings, shift, side="right") + self.same) / self.total

    def p_less(self, shift: float = 0.0) -> float:
        """Return the one-sided p value of "the effect is at least `shift`"."""
        return float(self.total - np.searchsorted(self.crossings, shift, side="left")) / self.total

    def interval(self, levels: tuple[float, float]) -> tuple[float, float]:
        """Return the shifts that neither one-sided test rejects at its level; infinite where none is rejected."""
        below, above = (math.floor(level * self.total + ROUNDING) - self.same + 1 for level in levels)
        low = float(self.crossings[below - 1]) if below > 0 else -math.inf
        return low, float(self.crossings[-above]) if above > 0 else math.inf

    @property
    def description(self) -> str:
        """How many arrangements were counted, and which."""
        if self.exact:
            return f"exact, {self.total:,} arrangements"
        return f"Monte Carlo, {self.total - 1:,} random arrangements drawn with seed {self.seed}"


def permutation(table: Table, request: TestRequest) -> TestResult:
    """Compare two means by exchanging the labels of runs (Fisher 1935; Pitman 1937)."""
    arms = two_arms(table, request)
    arms.need(request, 1, "a value in each arm is the least")
    found = label_arrangements(arms.treated, arms.controls, request)
    estimate = float(np.mean(arms.treated) - np.mean(arms.controls))
    return estimated(
        request,
        arms,
        effect=arms.described("mean"),
        estimate=estimate,
        interval=found.interval(tail_levels(request.direction, request.alpha)),
        statistic=("difference of means", estimate),
        p_value=directed_p(request.direction, found.p_greater(), found.p_less()),
        effects=mean_difference_effects(arms.treated, arms.controls, request.alpha),
        method="permutation test of the difference of means, interval by inversion under shifts",
        notes=_notes(found, request),
    )


def paired_permutation(table: Table, request: TestRequest) -> TestResult:
    """Compare two means of pairs by exchanging labels within pairs, which flips signs (Fisher 1935, section 21)."""
    found = pairs(table, request)
    arrangements = sign_arrangements(found, request)
    estimate = float(np.mean(found.differences))
    return estimated(
        request,
        found,
        effect=found.described("mean"),
        estimate=estimate,
        interval=arrangements.interval(tail_levels(request.direction, request.alpha)),
        statistic=("mean difference", estimate),
        p_value=directed_p(request.direction, arrangements.p_greater(), arrangements.p_less()),
        effects=paired_effects(found.differences, request.alpha),
        method="paired permutation (sign-flip) test of the mean difference, interval by inversion under shifts",
        notes=_notes(arrangements, request),
    )


def label_arrangements(treated: Values, controls: Values, request: TestRequest) -> Arrangements:
    """Return the arrangements of the labels of two arms: all, or seeded random ones where there are too many."""
    n, m = len(treated), len(controls)
    exact = math.comb(n + m, n) <= request.exact_limit
    if exact:
        crossings = _picked_crossings(treated, controls, _all_picks(n, m))
    else:
        crossings = _drawn_crossings(treated, controls, request)
    return Arrangements.of(crossings, _scale(treated, controls), exact, request.seed)


def sign_arrangements(found: Pairs, request: TestRequest) -> Arrangements:
    """Return the arrangements of labels within pairs; each crosses at the mean of the flipped differences."""
    differences = found.differences
    n = len(differences)
    exact = 2**n <= request.exact_limit
    if exact:
        crossings = _means_of_flipped(differences, (np.arange(1, 2**n)[:, None] >> np.arange(n)) & 1)
    else:
        rng = np.random.default_rng(request.seed)
        parts = [rng.integers(0, 2, size=(size, n), dtype=np.int8) for size in _chunks(request.resamples, n)]
        crossings = np.concatenate([_means_of_flipped(differences, flips) for flips in parts])
    return Arrangements.of(crossings, _scale(found.treated, found.controls), exact, request.seed)


def _means_of_flipped(differences: Values, flips: NDArray[np.integer]) -> Values:
    counts = flips.sum(axis=1, dtype=np.int64)
    means: Values = np.divide(flips @ differences, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return means


def _all_picks(n: int, m: int) -> NDArray[np.int64]:
    """Return which values exchange the smaller arm's place, without the observed arrangement; one row each."""
    size = min(n, m)
    picks = np.fromiter(
        itertools.chain.from_iterable(itertools.combinations(range(n + m), size)), dtype=np.int64
    ).reshape(-1, size)
    own = np.arange(size) if n <= m else np.arange(n, n + m)
    others: NDArray[np.int64] = picks[~np.all(picks == own, axis=1)]
    return others


def _picked_crossings(treated: Values, controls: Values, picks: NDArray[np.int64]) -> Values:
    """Return the crossings of arrangements given by the members of the smaller arm."""
    n, m = len(treated), len(controls)
    pool = np.concatenate([treated, controls])
    sums = pool[picks].sum(axis=1)
    own = (picks < n).sum(axis=1)  # of the treated, how many are in the smaller arm now
    if n > m:
        sums, own = pool.sum() - sums, n - own
    return _crossings(treated, sums, own)


def _drawn_crossings(treated: Values, controls: Values, request: TestRequest) -> Values:
    size = min(len(treated), len(controls))
    places = np.arange(len(treated) + len(controls))
    rng = np.random.default_rng(request.seed)
    parts = []
    for rows in _chunks(request.resamples, len(places)):
        shuffled = rng.permuted(np.broadcast_to(places, (rows, len(places))), axis=1)
        parts.append(_picked_crossings(treated, controls, shuffled[:, :size]))
    return np.concatenate(parts)


def _crossings(treated: Values, sums: Values, own: NDArray[np.integer]) -> Values:
    """Return the shift at which each arrangement's difference equals the observed one.

    Of the values that an arrangement calls treated, `sums` is the sum and `own` counts those that truly are. The
    others were taken for as many treated ones given up; a shift moves only the latter, so the crossing is the mean
    of the given up minus the mean of the taken. NaN where nothing was exchanged.
    """
    given_up = len(treated) - own
    moved = treated.sum() - sums
    crossings: Values = np.divide(moved, given_up, out=np.full(len(sums), np.nan), where=given_up > 0)
    return crossings


def _scale(treated: Values, controls: Values) -> float:
    return float(max(np.max(np.abs(treated)), np.max(np.abs(controls))))


def _chunks(total: int, width: int) -> list[int]:
    size = max(1, CHUNK // max(1, width))
    return [min(size, total - start) for start in range(0, total, size)]


def _notes(found: Arrangements, request: TestRequest) -> tuple[str, ...]:
    if math.isfinite(sum(found.interval((request.alpha / 2, request.alpha / 2)))):
        return (found.description,)
    return (found.description, f"too few arrangements to bound the effect at alpha {request.alpha:g}")
