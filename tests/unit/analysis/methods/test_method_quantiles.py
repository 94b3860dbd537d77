import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.methods import quantiles

values = st.lists(st.integers(-30, 30).map(float), max_size=40)
probabilities = st.sampled_from([0.1, 0.25, 0.5, 0.9])


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33)])
def test_ranks_agree_with_the_published_table_of_the_median(n, low, high) -> None:
    """Ranks of 95 % intervals of the median, as tabulated by Conover (1999) and elsewhere."""
    found = quantiles.quantile_bounds(range(1, n + 1), 0.5, 0.025)
    assert (found.low, found.high) == (low, high)
    assert not found.approximate


def test_bounds_agree_with_scipy() -> None:
    sample = np.random.default_rng(0).lognormal(size=80)
    known = stats.quantile_test(sample, p=0.25).confidence_interval(0.95)
    found = quantiles.quantile_bounds(sample, 0.25, 0.025)
    assert (found.low, found.high) == (known.low, known.high)


@pytest.mark.parametrize(("n", "finite"), [(58, False), (59, True)])
def test_a_bound_above_p95_needs_59_values(n, finite) -> None:
    found = quantiles.quantile_bounds(range(n), 0.95, 0.05)
    assert math.isfinite(found.high) == finite
    assert math.isfinite(found.low)


@given(values, probabilities, st.sampled_from([0.01, 0.05, 0.4]))
def test_bounds_hold_the_estimate(sample, probability, alpha) -> None:
    found = quantiles.quantile_bounds(sample, probability, alpha)
    if sample:
        assert found.low <= found.estimate <= found.high
    else:
        assert math.isnan(found.estimate)
        assert (found.low, found.high) == (-math.inf, math.inf)
    assert quantiles.quantile_bounds(sample, probability, alpha / 2).low <= found.low


@given(values.filter(bool), probabilities, st.integers(-30, 30))
def test_p_values_agree_with_bounds(sample, probability, margin) -> None:
    found = quantiles.quantile_bounds(sample, probability, 0.05)
    assert (quantiles.quantile_p_superior(sample, probability, margin) <= 0.05) == (found.low > margin)
    above = quantiles.quantile_p_inferior(sample, probability, margin)
    assert (above <= 0.05) == (found.high < margin)


@given(values, values, probabilities, st.integers(-20, 20), st.sampled_from([1.0, 0.9]))
def test_differences_agree_with_their_p_values(first, second, probability, margin, weight) -> None:
    found = quantiles.quantile_difference_bounds(first, second, probability, 0.05, weight)
    if first and second:
        assert found.low <= found.estimate <= found.high
    p = quantiles.quantile_difference_p_superior(first, second, probability, margin, weight)
    assert 0 < p <= 1
    if abs(p - 0.05) > 1e-9:
        assert (p <= 0.05) == (found.low > margin)
    p = quantiles.quantile_difference_p_inferior(first, second, probability, margin, weight)
    if abs(p - 0.05) > 1e-9:
        assert (p <= 0.05) == (found.high < margin)


def test_equal_values() -> None:
    found = quantiles.quantile_bounds([3.0] * 20, 0.5, 0.05)
    assert found.low == found.estimate == found.high == 3


@pytest.mark.parametrize("probability", [0, 1, 1.2])
def test_impossible_probabilities_are_refused(probability) -> None:
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        quantiles.quantile_bounds([1.0], probability, 0.05)
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        quantiles.quantile_p_superior([1.0], probability, 0.05)
