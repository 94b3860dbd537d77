"""Power of tests of proportions against published plans and against every table tried."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.methods import binomial
from pytest_dre.analysis.power.binary import PairedShares, TwoShares
from pytest_dre.analysis.power.share import Share
from pytest_dre.analysis.power.targets import Target


@pytest.mark.parametrize(("null", "truth", "n"), [(0.05, 0.25, 16), (0.2, 0.4, 35)])
def test_one_share_needs_what_published_tables_say(null: float, truth: float, n: int) -> None:
    """A'Hern (2001), "Sample size tables for exact single-stage phase II designs", alpha 5 %, power 80 %."""
    assert Share(null, True, 0.05).least_for(truth) == n


def test_fewest_runs_that_can_pass() -> None:
    assert Share(0.95, True, 0.05).least() == 59  # 0.95^59 < 0.05 < 0.95^58
    assert Share(0.05, False, 0.05).least() == 59
    assert Share(0.9999, True, 0.05).least() is None
    assert Share(1.0, True, 0.05).least() is None
    assert Share(-0.1, True, 0.05).least() == 1
    assert not Share(0.95, True, 0.05).possible(58)
    assert Share(0.95, True, 0.05).possible(59)


@given(st.integers(1, 60), st.floats(0.05, 0.95), st.floats(0, 1), st.booleans(), st.sampled_from([0.01, 0.05]))
@settings(max_examples=60, deadline=None)
def test_one_share_adds_up_the_tables_that_pass(n: int, limit: float, truth: float, above: bool, level: float) -> None:
    test = binomial.proportion_p_superior if above else binomial.proportion_p_inferior
    chances = stats.binom.pmf(np.arange(n + 1), n, truth)
    expected = sum(chance for x, chance in enumerate(chances) if test(x, n, limit) <= level)
    assert Share(limit, above, level).power(n, truth) == pytest.approx(expected, abs=1e-9)


SIDES = {
    "superior": (Side(True, 0.0),),
    "inferior": (Side(False, 0.0),),
    "non-inferior": (Side(True, -0.3),),
    "no worse, below": (Side(False, 0.3),),
    "equivalent": (Side(True, -0.6), Side(False, 0.6)),
}


def passes(sides, p_superior, p_inferior, level=0.05) -> bool:
    """Return what a verdict asks for, but for the grid of its bounds."""
    return all((p_superior if side.above else p_inferior)(side.limit) <= level for side in sides)


@pytest.mark.parametrize("sides", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize(("control", "effect"), [(0.5, 0.3), (0.5, -0.3), (0.8, 0.1), (0.2, 0.0)])
def test_two_shares_add_up_the_tables_that_pass(sides, control: float, effect: float) -> None:
    n, m = 9, 11
    expected = 0.0
    for x, y in product(range(n + 1), range(m + 1)):
        arms = (x, n), (y, m)
        chance = stats.binom.pmf(x, n, control + effect) * stats.binom.pmf(y, m, control)
        expected += chance * passes(
            sides,
            lambda limit, arms=arms: binomial.difference_p_superior(*arms, limit),
            lambda limit, arms=arms: binomial.difference_p_inferior(*arms, limit),
        )
    family = TwoShares(Target(sides, control), (n, m), 0.05)
    assert family.power(9, effect) == pytest.approx(expected, abs=0.02)
    assert family.how == "exact"


@pytest.mark.parametrize("sides", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize(("control", "effect", "correlation"), [(0.5, 0.3, 0.0), (0.5, -0.2, 0.6), (0.3, 0.0, -0.3)])
def test_pairs_add_up_the_tables_that_pass(sides, control: float, effect: float, correlation: float) -> None:
    n = 12
    family = PairedShares(Target(sides, control), n, correlation, 0.05)
    both = control * (control + effect) + correlation * np.sqrt(
        control * (1 - control) * (control + effect) * (1 - control - effect)
    )
    more, less = control + effect - both, control - both
    expected = 0.0
    for b in range(n + 1):
        for c in range(n + 1 - b):
            expected += stats.multinomial.pmf([b, c, n - b - c], n, [more, less, 1 - more - less]) * passes(
                sides,
                lambda limit, b=b, c=c: binomial.paired_p_superior(b, c, n, limit),
                lambda limit, b=b, c=c: binomial.paired_p_inferior(b, c, n, limit),
            )
    assert family.power(n, effect) == pytest.approx(expected, abs=0.02)


def test_a_margin_in_percent_is_a_weight_of_the_control() -> None:
    sides = (Side(True, 0.0, 0.5),)
    family = TwoShares(Target(sides, 0.6, relative=True), (10, 10), 0.05)
    expected = sum(
        stats.binom.pmf(x, 10, 0.6) * stats.binom.pmf(y, 10, 0.6)
        for x, y in product(range(11), range(11))
        if binomial.difference_p_superior((x, 10), (y, 10), 0.0, 0.5) <= 0.05
    )
    assert family.power(10, 0.0) == pytest.approx(expected, abs=1e-4)


def test_many_runs_are_judged_by_scores() -> None:
    """Beyond 100 an arm Newcombe's and Tango's scores judge, so their power is that of the normal approximation."""
    two = TwoShares(Target((Side(True, 0.0),), 0.5), (400, 400), 0.05)
    normal = stats.norm.sf(stats.norm.isf(0.05) - 0.1 / np.sqrt((0.24 + 0.25) / 400))
    assert two.power(400, 0.1) == pytest.approx(normal, abs=0.02)
    below = TwoShares(Target((Side(False, 0.0),), 0.5), (400, 400), 0.05)
    assert below.power(400, -0.1) == pytest.approx(two.power(400, 0.1), abs=1e-6)
    pairs = PairedShares(Target((Side(True, 0.0),), 0.5), 400, 0.0, 0.05)
    assert pairs.power(400, 0.1) == pytest.approx(normal, abs=0.02)
    assert pairs.how == "exact"
    assert PairedShares(Target((Side(True, 0.0),), 0.5), 80, 0.0, 0.05).how == "approximate"


@pytest.mark.parametrize("pairs", [59, 60, 61, 62])
def test_scores_stand_in_for_the_exact_test_of_pairs(pairs: int) -> None:
    """Where the region is approximated its power differs little from the exact one."""
    family = PairedShares(Target((Side(True, 0.0),), 0.5), pairs, 0.0, 0.05)
    assert family.power(pairs, 0.2245) == pytest.approx(0.8, abs=0.03)


def test_what_is_possible() -> None:
    superior = TwoShares(Target((Side(True, 0.0),), 0.5), (5, 5), 0.05)
    assert [superior.possible(n) for n in (2, 3, 5)] == [False, True, True]
    assert TwoShares(Target((Side(False, 0.0),), 0.5), (5, 5), 0.05).possible(5)
    narrow = TwoShares(Target((Side(True, -0.1), Side(False, 0.1)), 0.5), (20, 20), 0.05)
    assert not narrow.possible(20)
    assert narrow.possible(500)
    assert narrow.ends == (-0.5, 0.5)
    pairs = PairedShares(Target((Side(True, -0.1), Side(False, 0.1)), 0.5), 20, 0.0, 0.05)
    assert not pairs.possible(20)
    assert pairs.possible(60)
    assert pairs.ends == (-0.5, 0.5)


@given(st.integers(5, 25), st.floats(0.1, 0.9), st.floats(-0.05, 0.6), st.floats(0.01, 0.4))
@settings(max_examples=25, deadline=None)
def test_larger_effects_are_shown_more_often(n: int, control: float, effect: float, further: float) -> None:
    family = TwoShares(Target((Side(True, 0.0),), control), (n, n), 0.05)
    assert family.power(n, effect + further) >= family.power(n, effect) - 1e-9
    pairs = PairedShares(Target((Side(True, 0.0),), control), n, 0.3, 0.05)
    assert pairs.power(n, min(effect + further, 1 - control)) >= pairs.power(n, effect) - 0.02


def test_deviations_of_differences() -> None:
    two = TwoShares(Target((Side(True, 0.0),), 0.5), (9, 9), 0.05)
    assert two.deviation(0.0) == pytest.approx(np.sqrt(0.5))
    pairs = PairedShares(Target((Side(True, 0.0),), 0.5), 9, 1.0, 0.05)
    assert pairs.deviation(0.0) == pytest.approx(0, abs=1e-9)
