"""Simulated power of betting and of quantiles: the same verdicts as the testers', from the stated distributions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.gates.testers import Quantile, Units
from pytest_dre.analysis.power.bounded import LARGEST, BoundedMeans, _rejects, beta_values
from pytest_dre.analysis.power.quantile import QuantileDifference
from pytest_dre.analysis.power.targets import Target


@given(
    st.integers(1, 40),
    st.integers(0, 2**32),
    st.booleans(),
    st.sampled_from([-0.2, -0.0333, 0.0, 0.1, 0.5]),
    st.sampled_from([0.05, 0.01]),
    st.sampled_from([0.02, 0.2, 0.6]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_studies_side_by_side_pass_as_each_by_itself(
    n: int, seed: int, above: bool, limit: float, level: float, sd: float, anytime: bool
) -> None:
    units = 2 * beta_values(0.7, sd, np.random.default_rng(seed).random((n, 8))) - 1
    side = Side(above, limit)
    found = _rejects(units, (-1.0, 1.0), side, level, shown=True, anytime=anytime)
    for column in range(8):
        tester = Units(units[:, column], np.zeros(n), (0.0, 1.0), level, anytime)
        bounds = tester.bounds(level)
        shown = bounds.low >= limit if above else bounds.high <= limit
        assert found[column] == (tester.p_value(side) <= level and shown)


def test_limits_at_the_ends_of_the_range_are_certain() -> None:
    units = np.full((5, 1), 0.5)
    assert _rejects(units, (0.0, 1.0), Side(True, -0.1), 0.05, shown=False).all()
    assert not _rejects(units, (0.0, 1.0), Side(True, 1.0), 0.05, shown=False).any()
    assert not _rejects(units, (0.0, 1.0), Side(False, 0.0), 0.05, shown=True).any()


@given(st.floats(0.01, 0.99), st.floats(0.05, 0.98))
@settings(deadline=None)
def test_values_have_the_mean_and_deviation_asked_for(mean: float, share: float) -> None:
    deviation = share * math.sqrt(mean * (1 - mean))
    values = beta_values(mean, deviation, (np.arange(200_000) + 0.5) / 200_000)
    assert values.mean() == pytest.approx(mean, abs=2e-3)
    assert values.std() == pytest.approx(deviation, abs=5e-3)
    assert 0 <= values.min() <= values.max() <= 1


def test_values_at_the_extremes() -> None:
    chances = np.linspace(0.001, 0.999, 999)
    assert (beta_values(0.4, 0.0, chances) == 0.4).all()
    assert (beta_values(1.0, 0.3, chances) == 1.0).all()
    two = beta_values(0.25, 0.5, chances)
    assert set(two.tolist()) == {0.0, 1.0}
    assert two.mean() == pytest.approx(0.25, abs=2e-3)


def _family(sides=None, sd=0.3, **more) -> BoundedMeans:
    return BoundedMeans(Target(sides or (Side(True, 0.0),)), (0.0, 1.0), True, (-1.0, 1.0), sd, 0.05, 7, **more)


def test_power_grows_with_units_and_effect() -> None:
    family = _family()
    by_units = [family.power(n, 0.15) for n in (10, 30, 100, 300)]
    assert by_units == sorted(by_units)
    assert by_units[-1] > by_units[0] + 0.3
    by_effect = [family.power(50, effect) for effect in (0.0, 0.1, 0.2, 0.4, 1.0)]
    assert by_effect == sorted(by_effect)
    assert by_effect[0] <= 0.05
    assert by_effect[-1] == 1


def test_figures_are_the_same_every_time() -> None:
    assert _family().power(30, 0.2) == _family().power(30, 0.2)


def test_power_of_many_units_carries_on_from_the_largest_simulated() -> None:
    family = _family()
    below, above = family.power(LARGEST, 0.03), family.power(LARGEST + 1, 0.03)
    assert above == pytest.approx(below, abs=0.01)
    assert family.power(4 * LARGEST, 0.015) == pytest.approx(below, abs=0.02)


def test_few_units_cannot_pass() -> None:
    assert [_family().possible(n) for n in (2, 4, 5)] == [False, False, True]
    equivalent = _family((Side(True, -0.1), Side(False, 0.1)))
    assert not equivalent.possible(10)
    assert equivalent.possible(60)
    one_arm = BoundedMeans(Target((Side(False, 0.2),)), (0.0, 1.0), False, (0.0, 1.0), 0.1, 0.05, 7)
    assert not one_arm.possible(5)
    assert one_arm.possible(20)


@pytest.mark.parametrize("anytime", [True, False])
@pytest.mark.parametrize(("limit", "least"), [(0.9, 29), (0.999, 3000)])
def test_claims_near_an_end_of_the_range_take_many_units(limit: float, least: int, anytime: bool) -> None:
    """Bets on units that are all 1 come near to the least that any test needs, log(alpha) / log(limit)."""
    family = BoundedMeans(Target((Side(True, limit),)), (0.0, 1.0), False, (0.0, 1.0), 0.0, 0.05, 7, "exact", anytime)
    soonest = family.soonest(1.0)
    assert soonest == pytest.approx(least, rel=0.02)
    assert not family.sure(soonest - 1, 1.0)
    assert family.sure(2 * soonest, 1.0)
    assert family.possible(2 * soonest)
    assert not family.possible(soonest - 1)
    assert not family.sure(2 * soonest, limit)
    assert family.soonest(limit) == 1, "nothing is known of what cannot pass"


def test_sides_of_margins_in_percent_have_a_range_each() -> None:
    sides = (Side(True, 0.0, 0.5), Side(False, 0.0, 1.5))
    family = BoundedMeans(Target(sides, 0.6, relative=True), (0.0, 1.0), True, (-0.6, 0.4), 0.1, 0.05, 7)
    assert family.power(100, 0.0) > 0.95
    assert family.power(100, -0.3) < 0.06


@pytest.mark.parametrize("above", [True, False])
def test_quantiles_pass_as_their_tester_does(above: bool) -> None:
    family = QuantileDifference(Target((Side(above, 0.0),)), 0.5, (25, 30), (1.0, 2.0), 0.05, 3)
    effect = 1.5 if above else -1.5
    rng = np.random.default_rng(11)
    passes = 0
    for _ in range(600):
        tester = Quantile(rng.normal(effect, 1, 25), rng.normal(0, 2, 30), 0.5)
        bounds = tester.bounds(0.05)
        passes += bounds.low >= 0 if above else bounds.high <= 0
    assert family.power(25, effect) == pytest.approx(passes / 600, abs=0.06)
    assert family.power(25, 0.0) <= 0.05
    assert family.ends == (-math.inf, math.inf)


def test_quantiles_need_bounds() -> None:
    family = QuantileDifference(Target((Side(True, 0.0),)), 0.5, (9, 9), (1.0, 1.0), 0.05, 3)
    assert [family.possible(n) for n in (5, 6)] == [False, True]
    tail = QuantileDifference(Target((Side(True, 0.0),), 3.0), 0.95, (9, 9), (1.0, 1.0), 0.05, 3)
    assert not tail.possible(70)
    assert tail.possible(72)
    assert tail.power(9, 100.0) == 0
