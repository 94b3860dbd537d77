import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.procedures.hodges_lehmann import differences_between, walsh_averages
from pytest_dre.errors import DreError

VALUES = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=12)


def varied(values):
    return len(set(values)) > 1


def test_wilcoxon_gives_the_published_figures_of_the_depression_data(classic, ask):
    # R's wilcox.test(x, y, paired = TRUE, alternative = "greater"): V = 40, p = 0.01953; two-sided with
    # conf.int = TRUE: pseudomedian 0.46, 95 percent interval 0.010 to 0.786 (Hollander & Wolfe 1973, page 29).
    asked = {"treatment": "first", "control": "second", "pairing": ("unit",)}
    one_sided = ask(classic("depression"), "wilcoxon", direction="greater", **asked)
    assert (one_sided.statistic_name, one_sided.statistic) == ("W+", 40)
    assert one_sided.p_value == 10 / 512
    assert one_sided.ci_high == math.inf
    found = ask(classic("depression"), "wilcoxon", **asked)
    assert found.estimate == pytest.approx(0.46)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.010, 0.786))
    assert found.notes == ("exact",)


def test_mann_whitney_gives_the_published_figures_of_the_membranes(classic, ask):
    # R's wilcox.test(x, y, alternative = "g"): W = 35, p = 0.1272; with conf.int = TRUE the shift is 0.305, two-sided
    # interval -0.15 to 0.76 (Hollander & Wolfe 1973, pages 69 and 75).
    found = ask(classic("membranes"), "mann_whitney", "term", "early", direction="greater")
    assert (found.statistic_name, found.statistic) == ("U", 35)
    assert found.p_value == pytest.approx(0.1272, abs=5e-5)
    two_sided = ask(classic("membranes"), "mann_whitney", "term", "early")
    assert two_sided.estimate == pytest.approx(0.305)
    assert (two_sided.ci_low, two_sided.ci_high) == pytest.approx((-0.15, 0.76))


def test_mann_whitney_with_ties_gives_the_published_figures_of_the_air_quality(classic, ask):
    # R's wilcox.test(Ozone ~ Month, airquality, subset = Month %in% c(5, 8)): W = 127.5, p = 0.0001208
    found = ask(classic("air_quality"), "mann_whitney", "May", "August")
    assert found.statistic == 127.5
    assert found.p_value == pytest.approx(0.0001208, abs=5e-8)
    assert found.missing == {"May": 5, "August": 5}
    assert found.notes == ("normal approximation with continuity correction (the values have ties)",)


def test_wilcoxon_with_ties_and_zeros_gives_the_published_figures_of_the_sleep_data(classic, ask):
    # R's wilcox.test(extra ~ group, data = sleep, paired = TRUE, exact = FALSE): V = 0, p = 0.009091
    found = ask(classic("sleep"), "wilcoxon", "first", "second", pairing=("unit",))
    assert (found.statistic, found.effect_size.value) == (0, -1)
    assert found.p_value == pytest.approx(0.009091, abs=5e-7)
    assert -1 <= found.effect_size.low <= -1 < found.effect_size.high < 0
    assert found.notes[1] == "1 pairs without a difference were left out"


def test_kruskal_wallis_gives_the_published_figures_of_the_air_quality(classic, ask):
    # R's kruskal.test(Ozone ~ Month, data = airquality): chi-squared = 29.267, df = 4, p = 6.901e-06
    found = ask(classic("air_quality"), "kruskal_wallis")
    assert found.statistic == pytest.approx(29.267, abs=5e-4)
    assert (found.df, found.estimate) == (4, None)
    assert found.p_value == pytest.approx(6.901e-06, abs=5e-10)
    assert sum(found.n.values()) == 116
    assert sum(found.missing.values()) == 37
    assert found.effect_size.value == pytest.approx(29.267 / 115, abs=5e-6)  # H / (n - 1)


def test_cliffs_delta_and_its_interval_are_those_of_their_definition(arms, ask):
    treated, controls = [1.0, 2.0, 4.0, 7.0, 7.0], [0.0, 2.0, 3.0, 3.0]
    signs = np.sign(np.subtract.outer(treated, controls))
    delta, n, m = signs.mean(), 5, 4
    variance = (
        m**2 * ((signs.mean(axis=1) - delta) ** 2).sum()
        + n**2 * ((signs.mean(axis=0) - delta) ** 2).sum()
        - ((signs - delta) ** 2).sum()
    ) / (n * m * (n - 1) * (m - 1))  # Cliff 1993
    z = stats.t.ppf(0.975, n + m - 2)
    ends = [
        (delta - delta**3 + side * z * math.sqrt(variance) * math.sqrt((1 - delta**2) ** 2 + z**2 * variance))
        / (1 - delta**2 + z**2 * variance)
        for side in (-1, 1)
    ]  # Feng & Cliff 2004
    effect = ask(arms(a=treated, b=controls), "mann_whitney", "a", "b").effect_size
    assert (effect.name, effect.value) == ("Cliff's delta", pytest.approx(delta))
    assert (effect.low, effect.high) == pytest.approx(ends)


def test_arms_that_do_not_overlap_have_a_bounded_delta(arms, ask):
    effect = ask(arms(a=[4.0, 5.0, 6.0], b=[1.0, 2.0, 3.0]), "mann_whitney", "a", "b").effect_size
    assert effect.value == effect.high == 1
    assert -1 < effect.low < 1


def test_one_value_an_arm_has_a_delta_without_interval(arms, ask):
    found = ask(arms(a=[4.0], b=[1.0, 2.0, 3.0]), "mann_whitney", "a", "b")
    assert (found.effect_size.value, found.effect_size.low) == (1, None)
    assert found.p_value == 0.5


@given(VALUES, VALUES)
def test_ranks_swap_and_do_not_mind_units(arms, ask, first, second):
    if not varied([*first, *second]):
        return
    plain, swapped = (ask(arms(a=first, b=second), "mann_whitney", *order) for order in (("a", "b"), ("b", "a")))
    assert plain.estimate == -swapped.estimate
    assert plain.p_value == pytest.approx(swapped.p_value)
    assert (plain.ci_low, plain.ci_high) == (-swapped.ci_high, -swapped.ci_low)
    assert plain.effect_size.value == pytest.approx(-swapped.effect_size.value)
    assert plain.effect_size.low <= plain.effect_size.value <= plain.effect_size.high
    assert plain.ci_low <= plain.estimate <= plain.ci_high
    cubed = ask(arms(a=[x**3 for x in first], b=[x**3 for x in second]), "mann_whitney", "a", "b")
    assert cubed.p_value == plain.p_value


@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), min_size=2, max_size=12))
def test_signed_ranks_swap(arms, ask, pairs):
    first, second = ([float(pair[side]) for pair in pairs] for side in (0, 1))
    if first == second:
        return
    plain, swapped = (
        ask(arms(a=first, b=second), "wilcoxon", *order, pairing=("unit",)) for order in (("a", "b"), ("b", "a"))
    )
    assert plain.estimate == -swapped.estimate
    assert 0 <= plain.p_value <= 1
    assert plain.p_value == pytest.approx(swapped.p_value)
    assert plain.ci_low <= plain.estimate <= plain.ci_high
    assert plain.effect_size.low <= plain.effect_size.value <= plain.effect_size.high


@given(st.sets(st.integers(-1000, 1000), min_size=4, max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_exact_interval_of_ranks_holds_the_shifts_not_rejected(arms, ask, values, alpha):
    ordered = sorted(values, key=lambda value: (value * 7919) % 1009)
    first, second = ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]
    found = ask(arms(a=first, b=second), "mann_whitney", "a", "b", alpha=alpha)
    for end, inward in ((found.ci_low, 0.25), (found.ci_high, -0.25)):
        if math.isinf(end):
            continue
        inside, outside = (
            stats.mannwhitneyu([value - end - step for value in first], second, method="exact").pvalue
            for step in (inward, -inward)
        )
        assert outside <= alpha < inside or inside == pytest.approx(1)


def test_ranks_of_values_all_alike_are_refused(arms, ask):
    table = arms(a=[1.0, 1.0], b=[1.0, 1.0])
    with pytest.raises(DreError, match="all its values are alike; fisher suits"):
        ask(table, "mann_whitney", "a", "b")
    with pytest.raises(DreError, match="no pair differs; there is nothing to rank"):
        ask(table, "wilcoxon", "a", "b", pairing=("unit",))
    with pytest.raises(DreError, match="all its values are alike"):
        ask(table, "kruskal_wallis")


def test_kruskal_wallis_names_empty_levels_and_doubts_small_ones(arms, ask):
    with pytest.raises(DreError, match="b has no value; leave the level out by a filter"):
        ask(arms(a=[1.0, 2.0], b=[None, None]), "kruskal_wallis")
    found = ask(arms(a=[1.0, 2.0], b=[3.0, 4.0], c=[5.0]), "kruskal_wallis")
    assert found.notes == ("an arm has fewer than 5 values: the approximation is rough",)


def test_many_values_are_bisected_to_the_same_order_statistics():
    rng = np.random.default_rng(5)
    first, second = np.sort(rng.normal(size=40)), np.sort(rng.normal(size=31))
    held, counted = differences_between(first, second), differences_between(first, second, held=0)
    assert counted.median() == pytest.approx(held.median(), abs=1e-12)
    assert counted.interval(100, 200) == pytest.approx(held.interval(100, 200), abs=1e-12)
    held, counted = walsh_averages(first), walsh_averages(first, held=0)
    assert counted.median() == pytest.approx(held.median(), abs=1e-12)
    assert counted.interval(1, 0) == (pytest.approx(held.at(1), abs=1e-12), math.inf)


@pytest.mark.parametrize("exact", [True, False])
def test_one_sided_intervals_agree_with_one_sided_tests(exact, arms, ask):
    size = 12 if exact else 60
    rng = np.random.default_rng(2)
    first, second = rng.normal(1, 1, size).tolist(), rng.normal(0, 1, size).tolist()
    for test in ("mann_whitney", "wilcoxon"):
        found = ask(arms(a=first, b=second), test, "a", "b", direction="greater", pairing=("unit",))
        for step, rejected in ((1e-6, False), (-1e-6, True)):
            shifted = [value - found.ci_low - step for value in first]
            again = ask(arms(a=shifted, b=second), test, "a", "b", direction="greater", pairing=("unit",))
            assert (again.p_value <= 0.05) is rejected
