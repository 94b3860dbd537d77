import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.errors import DreError

VALUES = st.lists(st.integers(-1000, 1000).map(lambda number: number / 8), min_size=3, max_size=12)


def varied(values):
    return len(set(values)) > 1


def of_moments(n, mean, sd):
    """Return n values of exactly this mean and standard deviation."""
    raw = np.arange(n, dtype=float)
    return (mean + sd * (raw - raw.mean()) / raw.std(ddof=1)).tolist()


def test_welch_gives_the_published_figures_of_students_sleep_data(classic, ask):
    # R's t.test(extra ~ group, data = sleep), which subtracts the other way round.
    found = ask(classic("sleep"), "welch", "second", "first")
    assert found.estimate == pytest.approx(1.58)
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.2054832, 3.3654832), abs=5e-8)
    assert found.statistic == pytest.approx(1.8608, abs=5e-5)
    assert found.df == pytest.approx(17.776, abs=5e-4)
    assert found.p_value == pytest.approx(0.07939, abs=5e-6)
    assert found.n == {"second": 10, "first": 10}
    assert found.effect == "mean of second minus mean of first"


def test_students_t_gives_the_published_figures_of_the_sleep_data(classic, ask):
    # R's t.test(extra ~ group, data = sleep, var.equal = TRUE)
    found = ask(classic("sleep"), "t", "second", "first")
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.203874, 3.363874), abs=5e-7)
    assert (found.df, found.p_value) == pytest.approx((18, 0.07919), abs=5e-6)


def test_paired_t_gives_the_published_figures_of_the_sleep_data(classic, ask):
    # R's t.test(extra ~ group, data = sleep, paired = TRUE); Cohen's d_z is t / sqrt(n).
    found = ask(classic("sleep"), "paired_t", "second", "first", pairing=("unit",))
    assert found.statistic == pytest.approx(4.0621, abs=5e-5)
    assert (found.df, found.p_value) == pytest.approx((9, 0.002833), abs=5e-7)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.7001142, 2.4598858), abs=5e-8)
    assert found.effect_size.name == "d_z"
    assert found.effect_size.value == pytest.approx(4.0621 / math.sqrt(10), abs=5e-5)


def test_paired_t_gives_the_published_figures_of_darwins_maize(classic, ask):
    # Fisher 1935: t = 2.148 with 14 degrees of freedom; R's help of HistData::ZeaMays gives the interval.
    found = ask(classic("maize"), "paired_t", "crossed", "selfed", pairing=("unit",))
    assert (found.statistic, found.df) == pytest.approx((2.148, 14), abs=5e-4)
    assert found.p_value == pytest.approx(0.0497, abs=5e-5)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.003899165, 5.229434169), abs=5e-9)


def test_welch_tells_two_species_of_iris_apart(classic, ask):
    # R's t.test(Sepal.Length ~ Species) of setosa and versicolor: t = -10.521, df = 86.538
    found = ask(classic("iris"), "welch", "setosa", "versicolor")
    assert (found.statistic, found.df) == pytest.approx((-10.521, 86.538), abs=5e-4)
    assert (found.ci_low, found.ci_high) == pytest.approx((-1.1057074, -0.7542926), abs=5e-8)
    assert found.missing == {"setosa": 0, "versicolor": 0}


def test_tost_gives_the_published_figures_of_a_replication(arms, ask):
    # Lakens 2017, of Moery & Calin-Jageman 2016: M = 5.25 (0.95), n = 95 against M = 5.22 (0.83), n = 89; equivalent
    # within d = 0.43 (0.3836 scale points, variances not pooled): t(182) = -2.69, p = .004.
    table = arms(organic=of_moments(95, 5.25, 0.95), control=of_moments(89, 5.22, 0.83))
    margin = 0.43 * math.sqrt((0.95**2 + 0.83**2) / 2)
    found = ask(table, "tost", "organic", "control", minimum_effect=margin)
    assert found.statistic == pytest.approx(-2.69, abs=5e-3)
    assert found.df == pytest.approx(182, abs=1)
    assert found.p_value == pytest.approx(0.004, abs=5e-4)
    assert found.confidence == pytest.approx(0.90)
    assert found.minimum_effect == "short"
    assert found.direction == "equivalent"


def test_paired_tost_rejects_just_if_the_90_percent_interval_lies_within_the_margin(classic, ask):
    table = classic("sleep")
    asked = {"treatment": "second", "control": "first", "pairing": ("unit",)}
    low, high = 0.866994732970716, 2.293005267029284  # t.test(…, paired = TRUE, conf.level = 0.9) of R
    for margin, equivalent in ((high + 1e-6, True), (high - 1e-6, False)):
        found = ask(table, "paired_tost", minimum_effect=margin, **asked)
        assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
        assert (found.p_value < 0.05) is equivalent
        assert (found.minimum_effect == "short") is equivalent


def test_equivalence_needs_a_margin(classic, ask):
    with pytest.raises(DreError, match="needs a margin; give the hypothesis a minimum_effect_of_interest"):
        ask(classic("sleep"), "tost", "second", "first")


def test_hedges_g_is_the_corrected_d_with_the_published_interval(classic, ask):
    # R's effectsize::cohens_d(extra ~ group, data = sleep): -0.83, 95% CI [-1.74, 0.09]; hedges_g: -0.80 [-1.67, 0.09]
    g, d = ask(classic("sleep"), "t", "second", "first").effects
    assert (g.name, d.name) == ("Hedges' g", "Cohen's d")
    assert (d.value, d.low, d.high) == pytest.approx((0.83, -0.09, 1.74), abs=6e-3)
    assert (g.value, g.low, g.high) == pytest.approx((0.80, -0.09, 1.67), abs=6e-3)


@pytest.mark.parametrize(
    ("direction", "alternative"), [("greater", "greater"), ("less", "less"), ("different", "two-sided")]
)
@pytest.mark.parametrize("test", ["t", "welch"])
def test_directions_agree_with_scipy(classic, ask, test, direction, alternative):
    found = ask(classic("sleep"), test, "second", "first", direction=direction, alpha=0.1)
    values = classic("sleep").columns["value"]
    scipy = stats.ttest_ind(values[10:], values[:10], equal_var=test == "t", alternative=alternative)
    interval = scipy.confidence_interval(0.9)
    assert found.p_value == pytest.approx(scipy.pvalue)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high))
    assert found.confidence == pytest.approx(0.9)
    assert found.method.endswith(f", one-sided ({direction})") is (direction != "different")


@given(VALUES.filter(varied), VALUES.filter(varied), st.sampled_from(["t", "welch"]))
def test_swapping_the_arms_flips_the_sign(arms, ask, first, second, test):
    table = arms(a=first, b=second)
    one, other = ask(table, test, "a", "b"), ask(table, test, "b", "a")
    assert one.estimate == pytest.approx(-other.estimate)
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low))
    assert one.effect_size.value == pytest.approx(-other.effect_size.value)


@given(VALUES.filter(varied), VALUES.filter(varied), st.integers(-50, 50), st.sampled_from([0.25, 2.0, 1024.0]))
def test_shifts_do_not_matter_and_units_scale(arms, ask, first, second, shift, unit):
    plain = ask(arms(a=first, b=second), "welch", "a", "b")
    moved = ask(
        arms(a=[unit * (value + shift) for value in first], b=[unit * (value + shift) for value in second]),
        "welch",
        "a",
        "b",
    )
    assert moved.p_value == pytest.approx(plain.p_value)
    assert moved.effect_size.value == pytest.approx(plain.effect_size.value)
    assert (moved.ci_low, moved.ci_high) == pytest.approx((unit * plain.ci_low, unit * plain.ci_high))


@given(VALUES.filter(varied), VALUES.filter(varied), st.sampled_from(["greater", "less", "different"]))
def test_intervals_hold_the_estimate_and_p_values_are_probabilities(arms, ask, first, second, direction):
    found = ask(arms(a=first, b=second), "welch", "a", "b", direction=direction)
    assert found.ci_low <= found.estimate <= found.ci_high
    assert 0 <= found.p_value <= 1
    assert all(effect.low <= effect.value <= effect.high for effect in found.effects)
    assert (found.p_value < found.alpha) is not (found.ci_low <= 0 <= found.ci_high)


def test_one_value_an_arm_is_refused_with_what_suits(arms, ask):
    with pytest.raises(DreError, match="the arm a has one value and the test needs 2 an arm; more replicates"):
        ask(arms(a=[1.0], b=[2.0, 3.0]), "welch", "a", "b")
    with pytest.raises(DreError, match="the arm b has no value"):
        ask(arms(a=[1.0, 2.0], b=[None]), "t", "a", "b")
    with pytest.raises(DreError, match="the arm a has one value"):
        ask(arms(a=[1.0], b=[2.0]), "paired_t", "a", "b", pairing=("unit",))


@pytest.mark.parametrize("value", [0.1, 0.5])  # with rounding errors and without
@pytest.mark.parametrize("test", ["t", "welch", "paired_t", "tost"])
def test_values_that_do_not_vary_are_refused_with_what_suits(arms, ask, test, value):
    table = arms(a=[value] * 3, b=[3 * value] * 3)
    with pytest.raises(DreError, match=r"do not vary within the arms .* permutation and fisher suit"):
        ask(table, test, "a", "b", pairing=("unit",), minimum_effect=1.0)


def test_one_arm_may_be_constant(arms, ask):
    found = ask(arms(a=[1.0, 1.0, 1.0], b=[2.0, 3.0, 4.0]), "welch", "a", "b")
    assert found.df == pytest.approx(2)
    assert found.p_value == pytest.approx(stats.ttest_1samp([2, 3, 4], 1).pvalue)


def test_two_pairs_have_an_effect_size_without_correction(arms, ask):
    found = ask(arms(a=[1.0, 3.0], b=[0.0, 1.0]), "paired_t", "a", "b", pairing=("unit",))
    assert [effect.name for effect in found.effects] == ["d_z"]


def test_means_of_a_binary_outcome_come_with_a_doubt(arms, ask):
    found = ask(arms(a=[True, False, True], b=[False, False, True]), "welch", "a", "b")
    assert found.notes == ("the outcome is binary: fisher or mcnemar suit it better",)


@pytest.mark.parametrize(
    ("minimum", "direction", "where"),
    [
        (0.5, "different", "beyond"),
        (1.0, "different", "across"),
        (3.0, "different", "short"),
        (0.8, "greater", "beyond"),
        (3.0, "greater", "across"),
        (1.0, "less", "across"),
        (None, "different", None),
    ],
)
def test_the_interval_is_set_against_the_minimum_effect(classic, ask, minimum, direction, where):
    found = ask(
        classic("sleep"),
        "paired_t",
        "second",
        "first",
        pairing=("unit",),
        minimum_effect=minimum,
        direction=direction,
    )
    assert found.minimum_effect == where
