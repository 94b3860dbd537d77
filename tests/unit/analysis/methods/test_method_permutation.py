"""Against SciPy's permutation_test and Fisher's (1935) analysis of Darwin's maize."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.methods import permutation

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]  # eighths of an inch, crossed - selfed
values = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=5)


def difference(first, second, axis):
    return first.mean(axis=axis) - second.mean(axis=axis)


def test_darwins_maize() -> None:
    """Fisher (1935, section 21): of 32,768 sign patterns, 863 have as large a sum: one-sided 2.634 %."""
    known = 863 / 2**15
    rng_p = permutation.sign_flip_p_superior(DARWIN, 0.0)
    assert rng_p == pytest.approx(known, abs=4 * math.sqrt(known / permutation.SAMPLES))


def test_few_pairs_are_enumerated() -> None:
    p = permutation.sign_flip_p_superior(DARWIN[:10], 0.0)
    known = stats.permutation_test(
        (DARWIN[:10],), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert p == pytest.approx(known.pvalue)
    assert permutation.sign_flip_p_inferior(DARWIN[:10], 0.0) > 1 - p


@given(values, values)
def test_one_stratum_agrees_with_scipy(first, second) -> None:
    known = stats.permutation_test((first, second), difference, alternative="greater", n_resamples=np.inf, axis=0)
    assert permutation.permutation_p_superior([first], [second], 0.0) == pytest.approx(known.pvalue)


def test_labels_stay_within_strata() -> None:
    """Strata far apart: mixing labels over strata would hide the effect; within them there are 3 * 3 arrangements."""
    treatment, control = [[101.0], [1.0]], [[100.0, 99.0], [0.0, -1.0]]
    assert permutation.permutation_p_superior(treatment, control, 0.0) == pytest.approx(1 / 9)
    assert permutation.permutation_p_inferior(treatment, control, 0.0) == 1


@given(values, values, st.sampled_from([0.05, 0.1, 0.3]))
def test_bounds_invert_the_test(first, second, alpha) -> None:
    found = permutation.permutation_bounds([first], [second], alpha)
    assert found.low <= found.estimate <= found.high
    assert found.approximate
    if math.isfinite(found.low):
        assert permutation.permutation_p_superior([first], [second], found.low - 0.001) <= alpha
        if found.low < found.estimate:
            assert permutation.permutation_p_superior([first], [second], found.low + 1e-6) > alpha
    swapped = permutation.permutation_bounds([second], [first], alpha)
    assert (swapped.low, swapped.high) == pytest.approx((-found.high, -found.low))


@given(values, st.sampled_from([0.05, 0.1, 0.3]), st.floats(-50, 50))
def test_sign_flip_bounds_invert_the_test_and_shift(differences, alpha, shift) -> None:
    found = permutation.sign_flip_bounds(differences, alpha)
    if math.isfinite(found.low) and found.low < found.estimate:
        assert permutation.sign_flip_p_superior(differences, found.low - 0.001) <= alpha
        assert permutation.sign_flip_p_superior(differences, found.low + 1e-6) > alpha
    moved = permutation.sign_flip_bounds([value + shift for value in differences], alpha)
    assert (moved.low, moved.high) == pytest.approx((found.low + shift, found.high + shift))


def test_too_few_arrangements_give_no_bounds() -> None:
    found = permutation.sign_flip_bounds([1.0, 2.0, 3.0], 0.05)  # 8 sign patterns
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert math.isfinite(permutation.sign_flip_bounds([1.0, 2.0, 3.0], 0.125).low)


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (0, 0)])
def test_an_empty_arm_gives_no_bounds(sizes) -> None:
    arms = [np.ones(sizes[0])], [np.ones(sizes[1])]
    found = permutation.permutation_bounds(*arms, 0.05)
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert permutation.permutation_p_superior(*arms, 0.0) == 1
    assert math.isinf(permutation.sign_flip_bounds([], 0.05).low)


def test_samples_of_arrangements_are_seeded_and_never_give_p_0() -> None:
    rng = np.random.default_rng(1)
    treatment, control = rng.normal(5, 1, 40), rng.normal(0, 1, 40)
    p = permutation.permutation_p_superior([treatment], [control], 0.0)
    assert p == 1 / (permutation.SAMPLES + 1)
    first, again = (permutation.permutation_bounds([treatment], [control], 0.05, seed=3) for _ in range(2))
    assert first == again
    t = stats.ttest_ind(treatment, control).confidence_interval(0.9)
    assert (first.low, first.high) == pytest.approx((t.low, t.high), abs=0.05)


def test_sampled_sign_flips_agree_with_t_for_many_normal_differences() -> None:
    differences = np.random.default_rng(2).normal(0.3, 1, 200)
    found = permutation.sign_flip_bounds(differences, 0.05)
    t = stats.ttest_1samp(differences, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((t.low, t.high), abs=0.01)


def test_all_equal_values() -> None:
    found = permutation.permutation_bounds([[2.0] * 4], [[2.0] * 4], 0.05)
    assert found.low == found.high == 0
    assert permutation.permutation_p_superior([[2.0] * 4], [[2.0] * 4], 0.0) == 1


def test_a_weight_scales_the_control() -> None:
    found = permutation.permutation_bounds([[9, 10, 11, 12]], [[10, 11, 12, 13]], 0.05, control_weight=0.5)
    assert found.estimate == pytest.approx(10.5 - 5.75)


def test_unmatched_strata_are_refused() -> None:
    with pytest.raises(ValueError, match="same strata, got 1 and 0"):
        permutation.permutation_bounds([[1.0]], [], 0.05)
