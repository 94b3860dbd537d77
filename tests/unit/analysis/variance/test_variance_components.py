"""Variance components and intraclass correlations, on published data and by their properties."""

import warnings
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.analysis.variance.components import Intraclass, intraclass, variance_components
from pytest_dre.analysis.variance.quadratics import codes_of, condition_expectation, expectation

# Yield of dyestuff, g, five samples of each of six batches (Davies and Goldsmith, 1972, "Statistical Methods in
# Research and Production", table 6.2; lme4's Dyestuff). Batch 1764, residual 2451 (Bates et al., lme4).
DYESTUFF = [
    [1545, 1440, 1440, 1520, 1580],
    [1540, 1555, 1490, 1560, 1495],
    [1595, 1550, 1605, 1510, 1560],
    [1445, 1440, 1595, 1465, 1545],
    [1595, 1630, 1515, 1635, 1625],
    [1520, 1455, 1450, 1480, 1445],
]
# Six targets rated by four judges (Shrout and Fleiss, 1979, table 2); ICC(1,1) 0.17 and ICC(3,1) 0.71 (table 4).
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Calcium in turnip greens, % of dry weight: four plants, three leaves of each, two determinations (Snedecor and
# Cochran, 1967, "Statistical Methods", section 10.16). Components 0.3652, 0.1610 and 0.0067.
TURNIPS = [
    [[3.28, 3.09], [3.52, 3.48], [2.88, 2.80]],
    [[2.46, 2.44], [1.87, 1.92], [2.19, 2.19]],
    [[2.77, 2.66], [3.74, 3.44], [2.55, 2.55]],
    [[3.78, 3.87], [4.07, 4.12], [3.31, 3.31]],
]
# Percentages of conceptions from samples of six bulls' semen, unbalanced (Snedecor and Cochran, 1967, section 10.18).
# Mean squares 664 between and 248 within, mean number 5.67.
BULLS = [
    [46, 31, 37, 62, 30],
    [70, 59],
    [52, 44, 57, 40, 67, 64, 70],
    [47, 21, 70, 46, 14],
    [42, 64, 50, 69, 77, 81, 87],
    [35, 68, 59, 38, 57, 76, 57, 29, 60],
]


def flat(groups):
    values = np.array([value for group in groups for value in group], dtype=float)
    return values, np.repeat(np.arange(len(groups)), [len(group) for group in groups]), np.zeros(len(values), dtype=int)


def test_dyestuff():
    values, batch, one = flat(DYESTUFF)
    found = variance_components(values, one, {"batch": batch})
    assert found.random == pytest.approx({"batch": 1764.05, "replicate": 2451.25})
    assert found.condition == 0
    assert not found.negative
    assert not found.merged


def test_turnips():
    values = np.ravel(TURNIPS)
    plant, leaf = np.repeat(np.arange(4), 6), np.repeat(np.arange(12), 2)
    found = variance_components(values, np.zeros(24, dtype=int), {"plant": plant, "leaf": leaf})
    assert found.random == pytest.approx({"plant": 0.3652, "leaf": 0.1610, "replicate": 0.0067}, abs=1e-4)


def test_bulls():
    values, bull, one = flat(BULLS)
    found = variance_components(values, one, {"bull": bull})
    assert found.random["replicate"] == pytest.approx(248, abs=0.5)
    assert found.random["bull"] == pytest.approx((664 - 248) / 5.67, abs=0.5)


def test_ratings():
    values, target, one = flat(RATINGS)
    judge = np.tile(np.arange(4), 6)
    first, third = intraclass(values, one, target), intraclass(values, judge, target)
    assert (first.estimate, first.low, first.high) == pytest.approx((0.17, -0.13, 0.72), abs=0.005)
    assert (third.estimate, third.low, third.high) == pytest.approx((0.71, 0.34, 0.95), abs=0.005)


@pytest.mark.parametrize("missing", [0, 15])
def test_agrees_with_restricted_likelihood(missing):
    smf = pytest.importorskip("statsmodels.formula.api")
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(4)
    problem, arm, _ = (item.ravel() for item in np.meshgrid(range(30), range(2), range(6), indexing="ij"))
    both = codes_of(problem, arm)
    values = 2 * rng.normal(size=30)[problem] + rng.normal(size=60)[both] + rng.normal(size=360) + arm
    keep = np.sort(rng.permutation(360)[missing:])
    table = pandas.DataFrame({"y": values, "problem": problem, "arm": arm}).iloc[keep]
    found = variance_components(values[keep], arm[keep], {"problem": problem[keep], "both": both[keep]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = smf.mixedlm("y ~ C(arm)", table, groups="problem", re_formula="1", vc_formula={"arm": "0 + C(arm)"})
        fit = model.fit(reml=True)
    expected = {"problem": float(fit.cov_re.iloc[0, 0]), "both": float(fit.vcomp[0]), "replicate": float(fit.scale)}
    # balanced data: the same estimators; else other ones, close by
    assert found.random == pytest.approx(expected, rel=0.1 if missing else 1e-3)


def design(rng, problems, arms, replicates, lost=0.0):
    shape = range(problems), range(arms), range(replicates)
    problem, arm, _ = (item.ravel() for item in np.meshgrid(*shape, indexing="ij"))
    keep = rng.random(len(problem)) >= lost
    return problem[keep], arm[keep]


def test_estimates_are_unbiased_for_unbalanced_data():
    rng = np.random.default_rng(11)
    problem, arm = design(rng, 12, 2, 6, lost=0.3)
    both = codes_of(problem, arm)
    found = []
    for _ in range(150):
        values = 3 * rng.normal(size=12)[problem] + 2 * rng.normal(size=24)[both] + rng.normal(size=len(arm)) + 5 * arm
        found.append(variance_components(values, arm, {"problem": problem, "both": both}).all)
    means = {name: np.mean([item[name] for item in found]) for name in found[0]}
    # the means of two arms, 5 apart, have variance 6.25; standard errors of the others are 0.35, 0.15 and 0.01
    assert means["problem"] == pytest.approx(9, abs=0.9)
    assert means["both"] == pytest.approx(4, abs=0.4)
    assert means["replicate"] == pytest.approx(1, abs=0.03)
    assert means["condition"] == pytest.approx(6.25, abs=0.5)


def test_seeds_that_arms_share_are_a_component_of_their_own():
    rng = np.random.default_rng(12)
    problem, arm, replicate = (item.ravel() for item in np.meshgrid(range(40), range(2), range(5), indexing="ij"))
    seed = codes_of(problem, replicate)
    found = []
    for _ in range(50):
        values = rng.normal(size=40)[problem] + 2 * rng.normal(size=200)[seed] + rng.normal(size=400)
        found.append(variance_components(values, arm, {"problem": problem, "seed": seed}).random)
    assert np.mean([item["seed"] for item in found]) == pytest.approx(4, abs=0.2)
    assert np.mean([item["replicate"] for item in found]) == pytest.approx(1, abs=0.06)


def test_the_interval_holds_as_often_as_it_says():
    rng = np.random.default_rng(13)
    problem = np.repeat(np.arange(8), 4)
    one = np.zeros(32, dtype=int)
    held = 0
    for _ in range(400):
        found = intraclass(rng.normal(size=8)[problem] + rng.normal(size=32), one, problem)
        held += found.low <= 0.5 <= found.high
    assert held / 400 == pytest.approx(0.95, abs=0.025)


def test_what_cannot_be_told_apart_is_merged():
    rng = np.random.default_rng(1)
    problem, arm = design(rng, 6, 2, 1)
    values = rng.normal(size=12)
    found = variance_components(values, arm, {"problem": problem, "both": codes_of(problem, arm)})
    assert found.merged == {"both": "replicate"}
    assert set(found.random) == {"problem", "replicate"}
    # a problem a condition: nothing tells them apart
    absorbed = variance_components(values, problem, {"problem": problem})
    assert absorbed.merged == {"problem": ""}
    assert set(absorbed.random) == {"replicate"}
    # two names for the same groups
    twice = variance_components(values, arm, {"problem": problem, "family": problem})
    assert twice.merged == {"family": "problem"}


def test_nothing_to_tell():
    runs = np.arange(4)
    assert variance_components(np.array([1.0, 2.0, 3.0, 4.0]), runs, {}) is None
    constant = variance_components(np.full(4, 0.1), np.zeros(4, dtype=int), {"problem": np.array([0, 0, 1, 1])})
    assert constant.random == {"problem": 0, "replicate": 0}
    assert not constant.negative
    pairs, one = np.array([0, 0, 1, 1]), np.zeros(4, dtype=int)
    assert intraclass(np.full(4, 0.1), one, pairs) is None
    assert intraclass(np.array([1.0, 2.0, 3.0, 4.0]), one, one) is None
    assert intraclass(np.array([1.0, 2.0, 3.0, 4.0]), one, runs) is None
    assert intraclass(np.array([1.0, 1.0, 3.0, 3.0]), one, pairs) == Intraclass(1.0, 1.0, 1.0)


def test_a_negative_estimate_is_zero_and_told():
    # problems are more alike than chance would have it
    values, problem = np.array([0.0, 1.0, 1.0, 0.0, 0.0, 1.0]), np.array([0, 0, 1, 1, 2, 2])
    found = variance_components(values, np.zeros(6, dtype=int), {"problem": problem})
    assert found.random["problem"] == 0
    assert found.negative == ("problem",)


layouts = st.integers(2, 25).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-50, 50), min_size=n, max_size=n),
        *(st.lists(st.integers(0, most), min_size=n, max_size=n) for most in (2, 4, 6)),
    )
)


def close(first: Mapping[str, float], second: Mapping[str, float], size: float) -> bool:
    return all(first[name] == pytest.approx(second[name], rel=1e-6, abs=1e-6 * size) for name in first)


@settings(max_examples=40)
@given(layouts, st.randoms(use_true_random=False), st.sampled_from([1e-4, 0.5, -3.0, 1e5]))
def test_order_and_unit_do_not_matter(layout, random, scale):
    values = np.array(layout[0], dtype=float)
    condition, problem, other = (codes_of(np.array(item)) for item in layout[1:])
    groupings = {"problem": problem, "both": codes_of(problem, other)}
    found = variance_components(values, condition, groupings)
    if found is None:
        return
    order = list(range(len(values)))
    random.shuffle(order)
    moved = {name: codes[order] for name, codes in groupings.items()}
    assert close(found.all, variance_components(values[order], condition[order], moved).all, values.var() + 1)
    scaled = variance_components(scale * values, condition, groupings)
    assert close(found.all, {name: item / scale**2 for name, item in scaled.all.items()}, values.var() + 1)
    assert all(item >= 0 for item in found.all.values())
    correlation = intraclass(values, condition, problem)
    if correlation is not None:
        assert correlation.low <= correlation.estimate + 1e-9
        assert correlation.estimate <= correlation.high + 1e-9 <= 1 + 1e-6
        assert intraclass(scale * values, condition, problem).estimate == pytest.approx(correlation.estimate, abs=1e-6)


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 1000))
def test_balanced_components_sum_to_the_mean_square(groups, size, seed):
    values = np.random.default_rng(seed).normal(size=groups * size)
    problem = np.repeat(np.arange(groups), size)
    found = variance_components(values, np.zeros(len(values), dtype=int), {"problem": problem})
    means = values.reshape(groups, size).mean(axis=1)
    within = ((values - means[problem]) ** 2).sum() / (groups * (size - 1))
    assert found.random["replicate"] == pytest.approx(within)
    assert sum(found.random.values()) == pytest.approx(max(means.var(ddof=1) + within * (1 - 1 / size), within))


@given(layouts)
def test_expectations_are_those_of_the_matrices(layout):
    condition, grouping, other = (codes_of(np.array(item)) for item in layout[1:])
    runs = len(condition)
    first, second, fixed = (np.eye(codes.max() + 1)[codes] for codes in (grouping, other, condition))
    means = fixed @ np.linalg.inv(fixed.T @ fixed) @ fixed.T
    left = np.eye(runs) - means
    form = first @ np.linalg.inv(first.T @ first) @ first.T
    assert expectation(condition, grouping, other) == pytest.approx(
        np.trace(left @ form @ left @ second @ second.T), abs=1e-9
    )
    assert condition_expectation(condition, other) == pytest.approx(
        np.trace((means - np.ones((runs, runs)) / runs) @ second @ second.T), abs=1e-9
    )
