"""Against the tables of Reboussin, DeMets, Kim and Lan (2000) for five equal looks, one-sided 2.5 %."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.methods import spending

FIVE = [0.2, 0.4, 0.6, 0.8, 1.0]
kinds = st.sampled_from(["obrien_fleming", "pocock"])


@pytest.mark.parametrize(
    ("kind", "z"),
    [
        ("obrien_fleming", [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        ("pocock", [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]),
    ],
)
def test_bounds_agree_with_the_published_table(kind, z) -> None:
    assert spending.normal_bounds(0.025, FIVE, kind) == pytest.approx(z, abs=2e-4)


def test_two_looks_agree_with_the_bivariate_normal() -> None:
    first, second = spending.normal_bounds(0.05, [0.3, 1.0], "pocock")
    joint = stats.multivariate_normal([0, 0], [[1, math.sqrt(0.3)], [math.sqrt(0.3), 1]])
    assert 1 - joint.cdf([first, second]) == pytest.approx(0.05, abs=1e-5)


def test_one_look_is_the_fixed_test() -> None:
    assert spending.normal_bounds(0.05, [1.0], "pocock") == pytest.approx([stats.norm.isf(0.05)])
    assert spending.normal_levels(0.05, [1.0], "obrien_fleming") == pytest.approx([0.05])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5, unique=True), kinds)
def test_increments_add_up_to_alpha(looks, kind) -> None:
    fractions = [look / max(looks) for look in sorted(looks)]
    steps = spending.increments(0.05, fractions, kind)
    assert math.fsum(steps) == pytest.approx(0.05)
    assert all(step >= 0 for step in steps)


def test_normal_levels_are_larger_than_increments_and_keep_alpha() -> None:
    """Simulated: sums of independent normals, judged at each look."""
    levels = spending.normal_levels(0.05, FIVE, "pocock")
    assert all(
        level >= step - 1e-9 for level, step in zip(levels, spending.increments(0.05, FIVE, "pocock"), strict=True)
    )
    sums = np.random.default_rng(0).normal(size=(20_000, 5)).cumsum(axis=1)
    crossed = (sums / np.sqrt([1, 2, 3, 4, 5]) > stats.norm.isf(levels)).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.005)


def test_a_very_early_look_spends_nothing() -> None:
    bounds = spending.normal_bounds(0.025, [0.01, 1.0], "obrien_fleming")
    assert bounds[0] == math.inf
    assert bounds[1] == pytest.approx(stats.norm.isf(0.025), abs=1e-3)
    assert spending.normal_levels(0.025, [0.01, 1.0], "obrien_fleming")[0] == 0


@pytest.mark.parametrize("fractions", [[], [0.5, 0.5], [0.6, 0.4], [0.0, 1.0], [0.5, 1.5]])
def test_impossible_looks_are_refused(fractions) -> None:
    with pytest.raises(ValueError, match="information fraction"):
        spending.increments(0.05, fractions, "pocock")


def test_an_unknown_spending_is_refused() -> None:
    with pytest.raises(ValueError, match="use 'obrien_fleming' or 'pocock'"):
        spending.spent(0.05, 0.5, "haybittle")
