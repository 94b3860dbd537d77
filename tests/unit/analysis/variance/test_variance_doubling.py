"""Predicted narrowing of intervals, and what happens when there really are twice as many."""

from dataclasses import replace

import numpy as np
import pytest

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.gates.testers import (
    OneProblem,
    PairedProportions,
    Proportion,
    Proportions,
    Quantile,
    Strata,
    Units,
)
from pytest_dre.analysis.variance import doubling
from pytest_dre.analysis.variance.observations import Observations
from pytest_dre.analysis.variance.quadratics import codes_of

ALPHA = 0.05
HALF = 1 - np.sqrt(0.5)


def crossed(rng, problems, replicates, *, interaction, seed=0.0, noise=1.0, strata=1, scale=1.0):
    """Return runs of two arms on problems; with `seed`, arms and strata share a part of each replicate."""
    shape = range(problems), range(strata), range(2), range(replicates)
    problem, stratum, arm, replicate = (item.ravel() for item in np.meshgrid(*shape, indexing="ij"))
    common = codes_of(problem, replicate)
    values = rng.normal(size=problems)[problem] + noise * rng.normal(size=len(problem))
    values += interaction * rng.normal(size=2 * problems)[codes_of(problem, arm)]
    values += seed * rng.normal(size=problems * replicates)[common] + stratum
    return Observations(
        np.clip(scale * values, -1, 1) if scale < 1 else values,
        arm,
        codes_of(problem, stratum),
        stratum,
        problem,
        common if seed else None,
    )


def units_of(seen, limits=None):
    """Return the gate's units: a mean a problem and arm."""
    sides = [
        np.bincount(seen.problem[seen.arm == arm], seen.values[seen.arm == arm])
        / np.bincount(seen.problem[seen.arm == arm])
        for arm in (0, 1)
    ]
    return Units(*sides, limits, ALPHA)


def width(tester):
    found = tester.bounds(ALPHA)
    return found.high - found.low


@pytest.mark.parametrize(
    ("interaction", "seed", "noise", "strata"),
    [(0.0, 0.0, 1.0, 1), (0.5, 0.0, 1.0, 1), (1.5, 0.0, 0.5, 1), (0.3, 2.0, 1.0, 1), (0.3, 0.5, 1.0, 2)],
)
@pytest.mark.parametrize("limits", [None, (-1.0, 1.0)])
def test_predictions_for_problems_as_units_come_true(interaction, seed, noise, strata, limits):
    rng = np.random.default_rng(7)
    more = {"interaction": interaction, "seed": seed, "noise": noise, "strata": strata, "scale": 0.2 if limits else 1.0}
    predicted, now, replicates, problems = [], [], [], []
    for _ in range(60 if limits else 250):
        seen = crossed(rng, 15, 4, **more)
        tester = units_of(seen, limits)
        within = doubling.within_problems(seen)
        predicted.append(
            (doubling.with_replicates(tester, within, ALPHA).share, doubling.with_units(tester, ALPHA).share)
        )
        now.append(width(tester))
        replicates.append(width(units_of(crossed(rng, 15, 8, **more), limits)))
        problems.append(width(units_of(crossed(rng, 30, 4, **more), limits)))
    actual = [1 - np.mean(replicates) / np.mean(now), 1 - np.mean(problems) / np.mean(now)]
    assert np.mean(predicted, axis=0) == pytest.approx(
        actual, abs=0.05
    )  # at no interaction its estimate, never below 0, is too large


@pytest.mark.parametrize("strata", [1, 3])
def test_predictions_for_replicates_come_true(strata):
    rng = np.random.default_rng(8)

    def made(strata, replicates):
        return Strata(*([rng.normal(size=replicates) for _ in range(strata)] for _ in range(2)))

    testers = [made(strata, 8) for _ in range(400)]
    now = np.mean([width(tester) for tester in testers])
    more_runs = 1 - np.mean([width(made(strata, 16)) for _ in range(400)]) / now
    more_strata = 1 - np.mean([width(made(2 * strata, 8)) for _ in range(400)]) / now
    runs = np.mean([doubling.with_units(tester, ALPHA).share for tester in testers])
    assert runs == pytest.approx(more_runs, abs=0.02)
    found = np.mean([doubling.with_strata(tester, ALPHA).share for tester in testers])
    assert found == pytest.approx(more_strata, abs=0.02)


@pytest.mark.parametrize(
    ("make", "studies"),
    [
        (lambda rng, n: Units(rng.normal(size=n), None, None, ALPHA), 300),
        (lambda rng, n: Units(rng.random(n), rng.random(n), (0.0, 1.0), ALPHA), 40),
        (lambda rng, n: Proportion(int(rng.binomial(n, 0.6)), n), 100),
        (lambda rng, n: OneProblem(int(rng.binomial(n, 0.6)), n, 2, "pass^k"), 100),
        (lambda rng, n: Proportions((int(rng.binomial(n, 0.6)), n), (int(rng.binomial(n, 0.5)), n)), 8),
        (lambda rng, n: PairedProportions(*(rng.binomial(1, 0.5, n).astype(float) for _ in range(2)), ALPHA), 5),
        (lambda rng, n: Quantile(rng.normal(size=n), None, 0.5), 300),
        (lambda rng, n: Quantile(rng.normal(size=n), rng.normal(size=n), 0.5), 300),
    ],
    ids=["t", "betting", "one proportion", "pass^k", "two proportions", "pairs", "median", "two medians"],
)
def test_predictions_of_every_method_come_true(make, studies):
    rng = np.random.default_rng(9)
    testers = [make(rng, 24) for _ in range(studies)]
    predicted = np.mean([doubling.with_units(tester, ALPHA).share for tester in testers])
    now = np.mean([width(tester) for tester in testers])
    assert predicted == pytest.approx(1 - np.mean([width(make(rng, 48)) for _ in range(studies)]) / now, abs=0.05)


def test_the_t_quantile_counts():
    few = Units(np.array([1.0, 2.0, 4.0]), None, None, ALPHA)
    # t quantiles with 2 and 5 degrees of freedom: 2.920 and 2.015
    assert doubling.with_units(few, ALPHA).share == pytest.approx(1 - 2.015048 / 2.919986 / np.sqrt(2), abs=1e-6)


def test_averaged_strata_halve_the_variance():
    found = doubling.with_strata(Units(np.array([1.0, 2.0, 4.0]), None, None, ALPHA), ALPHA)
    assert found.share == pytest.approx(HALF)


def test_many_units_are_not_tried_out():
    rng = np.random.default_rng(1)
    many = Units(rng.random(doubling.LARGE + 1), rng.random(doubling.LARGE + 1), (0.0, 1.0), ALPHA)
    assert doubling.with_units(many, ALPHA).share == pytest.approx(HALF)
    assert doubling.with_strata(many, ALPHA).share == pytest.approx(HALF)


def test_replicates_that_make_no_difference():
    units = Units(np.array([1.0, 2.0, 4.0]), None, None, ALPHA)
    assert doubling.with_replicates(units, 0.0, ALPHA).share == 0
    assert doubling.with_replicates(units, 100.0, ALPHA).share == pytest.approx(HALF)


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0, 2.0]])
def test_without_spread_nothing_can_be_said(values):
    units = Units(np.array(values), None, None, ALPHA)
    reason = doubling.UNBOUNDED if len(values) == 1 else doubling.CONSTANT
    for found in (doubling.with_units(units, ALPHA), doubling.with_replicates(units, 0.1, ALPHA)):
        assert found.share is None
        assert found.reason == reason
    bare = doubling.with_units(Strata([values], [[1.0]]), ALPHA)
    assert bare == doubling.Narrowing(None, doubling.UNBOUNDED)


def test_the_part_of_replicates_is_that_of_means_of_cells():
    rng = np.random.default_rng(3)
    seen = crossed(rng, 10, 4, interaction=1.0)
    table = seen.values.reshape(10, 2, 4)
    by_hand = (table.var(axis=2, ddof=1) / 4).sum(axis=1).mean()
    assert doubling.within_problems(seen) == pytest.approx(by_hand)
    paired = replace(seen, seed=codes_of(seen.problem, np.tile(np.arange(4), 20)))
    differences = table[:, 0] - table[:, 1]
    assert doubling.within_problems(paired) == pytest.approx((differences.var(axis=1, ddof=1) / 4).mean())
    lonely = crossed(rng, 10, 1, interaction=1.0)
    assert doubling.within_problems(lonely) is None


def test_an_unknown_method_is_no_guess():
    class Other:
        def bounds(self, alpha):
            raise NotImplementedError

        def p_value(self, side: Side):
            raise NotImplementedError

        def spread(self):
            raise NotImplementedError

    for rule in (doubling.with_units, doubling.with_strata):
        with pytest.raises(TypeError, match="Other"):
            rule(Other(), ALPHA)
