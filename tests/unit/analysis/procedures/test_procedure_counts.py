import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.procedures.proportions import difference_interval, paired_difference_interval
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.errors import DreError

OUTCOMES = st.lists(st.booleans(), min_size=1, max_size=15)


def binary(successes, size):
    return [True] * successes + [False] * (size - successes)


def test_fisher_gives_the_published_figures_of_the_lady_tasting_tea(classic, ask):
    # R's fisher.test(TeaTasting, alternative = "greater"): odds ratio 6.408309, p = 0.2429, interval 0.3135693 to Inf;
    # two-sided p = 0.4857 (Agresti 1990, page 61).
    asked = {"outcome": "milk_said", "independent": ("poured",), "treatment": "milk", "control": "tea"}
    one_sided = ask(classic("tea"), "fisher", direction="greater", **asked)
    assert one_sided.p_value == pytest.approx(17 / 70)
    assert (one_sided.ci_high, one_sided.effect_size.name) == (1.0, "odds ratio")
    assert one_sided.effect_size.value == pytest.approx(6.408309, abs=5e-4)
    found = ask(classic("tea"), "fisher", alpha=0.1, **asked)
    assert found.p_value == pytest.approx(34 / 70)
    assert found.effect_size.low == pytest.approx(0.3135693, abs=5e-6)
    assert found.estimate == 0.5


def test_fisher_gives_newcombes_published_interval(arms, ask):
    # Newcombe 1998a, table II: 56 of 70 against 48 of 80, method 10: 0.0524 to 0.3339
    found = ask(arms(a=binary(56, 70), b=binary(48, 80)), "fisher", "a", "b")
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert found.p_value == pytest.approx(stats.fisher_exact([[56, 14], [48, 32]]).pvalue)
    assert ask(arms(a=binary(56, 70), b=binary(48, 80)), "fisher", "a", "b", direction="less").p_value > 0.99


def test_mcnemar_gives_the_published_figures_of_the_approval_ratings(arms, ask, classic):
    # Agresti 1990, page 350: the difference is -0.04, Wald 95 % interval -0.06 to -0.02; the exact p of R's
    # exact2x2::mcnemar.exact is 3.716e-05.
    votes = classic("approval").columns
    asked = {"treatment": "second", "control": "first", "pairing": ("unit",)}
    table = arms(first=votes["first"], second=votes["second"])
    found = ask(table, "mcnemar", **asked)
    assert found.estimate == pytest.approx(-0.04)
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.06, -0.02), abs=2e-3)
    assert found.p_value == pytest.approx(3.716e-05, abs=5e-9)
    assert found.notes == ("exact, 236 of 1600 pairs differ",)
    assert found.effect_size.value == pytest.approx(86 / 150)
    exact = stats.binomtest(86, 236).proportion_ci()
    assert found.effect_size.low == pytest.approx(exact.low / (1 - exact.low))
    assert ask(table, "mcnemar", direction="less", **asked).p_value == pytest.approx(stats.binom.cdf(86, 236, 0.5))


def test_chi_square_gives_the_published_figures_of_hair_and_eyes(classic, ask):
    # R's chisq.test of HairEyeColor summed over sex: X-squared = 138.29, df = 9; Cramér's V = 0.279
    found = ask(classic("hair_and_eyes"), "chi_square", outcome="eyes", independent=("hair",))
    assert (found.statistic, found.df) == pytest.approx((138.29, 9), abs=5e-3)
    assert found.p_value < 2.2e-16
    assert (found.effect_size.name, found.effect_size.value) == ("Cramér's V", pytest.approx(0.279, abs=5e-4))
    assert found.effect_size.low < 0.279 < found.effect_size.high
    assert found.n == {"black": 108, "blond": 127, "brown": 286, "red": 71}
    assert found.notes == ()


def test_chi_square_gives_the_published_figures_of_berkeleys_admissions(classic, ask):
    # Bickel et al. 1975 in R: chisq.test(margin.table(UCBAdmissions, 2:1), correct = FALSE): X-squared = 92.205, df = 1
    table = classic("admissions")
    found = ask(table, "chi_square", outcome="admitted", independent=("sex",))
    assert (found.statistic, found.df) == pytest.approx((92.205, 1), abs=5e-4)
    difference = ask(table, "fisher", "men", "women", outcome="admitted", independent=("sex",))
    assert difference.estimate == pytest.approx(1198 / 2691 - 557 / 1835)
    assert difference.effect_size.value == pytest.approx(1.841, abs=5e-4)  # sample odds ratio 1.84108


def test_the_paired_interval_uses_the_corrected_correlation():
    both, first, second, neither = 20, 8, 2, 10
    n, z = 40, stats.norm.isf(0.025)

    def score(successes):
        p = successes / n
        middle, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return p, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)

    (p, low, high), (q, below, above) = score(both + first), score(both + second)
    phi = (20 * 10 - 8 * 2 - n / 2) / math.sqrt(28 * 12 * 22 * 18)  # Newcombe 1998b, equation 10
    down = math.sqrt((p - low) ** 2 - 2 * phi * (p - low) * (above - q) + (above - q) ** 2)
    up = math.sqrt((high - p) ** 2 - 2 * phi * (high - p) * (q - below) + (q - below) ** 2)
    found = paired_difference_interval(both, first, second, neither, (0.025, 0.025))
    assert found == pytest.approx((0.15 - down, 0.15 + up))


def test_a_small_or_negative_correlation_is_not_corrected_below_zero():
    uncorrelated = difference_interval((4, 8), (4, 8), (0.025, 0.025))
    assert paired_difference_interval(2, 2, 2, 2, (0.025, 0.025)) == pytest.approx(uncorrelated)


@given(OUTCOMES, OUTCOMES, st.sampled_from(["greater", "less", "different"]))
def test_binary_intervals_hold_the_estimate(arms, ask, first, second, direction):
    found = ask(arms(a=first, b=second), "fisher", "a", "b", direction=direction)
    assert -1 <= found.ci_low <= found.estimate <= found.ci_high <= 1
    assert 0 <= found.p_value <= 1
    pairs = min(len(first), len(second))
    found = ask(arms(a=first[:pairs], b=second[:pairs]), "mcnemar", "a", "b", direction=direction, pairing=("unit",))
    assert -1 <= found.ci_low <= found.estimate <= found.ci_high <= 1
    assert 0 <= found.p_value <= 1


@given(OUTCOMES, OUTCOMES)
def test_swapping_the_arms_flips_the_sign(arms, ask, first, second):
    pairs = min(len(first), len(second))
    table = arms(a=first[:pairs], b=second[:pairs])
    for test in ("fisher", "mcnemar"):
        one, other = (ask(table, test, *order, pairing=("unit",)) for order in (("a", "b"), ("b", "a")))
        assert one.estimate == pytest.approx(-other.estimate)
        assert one.p_value == pytest.approx(other.p_value)
        assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), abs=1e-12)


def test_extreme_counts_have_infinite_or_no_odds(arms, ask):
    lost = ask(arms(a=[0, 0, 0], b=[1, 1, 1]), "mcnemar", "a", "b", pairing=("unit",)).effect_size
    assert (lost.value, lost.low) == (0.0, 0.0)
    assert 0 < lost.high < math.inf
    won = ask(arms(a=[1, 1, 1], b=[0, 0, 0]), "mcnemar", "a", "b", pairing=("unit",)).effect_size
    assert (won.value, won.high) == (math.inf, math.inf)
    same = ask(arms(a=[1, 0, 1], b=[1, 0, 1]), "mcnemar", "a", "b", pairing=("unit",))
    assert (same.p_value, math.isnan(same.effect_size.value)) == (1.0, True)
    alike = ask(arms(a=[1, 1], b=[1, 1]), "fisher", "a", "b")
    assert (alike.p_value, math.isnan(alike.effect_size.value)) == (1.0, True)


def test_counts_that_are_too_small_are_doubted(arms, ask):
    found = ask(arms(a=["x", "y", "x"], b=["y", "y", "x"]), "chi_square")
    assert found.notes == ("4 of 4 expected counts are below 5: the approximation is rough, fisher is exact",)
    wider = ask(arms(a=["x", "y", "z"], b=["y", "y", "x"], c=["x", "z", None]), "chi_square")
    assert wider.notes[0].endswith("the approximation is rough")
    assert wider.missing == {"a": 0, "b": 0, "c": 1}


def test_chi_square_of_a_contrast_leaves_other_levels_out(arms, ask):
    found = ask(arms(a=["x", "y"], b=["y", "x"], c=["z", "z"]), "chi_square", "a", "b")
    assert found.n == {"a": 2, "b": 2}
    assert found.df == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([0.5, 1.0], "it is a quantity, not a category; welch, permutation and mann_whitney compare"),
        (["x", "x"], "it has one category only"),
        ([None, None], "b has no value"),
    ],
)
def test_chi_square_says_what_it_cannot_do(arms, ask, values, why):
    with pytest.raises(DreError, match=why):
        ask(arms(a=[values[0], "x"] if values[0] == "x" else [0, 1], b=values), "chi_square")


def test_chi_square_takes_few_whole_numbers_only(arms, ask):
    with pytest.raises(DreError, match="it is a quantity, not a category"):
        ask(arms(a=list(range(15)), b=list(range(10, 25))), "chi_square")


def test_chi_square_needs_levels(arms, ask):
    with pytest.raises(DreError, match="arm has fewer than two of the levels"):
        ask(arms(a=["x", "y"]), "chi_square")


@pytest.mark.parametrize("test", ["fisher", "mcnemar", "logistic"])
def test_what_is_not_binary_is_refused_with_what_suits(arms, ask, test):
    with pytest.raises(
        DreError, match=f"the test {test} does not suit the outcome 'value': it is not binary .* t, welch"
    ):
        ask(arms(a=[0.5, 1.0], b=[0.0, 1.0]), test, "a", "b", pairing=("unit",))
    with pytest.raises(DreError, match="it is not binary"):
        ask(arms(a=["yes", "no"], b=["yes", "no"]), test, "a", "b", pairing=("unit",))


def test_mcnemar_refuses_pairs_of_several_rows(ask):
    table = Table({"arm": ["a", "a", "b", "b"], "problem": ["p"] * 4, "value": [True, False, True, True]})
    with pytest.raises(
        DreError, match="several rows of an arm share problem; paired_permutation suits them; replicates"
    ):
        ask(table, "mcnemar", "a", "b", pairing=("problem",))
