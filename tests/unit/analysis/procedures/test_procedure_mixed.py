import math
import warnings

import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from pytest_dre.analysis.procedures.mixed import RandomEffect
from pytest_dre.analysis.procedures.table import Table
from pytest_dre.errors import DreError


def test_a_random_slope_gives_the_published_figures_of_the_sleep_study(classic, ask, terms_of):
    # lme4's help: lmer(Reaction ~ Days + (Days | Subject), sleepstudy): 251.405 (6.825), 10.467 (1.546), t = 6.771;
    # standard deviations 24.741 and 5.922, residual 25.592. lmerTest: 17 degrees of freedom.
    found = ask(
        classic("sleep_study"),
        "mixed_effects",
        outcome="reaction",
        independent=("days",),
        random_effects=("(days | subject)",),
    )
    terms = terms_of(found)
    assert (found.estimate, found.statistic, found.df) == pytest.approx((10.467, 6.771, 17), abs=5e-4)
    assert found.p_value == pytest.approx(3.264e-06, abs=5e-10)
    intercept = terms["(intercept)"]
    assert (intercept.estimate, intercept.estimate / intercept.statistic) == pytest.approx((251.405, 6.825), abs=5e-4)
    names = ("sd of (intercept) by subject", "sd of days by subject", "sd of residual")
    assert [terms[name].estimate for name in names] == pytest.approx([24.741, 5.922, 25.592], abs=2e-3)
    assert found.notes == ("18 groups by subject",)


def test_a_random_intercept_gives_the_published_figures_of_the_sleep_study(classic, ask, terms_of):
    # lmer(Reaction ~ Days + (1 | Subject), sleepstudy): 251.4051 (9.7467), 10.4673 (0.8042), t = 13.02; standard
    # deviations 37.12 and 30.99; lmerTest: 161 degrees of freedom (Bates et al. 2015).
    found = ask(
        classic("sleep_study"), "mixed_effects", outcome="reaction", independent=("days",), random_effects=("subject",)
    )
    assert (found.estimate, found.estimate / found.statistic, found.df) == pytest.approx(
        (10.4673, 0.8042, 161), abs=5e-5
    )
    terms = terms_of(found)
    assert terms["sd of (intercept) by subject"].estimate == pytest.approx(37.12, abs=5e-3)
    assert terms["sd of residual"].estimate == pytest.approx(30.99, abs=5e-3)


def test_paired_data_give_the_paired_t_test(classic, ask):
    table = classic("sleep")
    mixed = ask(table, "mixed_effects", "second", "first", random_effects=("unit",))
    paired = ask(table, "paired_t", "second", "first", pairing=("unit",))
    assert (mixed.estimate, mixed.statistic, mixed.df) == pytest.approx((paired.estimate, paired.statistic, paired.df))
    assert (mixed.ci_low, mixed.ci_high) == pytest.approx((paired.ci_low, paired.ci_high))
    assert mixed.n == {"first": 10, "second": 10}


def crossed_table(seed=3):
    """Two arms on every problem with every judge, balanced."""
    rng = np.random.default_rng(seed)
    problems, judges = rng.normal(0, 2, 6), rng.normal(0, 1.5, 5)
    rows = [
        (arm, problem, judge, (arm == "b") + problems[problem] + judges[judge] + rng.normal())
        for arm in "ab"
        for problem in range(6)
        for judge in range(5)
    ]
    return Table(dict(zip(("arm", "problem", "judge", "value"), map(list, zip(*rows, strict=True)), strict=True)))


def test_crossed_effects_of_a_balanced_design_are_those_of_its_mean_squares(ask, terms_of):
    table = crossed_table()
    found = ask(table, "mixed_effects", "b", "a", random_effects=("problem", "judge"))
    y = np.array(table.columns["value"]).reshape(2, 6, 5)
    mean = y.mean()
    of_arm, of_problem, of_judge = y.mean(axis=(1, 2)), y.mean(axis=(0, 2)), y.mean(axis=(0, 1))
    fitted = of_arm[:, None, None] + of_problem[None, :, None] + of_judge[None, None, :] - 2 * mean
    residual = ((y - fitted) ** 2).sum() / (60 - 1 - 1 - 5 - 4)
    by_problem = (10 * ((of_problem - mean) ** 2).sum() / 5 - residual) / 10
    by_judge = (12 * ((of_judge - mean) ** 2).sum() / 4 - residual) / 12
    terms = terms_of(found)
    assert found.estimate == pytest.approx(of_arm[1] - of_arm[0])
    assert found.estimate / found.statistic == pytest.approx(math.sqrt(residual * 2 / 30), rel=1e-4)
    names = ("sd of (intercept) by problem", "sd of (intercept) by judge", "sd of residual")
    expected = [math.sqrt(value) for value in (by_problem, by_judge, residual)]
    assert [terms[name].estimate for name in names] == pytest.approx(expected, rel=1e-3)
    assert found.notes == ("6 groups by problem", "5 groups by judge")
    assert found.df == 60 - 6 - 1


def test_a_treatment_between_groups_is_tested_by_groups(ask):
    rng = np.random.default_rng(8)
    rows = [("ab"[group % 2], group, value) for group in range(10) for value in rng.normal(rng.normal(), 1, 6)]
    table = Table(dict(zip(("arm", "team", "value"), map(list, zip(*rows, strict=True)), strict=True)))
    assert ask(table, "mixed_effects", "b", "a", random_effects=("team",)).df == 10 - 2


def test_a_variance_of_zero_is_said(ask):
    residuals = [-1.0, 1.0, -1.0, 1.0]
    rows = [(arm, group, value + (arm == "b")) for group in range(6) for arm in "ab" for value in residuals]
    table = Table(dict(zip(("arm", "problem", "value"), map(list, zip(*rows, strict=True)), strict=True)))
    found = ask(table, "mixed_effects", "b", "a", random_effects=("problem",))
    assert found.estimate == pytest.approx(1)
    assert "the variance of (intercept) by problem is estimated as zero" in found.notes


def test_a_slope_needs_a_variable_that_varies_within_groups(ask):
    rows = [("ab"[group % 2], group, group + at % 3) for group in range(6) for at in range(4)]
    table = Table(dict(zip(("arm", "problem", "value"), map(list, zip(*rows, strict=True)), strict=True)))
    with pytest.raises(
        DreError, match=r"arm\[b\] does not vary within problem, .*; name problem alone as random effect"
    ):
        ask(table, "mixed_effects", "b", "a", random_effects=("arm|problem",))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("slope", [False, True])
def test_fits_agree_with_statsmodels(seed, slope, ask, terms_of):
    rng = np.random.default_rng(seed)
    groups = rng.integers(5, 12)
    own = rng.normal(0, 1.5, (groups, 2)) @ np.array([[1.0, 0.3], [0.0, 0.8]])
    rows = [
        (size := float(rng.normal()), group, 2 + own[group, 0] + (0.5 + slope * own[group, 1]) * size + rng.normal())
        for group in range(groups)
        for _ in range(rng.integers(6, 12))
    ]
    table = Table(dict(zip(("size", "problem", "value"), map(list, zip(*rows, strict=True)), strict=True)))
    name = "size|problem" if slope else "problem"
    found = ask(table, "mixed_effects", independent=("size",), random_effects=(name,))
    x = np.column_stack([np.ones(len(rows)), [row[0] for row in rows]])
    model = MixedLM([row[2] for row in rows], x, groups=[row[1] for row in rows], exog_re=x if slope else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model.fit(reml=True, gtol=1e-10)
    assert found.estimate == pytest.approx(fit.fe_params[1], abs=1e-5)
    z = x if slope else x[:, :1]
    alike = np.equal.outer([row[1] for row in rows], [row[1] for row in rows])
    v = fit.scale * np.eye(len(rows)) + alike * (z @ fit.cov_re @ z.T)
    error = math.sqrt(np.linalg.inv(x.T @ np.linalg.solve(v, x))[1, 1])  # bse_fe is of the observed information
    assert found.estimate / found.statistic == pytest.approx(error, rel=1e-4)
    terms = terms_of(found)
    assert terms["sd of (intercept) by problem"].estimate == pytest.approx(math.sqrt(fit.cov_re[0, 0]), rel=2e-3)
    assert terms["sd of residual"].estimate == pytest.approx(math.sqrt(fit.scale), rel=1e-3)


@pytest.mark.parametrize("random_effects", [("problem",), ("arm|problem",), ("problem", "judge")])
def test_data_without_group_effects_are_fitted_at_the_edge(ask, random_effects):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        table = crossed_table(seed)
        value = [
            float(arm == "b") + noise for arm, noise in zip(table.columns["arm"], rng.normal(size=60), strict=True)
        ]
        found = ask(Table({**table.columns, "value": value}), "mixed_effects", "b", "a", random_effects=random_effects)
        assert 0 <= found.p_value <= 1
        assert not [note for note in found.notes if "converge" in note]


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("problem", RandomEffect("problem")),
        ("1|problem", RandomEffect("problem")),
        ("(1 | problem)", RandomEffect("problem")),
        ("days|subject id", RandomEffect("subject id", "days")),
    ],
)
def test_random_effects_are_written_as_in_lme4(text, effect):
    assert RandomEffect.parse(text) == effect


def test_mixed_effects_say_what_they_cannot_do(classic, ask):
    table = classic("sleep")
    asked = {"treatment": "second", "control": "first"}
    with pytest.raises(DreError, match="no random effect is named; name the plan's random_effects"):
        ask(table, "mixed_effects", **asked)
    with pytest.raises(DreError, match=r"a random effect is written 'group' or 'slope\|group', not 'a\|b\|c'"):
        ask(table, "mixed_effects", random_effects=("a|b|c",), **asked)
    with pytest.raises(DreError, match="a random slope beside a second random effect is not supported"):
        ask(table, "mixed_effects", random_effects=("arm|unit", "unit"), **asked)
    with pytest.raises(DreError, match="run has a level of its own for every row; regression suits"):
        ask(Table({**table.columns, "run": list(range(20))}), "mixed_effects", random_effects=("run",), **asked)
    with pytest.raises(DreError, match="unit has one level only"):
        ask(Table({**table.columns, "unit": [1] * 20}), "mixed_effects", random_effects=("unit",), **asked)
    with pytest.raises(DreError, match="its values are all alike"):
        ask(Table({**table.columns, "value": [1.0] * 20}), "mixed_effects", random_effects=("unit",), **asked)
    exact = [
        float(unit) ** 2 + (arm == "second") for arm, unit in zip(*map(table.column, ("arm", "unit")), strict=True)
    ]
    with pytest.raises(DreError, match="the model fits it without error; permutation suits"):
        ask(Table({**table.columns, "value": exact}), "mixed_effects", random_effects=("unit",), **asked)
    two = [at // 10 for at in range(20)]
    with pytest.raises(DreError, match="there are too few groups by half for the model"):
        ask(Table({**table.columns, "half": two}), "mixed_effects", random_effects=("half",), **asked)


def test_too_many_crossed_groups_are_refused(ask):
    n = 4_200
    table = Table(
        {
            "arm": ["a", "b"] * (n // 2),
            "p": [at // 4 for at in range(n)],
            "q": [at % 7 for at in range(n)],
            "value": [float(at * 7919 % 1009) for at in range(n)],
        }
    )
    with pytest.raises(
        DreError, match="1057 levels of crossed random effects are more than 1000; name one of them alone"
    ):
        ask(table, "mixed_effects", "b", "a", random_effects=("p", "q"))
