"""Against SciPy, exhaustive enumeration and published figures: Newcombe (1998)."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from pytest_dre.analysis.methods import binomial, unconditional

counts = st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (81, 263)])
@pytest.mark.parametrize(("method", "name"), [(binomial.clopper_pearson, "exact"), (binomial.wilson, "wilson")])
def test_one_proportion_agrees_with_scipy(method, name, successes, n) -> None:
    found = method(successes, n, 0.025)
    known = stats.binomtest(successes, n).proportion_ci(0.95, name)
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-9)
    assert found.estimate == successes / n


def test_nothing_observed_leaves_a_proportion_open() -> None:
    for method in (binomial.clopper_pearson, binomial.wilson):
        found = method(0, 0, 0.05)
        assert (found.low, found.high) == (0, 1)
        assert math.isnan(found.estimate)


@pytest.mark.parametrize("margin", [0.1, 0.5, 0.9])
def test_one_proportion_p_values_agree_with_scipy(margin) -> None:
    assert binomial.proportion_p_superior(7, 10, margin) == pytest.approx(
        stats.binomtest(7, 10, margin, "greater").pvalue
    )
    assert binomial.proportion_p_inferior(7, 10, margin) == pytest.approx(stats.binomtest(7, 10, margin, "less").pvalue)


def test_margins_outside_a_proportion() -> None:
    assert binomial.proportion_p_superior(0, 10, -0.1) == 0
    assert binomial.proportion_p_superior(10, 10, 1.1) == 1


@pytest.mark.parametrize(
    ("treatment", "control", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombe_agrees_with_the_published_table(treatment, control, low, high) -> None:
    """Newcombe (1998), table II, method 10 (95 %)."""
    found = binomial.newcombe(treatment, control, 0.025)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
    assert found.approximate


@pytest.mark.parametrize("table", [((7, 10), (2, 10)), ((9, 10), (5, 10)), ((4, 7), (1, 12)), ((3, 5), (3, 5))])
def test_exact_p_values_at_margin_0_agree_with_barnards_test(table) -> None:
    (x, n), (y, m) = table
    known = stats.barnard_exact([[x, y], [n - x, m - y]], alternative="greater").pvalue
    assert binomial.difference_p_superior(*table, 0.0) == pytest.approx(known, rel=2e-3)


@pytest.mark.parametrize("weight", [1.0, 0.9])
@pytest.mark.parametrize("n", [3, 6])
def test_exact_bounds_err_at_most_at_alpha_whatever_the_proportions(n, weight) -> None:
    """All tables of two arms are enumerated, so this is no simulation."""
    alpha = 0.05
    lows = {
        (x, y): unconditional.lower_bound((x, n), (y, n), alpha, weight) for x in range(n + 1) for y in range(n + 1)
    }
    for q in np.linspace(0, 1, 15):
        for p in np.linspace(0, 1, 15):
            chance = np.outer(stats.binom.pmf(range(n + 1), n, p), stats.binom.pmf(range(n + 1), n, q))
            wrong = sum(chance[table] for table, low in lows.items() if low > p - weight * q + 1e-9)
            assert wrong <= alpha + 1e-9


@given(counts, counts)
@settings(max_examples=6, deadline=None)
def test_exact_bounds_hold_the_estimate_and_mirror(treatment, control) -> None:
    found = binomial.difference_bounds(treatment, control, 0.05)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    swapped = binomial.difference_bounds(control, treatment, 0.05)
    assert (found.low, found.high) == pytest.approx((-swapped.high, -swapped.low), abs=1 / unconditional.STEPS + 1e-9)
    surer = binomial.difference_bounds(treatment, control, 0.01)
    assert surer.low <= found.low
    assert surer.high >= found.high


@given(counts, counts, st.floats(-0.9, 0.9))
@settings(max_examples=30, deadline=None)
def test_exact_p_values_mirror(treatment, control, margin) -> None:
    below = binomial.difference_p_superior(treatment, control, margin)
    assert 0 <= below <= 1
    assert below == pytest.approx(binomial.difference_p_inferior(control, treatment, -margin), abs=1e-6)


def test_p_values_at_impossible_margins() -> None:
    assert binomial.difference_p_superior((3, 5), (3, 5), -1.01) == 0
    assert binomial.difference_p_superior((5, 5), (0, 5), 1.0) == 1
    assert binomial.paired_p_superior(3, 0, 5, -1.01) == 0
    assert binomial.paired_p_superior(5, 0, 5, 1.0) == 1


def test_an_empty_arm_leaves_a_difference_open() -> None:
    found = binomial.difference_bounds((0, 0), (3, 5), 0.05)
    assert (found.low, found.high) == (-1, 1)
    assert math.isnan(found.estimate)
    assert binomial.difference_p_superior((0, 0), (3, 5), 0.0) == 1
    assert binomial.newcombe((0, 0), (3, 5), 0.05).n == 0


def test_large_arms_are_approximate_and_their_p_values_invert_the_bounds() -> None:
    arms = (500, 1000), (450, 1000)
    found = binomial.difference_bounds(*arms, 0.03)
    assert found.approximate
    assert found.method == "Newcombe"
    assert binomial.difference_p_superior(*arms, found.low) == pytest.approx(0.03, abs=1e-6)
    assert binomial.difference_p_inferior(*arms, found.high) == pytest.approx(0.03, abs=1e-6)
    assert binomial.difference_p_superior(*arms, found.high) == pytest.approx(0.97, abs=1e-6)


@pytest.mark.parametrize(("b", "c", "n", "margin"), [(1, 0, 44, -0.03), (12, 3, 50, 0.1), (3, 9, 20, 0.2)])
def test_tango_standardises_by_the_likeliest_proportions_under_the_null(b, c, n, margin) -> None:
    def surprise(q: float) -> float:
        return -stats.multinomial.logpmf([b, c, n - b - c], n, [margin + q, q, 1 - margin - 2 * q])

    limits = max(0.0, -margin), (1 - margin) / 2
    q = optimize.minimize_scalar(surprise, bounds=limits, method="bounded", options={"xatol": 1e-10}).x
    known = (b - c - n * margin) / math.sqrt(n * (2 * q + margin - margin**2))
    assert unconditional.tango(b, c, n, margin) == pytest.approx(known, rel=1e-4)


@pytest.mark.parametrize("weight", [1.0, 0.9])
@pytest.mark.parametrize("margin", [-0.3, 0.0, 0.15])
def test_the_score_standardises_by_the_likeliest_proportions_under_the_null(margin, weight) -> None:
    n, m = 7, 9
    scores = unconditional._score(n, m, margin, weight)
    for x, y in [(1, 2), (3, 3), (6, 2), (2, 8), (5, 9)]:

        def surprise(q: float, x: int = x, y: int = y) -> float:
            return -stats.binom.logpmf(x, n, margin + weight * q) - stats.binom.logpmf(y, m, q)

        limits = max(0.0, -margin / weight), min(1.0, (1 - margin) / weight)
        q = optimize.minimize_scalar(surprise, bounds=limits, method="bounded", options={"xatol": 1e-10}).x
        p = margin + weight * q
        error = math.sqrt(p * (1 - p) / n + weight**2 * q * (1 - q) / m)
        assert scores[x, y] == pytest.approx((x / n - weight * y / m - margin) / error, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("n", [3, 7])
def test_exact_paired_bounds_err_at_most_at_alpha_whatever_the_proportions(n) -> None:
    alpha = 0.05
    tables = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
    lows = [unconditional.paired_lower_bound(b, c, n, alpha) for b, c in tables]
    steps = np.linspace(0, 1, 12)
    for p in steps:
        for q in steps[steps <= 1 - p + 1e-9]:
            rest = max(0.0, 1 - p - q)
            chances = stats.multinomial.pmf([(b, c, n - b - c) for b, c in tables], n, [p, q, rest])
            wrong = sum(chance for chance, low in zip(chances, lows, strict=True) if low > p - q + 1e-9)
            assert wrong <= alpha + 1e-9


def test_paired_bounds_hold_the_estimate_and_mirror() -> None:
    for b, c, n in [(0, 0, 6), (4, 1, 10), (10, 0, 10), (12, 3, 40)]:
        found, swapped = binomial.paired_bounds(b, c, n, 0.05), binomial.paired_bounds(c, b, n, 0.05)
        assert -1 <= found.low <= found.estimate <= found.high <= 1
        assert (found.low, found.high) == (-swapped.high, -swapped.low)
        assert not found.approximate
    assert binomial.paired_p_superior(4, 1, 10, 0.1) == pytest.approx(binomial.paired_p_inferior(1, 4, 10, -0.1))


def test_exact_paired_p_values_come_near_the_score_test_for_many_pairs() -> None:
    exact = binomial.paired_p_superior(30, 15, 100, 0.0)
    approximate = stats.norm.sf(unconditional.tango(30, 15, 100, 0.0))
    assert exact == pytest.approx(approximate, rel=0.25)
    assert unconditional.tango(30, 15, 100, 0.0) == pytest.approx(15 / math.sqrt(45))  # McNemar's z


def test_many_pairs_are_approximate() -> None:
    found = binomial.paired_bounds(120, 80, 1000, 0.02)
    assert found.approximate
    assert binomial.paired_p_superior(120, 80, 1000, found.low) == pytest.approx(0.02, abs=1e-4)
    assert binomial.paired_p_inferior(120, 80, 1000, found.high) == pytest.approx(0.02, abs=1e-4)


def test_no_pairs_leave_a_difference_open() -> None:
    found = binomial.paired_bounds(0, 0, 0, 0.05)
    assert (found.low, found.high) == (-1, 1)
    assert binomial.paired_p_superior(0, 0, 0, 0.0) == 1


@pytest.mark.parametrize("arm", [(6, 5), (-1, 5)])
def test_impossible_counts_are_refused(arm) -> None:
    for call in (
        lambda: binomial.clopper_pearson(*arm, 0.05),
        lambda: binomial.difference_bounds(arm, (1, 5), 0.05),
        lambda: binomial.paired_bounds(*arm, 5, 0.05) if arm[0] > 0 else binomial.wilson(*arm, 0.05),
    ):
        with pytest.raises(ValueError, match="expected a count between 0 and"):
            call()
