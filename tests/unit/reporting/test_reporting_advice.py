"""Advice as people read it."""

from dataclasses import replace

import pytest

from pytest_dre.model.verdicts import Advice, GateVerdict, MoreRuns, Verdict
from pytest_dre.reporting.advice import advice_lines, better_buy, outcome_lines

CLUSTERED = Advice(
    outcome="objective",
    components={"problem": 6.2, "problem_by_arm": 0.7, "replicate": 3.1},
    icc=0.67,
    icc_low=0.41,
    icc_high=0.88,
    options=(MoreRuns("replicates", 40, 0.03, 0.4, 12.0), MoreRuns("problems", 40, 0.29, 0.4, 12.0)),
)


def test_shares_doublings_and_prices():
    assert advice_lines(CLUSTERED) == [
        "Of the variance of objective, 62 % lies between problems, 7 % in how problems respond to the arms, 31 %"
        " between replicates of a problem (ICC 0.67, 95 % interval 0.41–0.88).",
        "Twice the replicates would narrow the interval by about 3 %, twice the problems by about 29 %; each about"
        " +$0.40 (40 more runs).",
    ]


@pytest.mark.parametrize(
    ("cost", "seconds", "expected"),
    [
        (0.4, 12.0, "; about +$0.40 (1,200 more runs)."),
        (None, 12.0, "; for 1,200 more runs (about +12 s of run time; no cost recorded)."),
        (None, None, "; for 1,200 more runs (no cost recorded)."),
    ],
)
def test_prices_are_told_as_far_as_they_are_known(cost, seconds, expected):
    (line,) = advice_lines(Advice("x", options=(MoreRuns("replicates", 1200, 0.29, cost, seconds),)))
    assert line == f"Twice the replicates would narrow the interval by about 29 %{expected}"


def test_little_is_not_nothing():
    advice = Advice("x", {"condition": 0.001, "replicate": 1}, options=(MoreRuns("replicates", 1, 0.0),))
    assert advice_lines(advice) == [
        "Of the variance of x, less than 1 % lies between conditions, 100 % between replicates of a condition.",
        "Twice the replicates would narrow the interval by less than 1 %; for 1 more run (no cost recorded).",
    ]


def test_what_cannot_be_told_has_no_number():
    advice = Advice(
        "x",
        {"problem": 1.0, "residual": 1.0},
        options=(MoreRuns("replicates", 8, reason="why not"), MoreRuns("problems", 8, 0.3)),
        notes=("a remark",),
    )
    assert advice_lines(advice) == [
        "Of the variance of x, 50 % lies between problems, 50 % in the rest.",
        "Twice the problems would narrow the interval by about 30 %; for 8 more runs (no cost recorded).",
        "What twice the replicates would do cannot be told: why not.",
        "Note: a remark.",
    ]


def test_other_factors_beside_the_arms():
    both = Advice("x", {"problem_by_arm": 1.0, "problem_by_condition": 1.0, "seed": 2.0})
    assert advice_lines(both) == [
        "Of the variance of x, 25 % lies in how problems respond to the arms, 25 % in how problems respond to the other"
        " factors, 50 % between seeds that runs share."
    ]
    alone = Advice("x", {"problem": 1.0, "problem_by_condition": 1.0})
    assert "50 % in how problems respond to the conditions" in advice_lines(alone)[0]


def test_no_variance_has_no_shares():
    assert advice_lines(Advice("x", {"replicate": 0.0}, notes=("the values do not vary",))) == [
        "Note: the values do not vary."
    ]


def test_an_outcome_without_a_gate_stands_under_its_name():
    lines = outcome_lines(replace(CLUSTERED, options=()))
    assert lines[0] == "objective: no gate is about it"
    assert lines[1].startswith("    Of the variance of objective, 62 %")
    assert len(lines) == 2


def test_names_cannot_steer_a_terminal():
    lines = outcome_lines(replace(CLUSTERED, outcome="x\x1b[31m\n"))
    assert all(line.isprintable() for line in lines)


def verdict(replicates, problems, said=Verdict.INCONCLUSIVE):
    options = (MoreRuns("replicates", 8, replicates), MoreRuns("problems", 8, problems))
    return GateVerdict("g", said, "claim", advice=Advice("x", options=options))


def test_the_better_buy_is_told_where_it_is_clear():
    assert better_buy(verdict(0.03, 0.29)) == (
        "rather problems than replicates: twice the replicates would narrow the interval by about 3 %, twice the"
        " problems by about 29 %, for the same number of runs"
    )
    assert better_buy(verdict(0.28, 0.31)) == (
        "more replicates do nearly as well: twice as many would narrow the interval by about 28 %, twice the problems"
        " by about 31 %"
    )


@pytest.mark.parametrize(
    "unclear",
    [
        verdict(0.2, 0.3),
        verdict(None, 0.3),
        verdict(0.03, None),
        verdict(0.0, 0.0),
        verdict(0.03, 0.29, Verdict.PASS),
        GateVerdict("g", Verdict.INCONCLUSIVE, "claim"),
    ],
)
def test_no_better_buy_where_it_is_not(unclear):
    assert better_buy(unclear) == ""
