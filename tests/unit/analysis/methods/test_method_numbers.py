"""Against SciPy, and Student's (1908) data on sleep: mean difference 1.58 hours, t = 4.0621, 95 % 0.70 to 2.46."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.methods import numbers

SLEEP_FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
GAINS = [second - first for first, second in zip(SLEEP_FIRST, SLEEP_SECOND, strict=True)]
values = st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=12)


def test_sleep_as_pairs() -> None:
    found = numbers.mean_bounds(GAINS, 0.025)
    assert (found.estimate, found.low, found.high) == pytest.approx((1.58, 0.7001, 2.4599), abs=1e-4)
    assert found.approximate
    assert numbers.mean_p_superior(GAINS, 0.0) == pytest.approx(0.002833 / 2, abs=1e-6)
    assert numbers.mean_p_inferior(GAINS, 0.0) == pytest.approx(1 - 0.002833 / 2, abs=1e-6)


def test_sleep_as_two_arms_is_welch() -> None:
    """R's t.test(extra ~ group): t = -1.8608, df = 17.776, p = 0.07939, 95 % -3.3655 to 0.2055."""
    found = numbers.difference_bounds([SLEEP_SECOND], [SLEEP_FIRST], 0.025)
    assert (found.low, found.high) == pytest.approx((-0.2055, 3.3655), abs=1e-4)
    assert found.method == "Welch t"
    assert numbers.difference_p_superior([SLEEP_SECOND], [SLEEP_FIRST], 0.0) == pytest.approx(0.07939 / 2, abs=1e-5)


@given(values, values)
def test_one_stratum_agrees_with_scipy(first, second) -> None:
    if 1 in (len(set(first)), len(set(second))):
        return  # SciPy warns of values that are all equal
    known = stats.ttest_ind(first, second, equal_var=False)
    found = numbers.difference_bounds([first], [second], 0.05)
    interval = known.confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    p = numbers.difference_p_superior([first], [second], 0.0)
    assert p == pytest.approx(stats.ttest_ind(first, second, equal_var=False, alternative="greater").pvalue)
    assert numbers.difference_p_inferior([first], [second], 0.0) == pytest.approx(1 - p)


@given(values, values)
def test_equal_strata_halve_the_variance(first, second) -> None:
    once = numbers.difference_bounds([first], [second], 0.5 * 0.1)
    twice = numbers.difference_bounds([first, first], [second, second], 0.05)
    assert twice.estimate == pytest.approx(once.estimate)
    assert twice.high - twice.low <= once.high - once.low + 1e-9
    assert twice.n == 2 * once.n


@given(values, values, st.floats(-100, 100))
def test_bounds_shift_and_mirror(first, second, shift) -> None:
    found = numbers.difference_bounds([first], [second], 0.05)
    moved = numbers.difference_bounds([[value + shift for value in first]], [second], 0.05)
    assert (moved.low, moved.high) == pytest.approx((found.low + shift, found.high + shift), abs=1e-6)
    swapped = numbers.difference_bounds([second], [first], 0.05)
    assert (swapped.low, swapped.high) == pytest.approx((-found.high, -found.low))
    assert numbers.difference_bounds([first], [second], 0.01).low <= found.low <= found.estimate


def test_a_share_of_the_controls_mean_is_a_weight() -> None:
    treatment, control = [9.0, 10.0, 11.0], [10.0, 11.0, 12.0]
    found = numbers.difference_bounds([treatment], [control], 0.05, control_weight=0.9)
    scaled = numbers.difference_bounds([treatment], [[0.9 * value for value in control]], 0.05)
    assert (found.estimate, found.low) == pytest.approx((0.1, scaled.low))


@pytest.mark.parametrize("few", [[], [1.0]])
def test_too_few_values_give_no_bounds(few) -> None:
    for found in (numbers.mean_bounds(few, 0.05), numbers.difference_bounds([few], [[1.0, 2.0]], 0.05)):
        assert (found.low, found.high) == (-math.inf, math.inf)
        assert math.isnan(found.estimate) == (not few)
    assert numbers.mean_p_superior(few, 0.0) == 1


def test_equal_values_have_no_width() -> None:
    found = numbers.mean_bounds([0.1] * 3, 0.05)
    assert found.low == found.high == pytest.approx(0.1)
    assert numbers.mean_p_superior([0.1] * 3, 0.0) == 0
    assert numbers.mean_p_superior([0.1] * 3, 0.2) == 1
    assert numbers.difference_bounds([[1, 1]], [[1, 1]], 0.05).low == 0


def test_unmatched_strata_and_missing_values_are_refused() -> None:
    with pytest.raises(ValueError, match="same strata, got 1 and 2"):
        numbers.difference_bounds([[1.0]], [[1.0], [2.0]], 0.05)
    with pytest.raises(ValueError, match="same strata, got 0 and 0"):
        numbers.difference_bounds([], [], 0.05)
    with pytest.raises(ValueError, match="finite"):
        numbers.mean_bounds([math.nan, 1.0], 0.05)
