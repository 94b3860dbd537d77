import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.procedures.table import Table
from pytest_dre.errors import DreError

POINTS = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=4, max_size=12).filter(
    lambda points: all(len({point[side] for point in points}) > 1 for side in (0, 1))
)


def points_table(points):
    return Table({"x": [x for x, _ in points], "value": [y for _, y in points]})


def test_pearson_gives_the_published_figures_of_the_cars(classic, ask):
    # R's cor.test(mtcars$wt, mtcars$mpg): r = -0.8676594, t = -9.559, df = 30, p = 1.294e-10,
    # interval -0.9338264 to -0.7440872
    found = ask(classic("cars"), "pearson", outcome="mpg", independent=("wt",))
    assert (found.estimate, found.statistic, found.df) == pytest.approx((-0.8676594, -9.559, 30), abs=5e-4)
    assert found.p_value == pytest.approx(1.294e-10, abs=5e-14)
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.9338264, -0.7440872), abs=5e-8)
    assert found.n == {"rows": 32}


def test_spearman_gives_the_published_figures_of_the_cars(classic, ask):
    # R's cor.test(mtcars$wt, mtcars$mpg, method = "spearman", exact = FALSE): rho = -0.886422, p = 1.488e-11
    found = ask(classic("cars"), "spearman", outcome="mpg", independent=("wt",))
    assert found.estimate == pytest.approx(-0.886422, abs=5e-7)
    assert found.p_value == pytest.approx(1.488e-11, abs=5e-15)
    half = stats.norm.isf(0.025) * math.sqrt((1 + 0.886422**2 / 2) / 29)  # Bonett & Wright 2000
    middle = math.atanh(-0.886422)
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (math.tanh(middle - half), math.tanh(middle + half)), abs=1e-6
    )


def test_few_values_are_ranked_in_all_orders(ask):
    points = [(1, 2.0), (2, 1.0), (3, 4.0), (4, 3.0), (5, 5.0)]
    found = ask(points_table(points), "spearman", independent=("x",), direction="greater")
    observed = stats.spearmanr([x for x, _ in points], [y for _, y in points]).statistic
    others = [stats.spearmanr(range(5), order).statistic for order in itertools.permutations(range(5))]
    assert found.p_value == pytest.approx(sum(rho >= observed - 1e-9 for rho in others) / 120)
    assert found.method == "Spearman rank correlation, exact, 120 orders, one-sided (greater)"
    assert found.ci_high == 1.0


@given(POINTS, st.sampled_from(["pearson", "spearman"]))
def test_correlations_turn_with_their_variable_and_do_not_mind_units(ask, points, test):
    plain = ask(points_table(points), test, independent=("x",))
    turned = ask(points_table([(3 - 2 * x, y) for x, y in points]), test, independent=("x",))
    assert plain.estimate == pytest.approx(-turned.estimate, abs=1e-12)
    assert plain.p_value == pytest.approx(turned.p_value, abs=1e-12)
    assert plain.ci_low - 1e-12 <= plain.estimate <= plain.ci_high + 1e-12
    assert -1 <= plain.ci_low <= plain.ci_high <= 1


@pytest.mark.parametrize(("slope", "greater", "less"), [(2, 0.0, 1.0), (-2, 1.0, 0.0)])
def test_a_perfect_correlation_has_a_point_for_an_interval(ask, slope, greater, less):
    table = points_table([(x, slope * x) for x in range(8)])
    found = ask(table, "pearson", independent=("x",), direction="greater")
    assert abs(found.estimate) == pytest.approx(1)
    assert found.p_value == pytest.approx(greater, abs=1e-12)
    assert ask(table, "pearson", independent=("x",), direction="less").p_value == pytest.approx(less, abs=1e-12)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (Table({"x": ["a", "b", "c", "d"], "value": [1, 2, 3, 4]}), "x is no quantity to correlate it with; welch"),
        (Table({"x": [1, 2, 3, None], "value": [1, 2, 3, 4]}), "3 rows have both it and x; a correlation needs 4"),
        (Table({"x": [1, 2, 3, 4], "value": [1, 1, 1, 1]}), "value does not vary"),
        (Table({"x": [1, 1, 1, 1], "value": [1, 2, 3, 4]}), "x does not vary"),
        (Table({"x": [1.0, 2, 3, math.inf], "value": [1, 2, 3, 4]}), "x holds infinite values"),
    ],
)
def test_what_cannot_be_correlated_is_said(ask, table, why):
    with pytest.raises(DreError, match=why):
        ask(table, "pearson", independent=("x",))


def test_rows_without_either_value_are_counted(ask):
    table = Table({"x": [1, 2, 3, 4, None, 6], "value": [1.0, 3.0, 2.0, 5.0, 1.0, math.nan]})
    found = ask(table, "correlation", independent=("x",))
    assert (found.n, found.missing) == ({"rows": 4}, {"rows": 2})
