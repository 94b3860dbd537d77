"""Power of t tests against published figures, statsmodels, and other ways of computing the same."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.power.comparisons import COMPARISONS, detectable, enough, h_of, power, rate_after
from pytest_dre.analysis.power.normal import Means, StratifiedMeans, t_power, tost_power, two_sided_t_power
from pytest_dre.analysis.power.solving import MOST, least_units, threshold
from pytest_dre.analysis.power.targets import Target

ABOVE = (Side(True, 0.0),)
WITHIN = (Side(True, -1.0), Side(False, 1.0))


@pytest.mark.parametrize(
    ("test", "effect", "n"),
    [
        # Faul et al. (2007), G*Power 3, exact; Cohen (1992), "A power primer", table 2 has 393, 64 and 26
        ("t", 0.2, 394),
        ("t", 0.5, 64),
        ("t", 0.8, 26),
        ("paired_t", 0.2, 199),
        ("paired_t", 0.5, 34),
        ("paired_t", 0.8, 15),
        # by arcs; Cohen (1992) has 392, 63 and 25
        ("fisher", 0.2, 393),
        ("fisher", 0.5, 63),
        ("fisher", 0.8, 25),
    ],
)
def test_sample_sizes_are_those_of_published_tables(test: str, effect: float, n: int) -> None:
    assert least_units(lambda count: enough(COMPARISONS[test], count, effect, 0.05, 2), 50) == n


@pytest.mark.parametrize(("cv", "n", "expected"), [(0.25, 28, 0.807439), (0.3, 40, 0.815845)])
def test_power_of_equivalence_is_that_of_owens_integral(cv: float, n: int, expected: float) -> None:
    """Figures of the R package PowerTOST (Labes et al.) for a crossover trial, ratio 0.95, margins 0.8 to 1.25."""
    error = math.sqrt(math.log(1 + cv**2) * 2 / n)
    margin, effect = math.log(1.25), math.log(0.95)
    assert tost_power((margin + effect, margin - effect), error, n - 2, 0.05) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("n", [5, 20, 80])
@pytest.mark.parametrize("effect", [0.2, 0.7])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_t_power_is_that_of_statsmodels(n: int, effect: float, alpha: float) -> None:
    smp = pytest.importorskip("statsmodels.stats.power")
    one, two = smp.TTestPower(), smp.TTestIndPower()
    assert t_power(effect * math.sqrt(n), n - 1, alpha) == pytest.approx(
        one.power(effect, n, alpha, alternative="larger"), abs=1e-6
    )
    assert two_sided_t_power(effect * math.sqrt(n / 2), 2 * n - 2, alpha) == pytest.approx(
        two.power(effect, n, alpha, alternative="two-sided"), abs=1e-6
    )
    assert power(COMPARISONS["t"], (n, n), effect, alpha, 1) == pytest.approx(
        two.power(effect, n, alpha, alternative="larger"), abs=1e-6
    )


def test_tails_far_out_are_sound() -> None:
    assert t_power(300.0, 9, 0.05) == pytest.approx(1)
    assert t_power(-300.0, 9, 0.05) == pytest.approx(0)
    assert 0 <= two_sided_t_power(80.0, 4000, 0.05) <= 1


def test_tost_without_variance_is_certain() -> None:
    assert tost_power((0.1, 0.2), 0.0, 9, 0.05) == 1
    assert tost_power((-0.1, 0.2), 0.0, 9, 0.05) == 0


def test_a_mean_that_does_not_vary_passes_from_its_edge_on() -> None:
    family = Means(Target(ABOVE), 0.0, 0.05, 10)
    assert threshold(lambda effect: family.power(20, effect), 0.0, math.inf) == 0
    strata = StratifiedMeans(Target(ABOVE), ((20, 20),), (0.0, 0.0), 0.05, 10, 1)
    assert strata.power(20, 0.1) == 1
    assert strata.power(20, 0.0) == 0


def test_equal_strata_have_about_the_power_of_one_pooled_test() -> None:
    strata = StratifiedMeans(Target(ABOVE), ((15, 15), (15, 15)), (2.0, 2.0), 0.05, 10, 1)
    expected = t_power(1.0 / (2 * math.sqrt(2 / 30)), 56, 0.05)
    assert strata.power(30, 1.0) == pytest.approx(expected, abs=0.01)
    assert strata.planned == 30


def test_unequal_cells_have_the_power_of_simulated_studies(rng: np.random.Generator) -> None:
    sizes, sds = ((4, 12), (6, 14)), (1.0, 3.0)
    strata = StratifiedMeans(Target(WITHIN), sizes, sds, 0.1, 10, 1)
    passes = 0
    for _ in range(4000):
        cells = [(rng.normal(0.2, 1, n), rng.normal(0, 3, m)) for n, m in sizes]
        parts = [(first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)) for first, second in cells]
        total = sum(map(sum, parts)) / 4
        freedom = total**2 / sum(
            (part / 4) ** 2 / (len(values) - 1)
            for pair, both in zip(cells, parts, strict=True)
            for values, part in zip(pair, both, strict=True)
        )
        estimate = np.mean([first.mean() - second.mean() for first, second in cells])
        passes += abs(estimate) + stats.t.isf(0.1, freedom) * math.sqrt(total) <= 1
    assert strata.power(10, 0.2) == pytest.approx(passes / 4000, abs=0.025)


def test_sides_of_different_weights_err_on_the_low_side() -> None:
    sides = (Side(True, 0.0, 0.9), Side(False, 0.0, 1.1))
    relative, absolute = Target(sides, 10.0, relative=True), Target(WITHIN)
    for family, other in (
        (Means(relative, 1.0, 0.05, 2), Means(absolute, 1.0, 0.05, 2)),
        (
            StratifiedMeans(relative, ((9, 9),), (1.0, 1.0), 0.05, 2, 1),
            StratifiedMeans(absolute, ((9, 9),), (1.0, 1.0), 0.05, 2, 1),
        ),
    ):
        assert family.power(9, 0.0) <= other.power(9, 0.0) + 0.02
        assert family.power(200, 0.0) == pytest.approx(1, abs=1e-6)


@given(
    st.sampled_from(["t", "paired_t", "welch", "mann_whitney", "fisher", "tost"]),
    st.integers(3, 300),
    st.integers(1, 200),
    st.sampled_from([0.001, 0.01, 0.05]),
    st.sampled_from([1, 2]),
)
@settings(max_examples=40, deadline=None)
def test_more_values_detect_smaller_effects(test: str, n: int, further: int, alpha: float, tails: int) -> None:
    comparison = COMPARISONS[test]

    def found(count: int) -> float | None:
        return detectable(comparison, (count,) if comparison.paired else (count, count), alpha, tails)

    few, many = found(n), found(n + further)
    if few is not None:
        assert many is not None
        assert many <= few * (1 + 1e-3)
        sizes = (n,) if comparison.paired else (n, n)
        assert power(comparison, sizes, few, alpha, tails) == pytest.approx(0.8, abs=0.001)


def test_arms_of_one_value_detect_nothing() -> None:
    assert detectable(COMPARISONS["t"], (1, 9), 0.05, 2) is None
    assert power(COMPARISONS["t"], (1, 9), 3.0, 0.05, 2) == 0


def test_rates_lie_on_arcs() -> None:
    assert rate_after(0.3, h_of(0.7, 0.3)) == pytest.approx(0.7)
    assert rate_after(0.9, 1.0) is None
    assert rate_after(0.1, -1.0) is None


def test_nothing_is_found_where_nothing_suffices() -> None:
    assert threshold(lambda _: 0.5, 0.0, 1.0) is None
    assert threshold(lambda _: 0.5, 0.0, -math.inf) is None
    assert least_units(lambda n: n > MOST, 5) is None
    assert least_units(lambda n: n >= 7_001, 5) == 7_001


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e6))
def test_thresholds_are_found_at_any_scale(start: float, distance: float) -> None:
    found = threshold(lambda effect: float(effect - start >= distance), start, math.inf)
    assert found is not None
    assert found - start == pytest.approx(distance, rel=1e-3, abs=1e-9)
