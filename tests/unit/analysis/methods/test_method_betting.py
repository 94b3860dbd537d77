import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.methods import betting

units = st.lists(st.floats(0, 1), max_size=25)
levels = st.sampled_from([0.005, 0.025, 0.05, 0.2])
BOTH = [betting.fixed_bounds, betting.anytime_bounds]


@pytest.mark.parametrize("bounds_of", BOTH)
@given(values=units, alpha=levels)
def test_bounds_hold_the_estimate_within_the_range(bounds_of, values, alpha) -> None:
    found = bounds_of(values, 0.0, 1.0, alpha)
    assert found.n == len(values)
    assert not found.approximate
    assert 0 <= found.low <= found.high <= 1
    if values:
        assert found.low - 1e-9 <= found.estimate <= found.high + 1e-9


@pytest.mark.parametrize("bounds_of", BOTH)
@given(values=units, alpha=levels)
def test_mirrored_values_have_mirrored_bounds(bounds_of, values, alpha) -> None:
    found = bounds_of(values, 0.0, 1.0, alpha)
    mirrored = bounds_of([1 - value for value in values], 0.0, 1.0, alpha)
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-3)
    assert found.high == pytest.approx(1 - mirrored.low, abs=1e-3)


@pytest.mark.parametrize("bounds_of", BOTH)
@given(values=units)
def test_bounds_move_with_the_unit_of_measurement(bounds_of, values) -> None:
    found = bounds_of(values, 0.0, 1.0, 0.05)
    moved = bounds_of([5 + 20 * value for value in values], 5.0, 25.0, 0.05)
    assert moved.low == pytest.approx(5 + 20 * found.low, abs=0.02)
    assert moved.high == pytest.approx(5 + 20 * found.high, abs=0.02)


@given(values=units.filter(any), data=st.data())
def test_anytime_bounds_widen_with_confidence_and_ignore_the_order(values, data) -> None:
    found = betting.anytime_bounds(values, 0, 1, 0.05)
    surer = betting.anytime_bounds(values, 0, 1, 0.01)
    assert surer.low <= found.low
    assert surer.high >= found.high
    shuffled = betting.anytime_bounds(data.draw(st.permutations(values)), 0, 1, 0.05)
    assert (shuffled.low, shuffled.high) == pytest.approx((found.low, found.high), abs=1e-9)


@pytest.mark.parametrize("bounds_of", BOTH)
@pytest.mark.parametrize("values", [[], [0.0], [1.0], [0.0] * 20, [1.0] * 20, [0.5] * 20])
def test_edges(bounds_of, values) -> None:
    found = bounds_of(values, 0, 1, 0.05)
    assert found.low < 1
    assert found.high > 0
    if not values:
        assert math.isnan(found.estimate)
        assert (found.low, found.high) == (0, 1)
    if len(values) == 20:
        assert found.high - found.low < 0.4  # equal values are informative


def test_fixed_bounds_are_sharper_than_hoeffding_and_than_anytime_ones() -> None:
    values = np.random.default_rng(4).beta(8, 4, 60)
    fixed, anytime = (bounds_of(values, 0, 1, 0.05) for bounds_of in BOTH)
    hoeffding = values.mean() - math.sqrt(math.log(20) / 120)
    assert fixed.low > anytime.low > hoeffding
    assert fixed.high < anytime.high


def test_fixed_bounds_come_near_those_of_the_normal_for_many_values() -> None:
    values = np.random.default_rng(5).random(2000)
    found = betting.fixed_bounds(values, 0, 1, 0.05)
    half = stats.norm.isf(0.05) * values.std() / math.sqrt(2000)
    assert half < found.estimate - found.low < 1.6 * half


def test_ten_thousand_values_take_less_than_a_second() -> None:
    values = np.random.default_rng(6).random(10_000)
    before = time.process_time()
    betting.fixed_bounds(values, 0, 1, 0.05)
    assert time.process_time() - before < 1.0


P_VALUES = [
    lambda values, null: betting.anytime_p_superior(values, 0, 1, null),
    lambda values, null: betting.fixed_p_superior(values, 0, 1, null, 0.05),
    lambda values, null: betting.fixed_p_inferior([1 - value for value in values], 0, 1, 1 - null, 0.1),
]


def test_p_values_are_no_smaller_than_they_may_be() -> None:
    """All outcomes of eight tosses, enumerated: p-values at most `level` have at most that probability."""
    for null in (0.1, 0.5, 0.9):
        found = []
        for tosses in itertools.product((0.0, 1.0), repeat=8):
            chance = null ** sum(tosses) * (1 - null) ** (8 - sum(tosses))
            found.append((chance, [p_of(tosses, null) for p_of in P_VALUES]))
        for level in (0.02, 0.05, 0.1, 0.3):
            for method in range(len(P_VALUES)):
                assert sum(chance for chance, p in found if p[method] <= level) <= level + 1e-9


@given(values=units.filter(any), margin=st.floats(0.01, 0.99))
def test_anytime_p_values_agree_with_bounds(values, margin) -> None:
    found = betting.anytime_bounds(values, 0, 1, 0.05)
    if abs(found.low - margin) > 1e-6:
        assert (betting.anytime_p_superior(values, 0, 1, margin) <= 0.05) == (margin < found.low)
    if abs(found.high - margin) > 1e-6:
        assert (betting.anytime_p_inferior(values, 0, 1, margin) <= 0.05) == (margin > found.high)


def test_fixed_p_values_are_sharp_at_the_level_aimed_at() -> None:
    values = np.random.default_rng(7).beta(8, 2, 20)
    found = betting.fixed_bounds(values, 0, 1, 0.05)
    assert betting.fixed_p_superior(values, 0, 1, found.low - 0.001, 0.05) <= 0.05
    assert betting.fixed_p_superior(values, 0, 1, found.low + 0.02, 0.05) > 0.05
    assert betting.fixed_p_inferior(values, 0, 1, found.high + 0.001, 0.05) <= 0.05
    assert betting.fixed_p_inferior(values, 0, 1, found.estimate, 0.05) > 0.05


def test_p_values_at_the_ends_of_the_range_need_no_bets() -> None:
    assert betting.anytime_p_superior([0.5], 0, 1, -0.1) == 0
    assert betting.anytime_p_superior([0.5], 0, 1, 0) < 1e-9
    assert betting.anytime_p_superior([0.0], 0, 1, 0) == 1
    assert betting.anytime_p_superior([1.0], 0, 1, 1) == 1
    assert betting.anytime_p_superior([], 0, 1, 0.5) == 1


def test_a_sequence_never_widens_and_ends_within_the_bounds_of_all_values() -> None:
    values = np.random.default_rng(8).beta(0.5, 0.5, 60)
    steps = betting.sequence(values, 0, 1, 0.05)
    assert [step.n for step in steps] == list(range(1, 61))
    lows, highs = [step.low for step in steps], [step.high for step in steps]
    assert lows == sorted(lows)
    assert highs == sorted(highs, reverse=True)
    whole = betting.anytime_bounds(values, 0, 1, 0.05)
    assert lows[-1] >= whole.low - 1e-9
    assert highs[-1] <= whole.high + 1e-9


def test_a_sequence_may_look_seldom() -> None:
    values = [0.2, 0.9, 0.4, 0.7]
    steps = betting.sequence(values, 0, 1, 0.05, looks=[2, 4])
    assert [(step.n, step.estimate) for step in steps] == [(2, pytest.approx(0.55)), (4, pytest.approx(0.55))]


def test_the_range_of_a_difference() -> None:
    assert betting.difference_range(0, 1) == (-1, 1)
    assert betting.difference_range(-2, 10, 0.5) == (-7, 11)


def test_values_outside_the_range_and_bad_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must lie in the range \[0, 1\]"):
        betting.fixed_bounds([0.5, 1.2], 0, 1, 0.05)
    with pytest.raises(ValueError, match="two finite numbers, the lower first"):
        betting.fixed_bounds([0.5], 1, 0, 0.05)
    with pytest.raises(ValueError, match="finite numbers"):
        betting.anytime_bounds([math.nan], 0, 1, 0.05)
