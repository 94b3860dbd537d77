import math

import numpy as np
import pytest

from pytest_dre.analysis.procedures.table import Table
from pytest_dre.errors import DreError

INDIRECT = "indirect through m (joint significance)"


def chain(n=80, seed=4, through=1.0, direct=0.5, second=0.0):
    """Arms b and a; m depends on the arm, value on m (and k) and the arm."""
    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 2
    m = treated + rng.normal(size=n)
    k = treated * second + rng.normal(size=n)
    value = through * m + 0.7 * k + direct * treated + rng.normal(size=n)
    return Table(
        {"arm": ["ab"[at] for at in treated], "m": m.tolist(), "k": k.tolist(), "value": value.tolist()},
    )


def slope(outcome, *columns):
    """Return the coefficient of the first column, by the normal equations."""
    matrix = np.column_stack([np.ones(len(outcome)), *columns])
    return np.linalg.lstsq(matrix, np.asarray(outcome), rcond=None)[0][1]


def test_paths_are_those_of_baron_and_kenny(ask, terms_of):
    table = chain()
    found = ask(table, "mediation", "b", "a", mediators=("m",), resamples=999)
    treated, m, value = (np.array(table.columns[name]) for name in ("arm", "m", "value"))
    treated = (treated == "b").astype(float)
    terms = terms_of(found)
    assert terms["a: arm[b] on m"].estimate == pytest.approx(slope(m, treated))
    assert terms["b: m on value"].estimate == pytest.approx(slope(value, m, treated))
    assert terms["direct effect"].estimate == pytest.approx(slope(value, treated, m))
    assert terms["total effect"].estimate == pytest.approx(slope(value, treated))
    assert found.estimate == pytest.approx(slope(m, treated) * slope(value, m, treated))
    # In least squares the total effect is the direct and the indirect one (Baron & Kenny 1986; MacKinnon et al. 1995).
    assert terms["total effect"].estimate == pytest.approx(terms["direct effect"].estimate + found.estimate)
    assert found.effect_size.value == pytest.approx(found.estimate / terms["total effect"].estimate)
    assert terms[INDIRECT].p_value == max(terms["a: arm[b] on m"].p_value, terms["b: m on value"].p_value)
    assert found.effect == "indirect effect of arm[b] through m"


def test_the_bootstrap_is_that_of_resampled_rows(ask):
    table = chain(n=30)
    found = ask(table, "mediation", "b", "a", mediators=("m",), resamples=400, seed=9)
    rows = table.in_canonical_order(("value", "arm", "m"))
    treated, m, value = (np.array(rows.columns[name]) for name in ("arm", "m", "value"))
    treated = (treated == "b").astype(float)
    counts = np.random.default_rng(9).multinomial(30, np.full(30, 1 / 30), size=400)
    drawn = []
    for count in counts:
        at = np.repeat(np.arange(30), count)
        drawn.append(slope(m[at], treated[at]) * slope(value[at], m[at], treated[at]))
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))
    tail = (1 + sum(draw <= 0 for draw in drawn)) / 401
    assert found.p_value == pytest.approx(2 * tail)
    assert found.notes == ("400 resamples with seed 9",)


def test_parallel_mediators_add_up_and_covariates_are_held_constant(ask, terms_of):
    table = chain(second=1.0)
    both = ask(table, "mediation", "b", "a", mediators=("m", "k"), resamples=999)
    terms = terms_of(both)
    through = [terms[f"indirect through {name} (joint significance)"].estimate for name in ("m", "k")]
    assert both.estimate == pytest.approx(sum(through))
    assert terms["total effect"].estimate == pytest.approx(terms["direct effect"].estimate + both.estimate)
    held = ask(table, "mediation", "b", "a", mediators=("m",), covariates=("k",), resamples=999)
    treated = np.array([float(arm == "b") for arm in table.columns["arm"]])
    assert held.estimate == pytest.approx(
        slope(table.columns["m"], treated, table.columns["k"])
        * slope(table.columns["value"], table.columns["m"], treated, table.columns["k"])
    )


def test_directions_and_seeds(ask):
    table = chain(through=0.3)
    asked = {"treatment": "b", "control": "a", "mediators": ("m",), "resamples": 999}
    two_sided = ask(table, "mediation", **asked)
    greater = ask(table, "mediation", direction="greater", **asked)
    less = ask(table, "mediation", direction="less", **asked)
    assert greater.p_value == pytest.approx(two_sided.p_value / 2)
    assert (greater.ci_high, less.ci_low) == (math.inf, -math.inf)
    assert less.p_value > 0.9
    assert ask(table, "mediation", **asked) == two_sided
    assert ask(table, "mediation", seed=1, **asked).ci_low != two_sided.ci_low


def test_no_mediation_is_not_found(ask):
    found = ask(chain(through=0.0), "mediation", "b", "a", mediators=("m",), resamples=1999)
    assert found.p_value > 0.05
    assert found.ci_low < 0 < found.ci_high


def test_opposite_effects_have_no_share(ask):
    found = ask(chain(direct=-3.0), "mediation", "b", "a", mediators=("m",), resamples=99)
    assert found.effects == ()


def test_a_numeric_cause_and_further_levels_are_possible(ask):
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    m = x + rng.normal(size=60)
    table = Table({"x": x.tolist(), "m": m.tolist(), "value": (m + rng.normal(size=60)).tolist()})
    found = ask(table, "mediation", independent=("x",), mediators=("m",), resamples=199)
    assert found.effect == "indirect effect of x through m"
    three = chain(n=90)
    levels = ["abc"[at % 3] for at in range(90)]
    found = ask(Table({**three.columns, "arm": levels}), "mediation", "c", "a", mediators=("m",), resamples=199)
    assert found.n == {"a": 30, "b": 30, "c": 30}
    with pytest.raises(DreError, match="arm has more than two levels; name two in the hypothesis' contrast"):
        ask(Table({**three.columns, "arm": levels}), "mediation", mediators=("m",))


def test_resamples_that_cannot_be_fitted_are_counted(ask):
    few = chain(n=8)
    found = ask(few, "mediation", "b", "a", mediators=("m",), resamples=2_000)
    lost = int(found.notes[-1].split()[0])
    assert 0 < lost < 1_000
    assert found.notes[-1] == f"{lost} resamples could not be fitted and were left out"
    with pytest.raises(DreError, match="too few resamples can be fitted; collect more runs of each level"):
        ask(few, "mediation", "b", "a", mediators=("m",), resamples=99)


def test_mediation_says_what_it_cannot_do(ask):
    table = chain()
    with pytest.raises(DreError, match="it names no mediator; name one in the hypothesis' mediators"):
        ask(table, "mediation", "b", "a")
    with pytest.raises(DreError, match="the mediator arm is no number; a mediator is a measured quantity"):
        ask(table, "mediation", "b", "a", mediators=("arm",))
    binary = Table({**table.columns, "m": [value > 0 for value in table.columns["m"]]})
    assert ask(binary, "mediation", "b", "a", mediators=("m",), resamples=199).estimate > 0
