import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

VALUES = st.lists(st.integers(-8, 8).map(float), min_size=1, max_size=5)


def mean(values):
    return math.fsum(values) / len(values)


def p_by_enumeration(first, second):
    """Return both one-sided p values of a difference of means over all arrangements."""
    pool = [*first, *second]
    places = set(range(len(pool)))
    differences = [
        mean([pool[at] for at in chosen]) - mean([pool[at] for at in places - set(chosen)])
        for chosen in itertools.combinations(range(len(pool)), len(first))
    ]
    observed = mean(first) - mean(second)
    greater = sum(value >= observed - 1e-9 for value in differences) / len(differences)
    return greater, sum(value <= observed + 1e-9 for value in differences) / len(differences)


def p_by_flipping(differences):
    flipped = [mean([s * d for s, d in zip(signs, differences, strict=True)]) for signs in
               itertools.product((1, -1), repeat=len(differences))]  # fmt: skip
    observed = mean(differences)
    greater = sum(value >= observed - 1e-9 for value in flipped) / len(flipped)
    return greater, sum(value <= observed + 1e-9 for value in flipped) / len(flipped)


def test_fishers_randomisation_of_darwins_maize(classic, ask):
    # Fisher 1935, section 21: of 2^15 = 32,768 signs, 863 give a total as large and as many one as small: 5.27 %.
    found = ask(classic("maize"), "paired_permutation", "crossed", "selfed", pairing=("unit",), exact_limit=32_768)
    assert found.p_value == 2 * 863 / 32_768
    assert found.notes[0] == "exact, 32,768 arrangements"
    one_sided = ask(
        classic("maize"),
        "paired_permutation",
        "crossed",
        "selfed",
        pairing=("unit",),
        exact_limit=32_768,
        direction="greater",
    )
    assert one_sided.p_value == 863 / 32_768


def test_many_arrangements_are_drawn_with_a_seed(classic, ask):
    asked = {"treatment": "crossed", "control": "selfed", "pairing": ("unit",)}
    found = ask(classic("maize"), "paired_permutation", **asked)
    assert found.p_value == pytest.approx(2 * 863 / 32_768, abs=0.01)
    assert found.notes[0] == "Monte Carlo, 9,999 random arrangements drawn with seed 0"
    assert found == ask(classic("maize"), "paired_permutation", **asked)
    assert found.p_value != ask(classic("maize"), "paired_permutation", seed=1, **asked).p_value
    assert found.p_value * 10_000 == pytest.approx(round(found.p_value * 10_000))  # (b + 1) / (m + 1)


def test_drawn_label_permutations_come_near_the_exact_p(classic, ask):
    table = classic("membranes")  # 3,003 arrangements
    exact = ask(table, "permutation", "term", "early")
    drawn = ask(table, "permutation", "term", "early", exact_limit=1, seed=3)
    assert exact.notes[0] == "exact, 3,003 arrangements"
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.015)
    assert (drawn.ci_low, drawn.ci_high) == pytest.approx((exact.ci_low, exact.ci_high), abs=0.05)


@given(VALUES, VALUES, st.sampled_from(["greater", "less", "different"]))
def test_the_exact_p_is_that_of_enumeration(arms, ask, first, second, direction):
    found = ask(arms(a=first, b=second), "permutation", "a", "b", direction=direction)
    greater, less = p_by_enumeration(first, second)
    expected = {"greater": greater, "less": less, "different": min(1, 2 * min(greater, less))}
    assert found.p_value == pytest.approx(expected[direction], abs=1e-12)
    assert found.ci_low <= found.estimate <= found.ci_high


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=7))
def test_the_exact_p_of_pairs_is_that_of_all_signs(arms, ask, pairs):
    first, second = map(list, zip(*pairs, strict=True))
    found = ask(arms(a=first, b=second), "paired_permutation", "a", "b", pairing=("unit",))
    greater, less = p_by_flipping([a - b for a, b in pairs])
    assert found.p_value == pytest.approx(min(1, 2 * min(greater, less)), abs=1e-12)
    assert found.ci_low <= found.estimate <= found.ci_high


@settings(max_examples=50)
@given(VALUES, VALUES, st.sampled_from([0.05, 0.1, 0.2]), st.booleans())
def test_the_interval_holds_the_shifts_that_the_test_does_not_reject(arms, ask, first, second, alpha, paired):
    test = "paired_permutation" if paired else "permutation"
    if paired:
        first, second = first[: len(second)], second[: len(first)]
    asked = {"treatment": "a", "control": "b", "pairing": ("unit",), "alpha": alpha}
    found = ask(arms(a=first, b=second), test, **asked)
    for end, inward in ((found.ci_low, 1e-6), (found.ci_high, -1e-6)):
        if math.isinf(end) or end == found.estimate:
            continue
        inside = ask(arms(a=[value - end - inward for value in first], b=second), test, **asked)
        outside = ask(arms(a=[value - end + inward for value in first], b=second), test, **asked)
        assert inside.p_value > alpha - 1e-12
        assert outside.p_value <= alpha + 1e-12


@given(VALUES, VALUES)
def test_swapping_the_arms_flips_the_sign(arms, ask, first, second):
    one, other = (ask(arms(a=first, b=second), "permutation", *order) for order in (("a", "b"), ("b", "a")))
    assert one.estimate == pytest.approx(-other.estimate)
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low))


def test_too_few_arrangements_are_said_not_to_bound_the_effect(arms, ask):
    found = ask(arms(a=[3.0, 4.0, 5.0], b=[0.0, 1.0, 2.0]), "permutation", "a", "b")
    assert found.p_value == 2 / 20
    assert (found.ci_low, found.ci_high) == (-math.inf, math.inf)
    assert found.notes[1] == "too few arrangements to bound the effect at alpha 0.05"


def test_equal_values_give_p_1(arms, ask):
    found = ask(arms(a=[1.0] * 6, b=[1.0] * 6), "permutation", "a", "b")
    assert (found.p_value, found.estimate, found.effect_size) == (1.0, 0.0, None)


def test_one_value_an_arm_suffices(arms, ask):
    assert ask(arms(a=[2.0], b=[1.0]), "permutation", "a", "b").p_value == 1.0


def test_rounding_errors_do_not_break_ties(arms, ask):
    # 0.1 + 0.2 and 0.3 differ in binary; as ties, 2 of 20 arrangements are as large as the observed one.
    found = ask(
        arms(a=[1e6 + 0.1, 1e6 + 0.2, 1e6 + 0.3], b=[1e6, 1e6, 1e6 + 0.3]), "permutation", "a", "b", direction="greater"
    )
    assert found.p_value == p_by_enumeration([0.1, 0.2, 0.3], [0.0, 0.0, 0.3])[0]


def test_the_observed_arrangement_drawn_again_counts_on_both_sides(arms, ask):
    table = arms(a=[3.0, 4.0], b=[0.0, 1.0])
    asked = {"treatment": "a", "control": "b", "exact_limit": 1, "pairing": ("unit",), "resamples": 999}
    for test, share in (("permutation", 1 / 6), ("paired_permutation", 1 / 4)):
        assert ask(table, test, direction="greater", **asked).p_value == pytest.approx(share, abs=0.04)
        assert ask(table, test, direction="less", **asked).p_value == 1.0
        assert ask(table, test, **asked).ci_low == -math.inf
