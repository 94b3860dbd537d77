import math
import sys

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.analysis.procedures.table import Table
from pytest_dre.errors import DreError, MissingDependencyError


@pytest.fixture(scope="module")
def unbalanced():
    """Three factors with cells of unequal size, a covariate and a cluster."""
    rng = np.random.default_rng(11)
    n = 90
    columns = {
        "a": rng.choice(["x", "y", "z"], n).tolist(),
        "b": rng.choice(["low", "high"], n).tolist(),
        "c": rng.choice([True, False], n).tolist(),
        "size": rng.normal(10, 2, n).tolist(),
        "problem": rng.integers(0, 9, n).tolist(),
    }
    effect = {"x": 0.0, "y": 0.5, "z": 1.5}
    values = [
        effect[a] + 0.8 * (b == "high") * (a == "z") + 0.3 * size + 0.2 * problem + noise
        for a, b, size, problem, noise in zip(
            columns["a"], columns["b"], columns["size"], columns["problem"], rng.normal(size=n), strict=True
        )
    ]
    return Table({**columns, "value": values})


def test_anova_gives_the_published_figures_of_plant_growth(classic, ask):
    # R's summary(aov(weight ~ group, PlantGrowth)): F = 4.846 on 2 and 27 degrees of freedom, p = 0.0159;
    # effectsize::omega_squared gives 0.20.
    found = ask(classic("plant_growth"), "anova")
    assert (found.statistic, found.df) == (pytest.approx(4.846, abs=5e-4), (2, 27))
    assert found.p_value == pytest.approx(0.0159, abs=5e-5)
    assert (found.effect_size.name, found.effect_size.value) == ("omega squared", pytest.approx(0.20, abs=5e-3))
    assert found.effect_size.low < 0.20 < found.effect_size.high


def test_anova_gives_the_published_figures_of_iris(classic, ask):
    # R's summary(aov(Sepal.Length ~ Species, iris)): F = 119.3 on 2 and 147 degrees of freedom, p < 2e-16
    found = ask(classic("iris"), "anova")
    assert (found.statistic, found.df) == (pytest.approx(119.3, abs=0.05), (2, 147))
    assert found.n == {"setosa": 50, "versicolor": 50, "virginica": 50}


def test_two_way_anova_gives_the_published_figures_of_tooth_growth(classic, ask, terms_of):
    # R's summary(aov(len ~ supp * dose)) with dose as a factor: F = 15.572, 92.000, 4.107;
    # p = 0.000231, < 2e-16, 0.021860
    found = ask(classic("tooth_growth"), "anova", outcome="len", independent=("supp", "dose"))
    terms = terms_of(found)
    assert [terms[name].statistic for name in ("supp", "dose", "supp:dose")] == pytest.approx(
        [15.572, 92.0, 4.107], abs=5e-4
    )
    assert [terms[name].df for name in ("supp", "dose", "supp:dose")] == [(1, 54), (2, 54), (2, 54)]
    assert terms["supp"].p_value == found.p_value == pytest.approx(0.000231, abs=5e-7)
    assert terms["supp:dose"].p_value == pytest.approx(0.021860, abs=5e-7)
    assert [effect.name for effect in found.effects] == [
        "omega squared",
        "omega squared of dose",
        "omega squared of supp:dose",
    ]
    assert found.notes == ("F and p are those of supp; all terms are listed",)


def test_anova_of_an_unbalanced_design_agrees_with_statsmodels(unbalanced, ask, terms_of):
    found = ask(unbalanced, "anova", independent=("a", "b", "c"), covariates=("size",))
    fit = smf.ols("value ~ C(a, Sum) * C(b, Sum) * C(c, Sum) + size", pd.DataFrame(unbalanced.columns)).fit()
    expected = sm.stats.anova_lm(fit, typ=2)
    for name, term in terms_of(found).items():
        row = ":".join(part if part == "size" else f"C({part}, Sum)" for part in name.split(":"))
        assert term.statistic == pytest.approx(expected["F"][row])
        assert term.p_value == pytest.approx(expected["PR(>F)"][row])
    assert len(found.terms) == 8
    assert found.method == "analysis of variance, type II sums of squares"


def test_anova_with_a_categorical_covariate_agrees_with_statsmodels(unbalanced, ask, terms_of):
    found = ask(unbalanced, "anova", independent=("a",), covariates=("b", "size"))
    fit = smf.ols("value ~ C(a) + C(b) + size", pd.DataFrame(unbalanced.columns)).fit()
    expected = sm.stats.anova_lm(fit, typ=2)
    assert [term.statistic for term in found.terms] == pytest.approx(expected["F"].tolist()[:3])


def test_anova_says_that_a_contrast_and_a_direction_do_not_matter(classic, ask):
    found = ask(classic("plant_growth"), "anova", "trt1", "ctrl", direction="greater")
    assert found.p_value == pytest.approx(0.01591, abs=5e-6)
    assert found.notes == (
        "the test is over all levels of arm, not the contrast alone",
        "a test of several differences at once has no direction; 'greater' was not used",
    )
    assert found.direction == "different"


def test_rows_without_a_value_are_left_out_and_counted(ask):
    table = Table(
        {
            "arm": ["a", "a", "a", "b", "b", "b", None, "b"],
            "size": [1.0, 2, 3, 1, 2, 3, 4, None],
            "value": [1.0, 2, math.nan, 2, 3, 5, 1, 4],
        }
    )
    for test in ("anova", "ols"):
        found = ask(table, test, covariates=("size",))
        assert (found.n, found.missing) == ({"a": 2, "b": 3}, {"a": 1, "b": 1})
        assert "1 rows without a value of arm were left out" in found.notes


@pytest.mark.parametrize("test", ["anova", "regression"])
def test_models_say_what_they_cannot_do(ask, test):
    def table(**columns):
        return Table({"value": [1.0, 2.0, 3.0, 5.0, 4.0, 4.5], **columns})

    arm = ["a", "a", "a", "b", "b", "b"]
    with pytest.raises(DreError, match="the term twin is a combination of the others"):
        ask(table(arm=arm, twin=arm), test, independent=("arm", "twin"))
    with pytest.raises(DreError, match=r"6 rows cannot carry a model of .* coefficients; collect more replicates"):
        ask(table(arm=arm, run=list("uvwxyz")), test, independent=("arm", "run"))
    with pytest.raises(DreError, match="arm has one level only"):
        ask(table(arm=["a"] * 6), test)
    with pytest.raises(DreError, match="size holds infinite values"):
        ask(table(arm=arm, size=[1.0, 2, 3, 4, 5, math.inf]), test, covariates=("size",))
    with pytest.raises(DreError, match="no row has a value of it and of arm"):
        ask(Table({"arm": ["a", None, "b"] * 2, "value": [None, 1.0, None] * 2}), test)
    with pytest.raises(DreError, match=r"do not vary within the arms|the model fits it without error"):
        ask(Table({"arm": arm, "value": [2.5] * 3 + [1.5] * 3}), test)


def test_a_line_gives_the_published_figures_of_the_cars(classic, ask, terms_of):
    # R's summary(lm(mpg ~ wt, mtcars)): 37.2851 (1.8776), -5.3445 (0.5591), t = -9.559, p = 1.29e-10, R² = 0.7528
    found = ask(classic("cars"), "regression", outcome="mpg", independent=("wt",))
    assert found.estimate == pytest.approx(-5.3445, abs=5e-5)
    assert (found.statistic_name, found.statistic) == ("t", pytest.approx(-9.559, abs=5e-4))
    assert (found.df, found.p_value) == pytest.approx((30, 1.294e-10), abs=5e-14)
    assert found.notes == ("R squared 0.7528",)
    intercept = terms_of(found)["(intercept)"]
    assert (intercept.estimate, intercept.estimate / intercept.statistic) == pytest.approx((37.2851, 1.8776), abs=5e-5)


def test_two_predictors_give_the_published_figures_of_the_cars(classic, ask, terms_of):
    # R's summary(lm(mpg ~ wt + hp, mtcars)): -3.87783 (0.63273), p = 1.12e-06; -0.03177 (0.00903), p = 0.00145
    terms = terms_of(ask(classic("cars"), "ols", outcome="mpg", independent=("wt",), covariates=("hp",)))
    assert (terms["wt"].estimate, terms["wt"].p_value) == pytest.approx((-3.87783, 1.12e-06), abs=5e-6)
    assert (terms["hp"].estimate, terms["hp"].p_value) == pytest.approx((-0.03177, 0.00145), abs=5e-6)
    assert terms["wt"].estimate / terms["wt"].statistic == pytest.approx(0.63273, abs=5e-6)


def test_logistic_regression_gives_the_published_figures_of_the_cars(classic, ask, terms_of):
    # R's summary(glm(am ~ wt, binomial, mtcars)): 12.040 (4.510), -4.024 (1.436), z = -2.801, p = 0.00509
    found = ask(classic("cars"), "regression", outcome="manual", independent=("wt",))
    assert (found.statistic_name, found.statistic) == ("z", pytest.approx(-2.801, abs=5e-4))
    assert (found.estimate, found.p_value, found.df) == (
        pytest.approx(-4.024, abs=5e-4),
        pytest.approx(0.00509, abs=5e-6),
        None,
    )
    assert found.effect_size.name == "odds ratio"
    assert found.effect_size.value == pytest.approx(math.exp(-4.024), rel=5e-4)
    intercept = terms_of(found)["(intercept)"]
    assert (intercept.estimate, intercept.estimate / intercept.statistic) == pytest.approx((12.040, 4.510), abs=5e-4)


def test_an_interaction_gives_the_published_figures_of_the_cars(classic, ask):
    # R's summary(lm(mpg ~ wt * hp, mtcars)): wt:hp 0.027848 (0.007420), t = 3.753, p = 0.000811
    found = ask(classic("cars"), "moderation", outcome="mpg", independent=("wt",), moderators=("hp",))
    assert found.effect == "coefficient of wt:hp"
    assert (found.estimate, found.statistic) == pytest.approx((0.027848, 3.753), abs=5e-4)
    assert found.p_value == pytest.approx(0.000811, abs=5e-7)
    assert found.ci_low < 0.027848 < found.ci_high


def test_several_interactions_are_tested_jointly(unbalanced, ask):
    found = ask(unbalanced, "moderation", independent=("a",), moderators=("b",))
    frame = pd.DataFrame(unbalanced.columns)
    full, reduced = (smf.ols(formula, frame).fit() for formula in ("value ~ C(a) * C(b)", "value ~ C(a) + C(b)"))
    statistic, p_value, _ = full.compare_f_test(reduced)
    assert (found.statistic_name, found.statistic) == ("F", pytest.approx(statistic))
    assert (found.p_value, found.estimate) == (pytest.approx(p_value), None)
    one_sided = ask(unbalanced, "moderation", independent=("a",), moderators=("b",), direction="less")
    assert "'less' was not used" in one_sided.notes[-1]


def test_moderation_of_a_binary_outcome_is_logistic_and_joint_by_wald(unbalanced, ask):
    middle = float(np.median(unbalanced.columns["value"]))
    table = Table({**unbalanced.columns, "good": [value > middle for value in unbalanced.columns["value"]]})
    found = ask(table, "moderation", outcome="good", independent=("a",), moderators=("size",))
    frame = pd.DataFrame({**table.columns, "good": [int(value) for value in table.columns["good"]]})
    fit = smf.logit("good ~ C(a) * size", frame).fit(disp=0)
    expected = fit.wald_test("C(a)[T.y]:size = 0, C(a)[T.z]:size = 0", scalar=True)
    assert found.statistic_name == "Wald chi-squared"
    assert (found.statistic, found.df) == (pytest.approx(expected.statistic, rel=1e-5), 2)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-5)
    assert found.effects == ()


def test_moderation_needs_a_moderator(unbalanced, ask):
    with pytest.raises(DreError, match="it names no moderator; name one in the hypothesis' moderators"):
        ask(unbalanced, "moderation", independent=("a",))


def test_a_contrast_is_a_coefficient_against_the_control(unbalanced, ask):
    found = ask(unbalanced, "ols", "x", "z", independent=("a",), covariates=("size",), direction="less")
    fit = smf.ols("value ~ C(a, Treatment('z')) + size", pd.DataFrame(unbalanced.columns)).fit()
    name = "C(a, Treatment('z'))[T.x]"
    assert found.effect == "coefficient of a[x]"
    assert found.estimate == pytest.approx(fit.params[name])
    assert found.p_value == pytest.approx(fit.pvalues[name] / 2)
    assert (found.ci_low, found.ci_high) == (-math.inf, pytest.approx(fit.conf_int(0.1)[1][name]))
    with pytest.raises(DreError, match="no row with all values has a = 'w'; its levels are: x, y, z"):
        ask(unbalanced, "ols", "w", "x", independent=("a",))


def test_numeric_levels_of_a_contrast_are_levels(classic, ask):
    found = ask(classic("tooth_growth"), "ols", 2.0, 0.5, outcome="len", independent=("dose",))
    assert found.effect == "coefficient of dose[2.0]"
    assert found.n == {"0.5": 20, "1.0": 20, "2.0": 20}
    assert found.estimate == pytest.approx(15.495)


def test_separated_outcomes_are_refused_with_what_suits(arms, ask):
    with pytest.raises(DreError, match="so that odds are infinite; fisher suits it"):
        ask(arms(a=[True] * 6, b=[False, True, False, True, False, False]), "logistic", "a", "b")


def test_odds_beyond_the_floats_are_infinite(ask):
    table = Table({"x": [0.0, 1e-4, 2e-4, 3e-4, 4e-4, 5e-4], "value": [0, 1, 0, 1, 0, 1]})
    effect = ask(table, "logistic", independent=("x",)).effect_size
    assert effect.value == math.inf or effect.high == math.inf


@given(st.sampled_from([1e-6, 1.0, 1e6]), st.sampled_from([-1e3, 0.0, 1e3]))
def test_units_of_variables_do_not_matter_to_models(classic, ask, unit, shift):
    table = classic("cars")
    moved = Table({**table.columns, "wt": [unit * value + shift * unit for value in table.columns["wt"]]})
    plain, other = (ask(found, "ols", outcome="mpg", independent=("wt", "hp")) for found in (table, moved))
    assert other.p_value == pytest.approx(plain.p_value, rel=1e-4)
    assert other.estimate * unit == pytest.approx(plain.estimate, rel=1e-6)


def test_a_missing_package_is_named_with_the_extra(classic, ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.api", None)
    with pytest.raises(
        MissingDependencyError, match=r"logistic regression needs .* 'statsmodels'.*pytest-dre\[analysis\]"
    ):
        ask(classic("cars"), "logistic", outcome="manual", independent=("wt",))
