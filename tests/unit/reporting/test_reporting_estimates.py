import pytest

from pytest_dre.reporting.estimates import Basis, Estimate, estimate_line, estimate_text
from pytest_dre.reporting.numbers import format_amount, format_count, format_duration
from pytest_dre.reporting.plan import plan_lines

FULL = Estimate(44, 1.2, 2040.0, 120_400, same=Basis(30, 12), expected=10, unknown=4)


def test_an_estimate_names_the_amounts_and_what_they_rest_on() -> None:
    assert estimate_text(FULL) == (
        "$1.20, 34 min of runs, 120k tokens for 40 runs; from 12 stored runs of the same agents and problems (30 runs),"
        " limits.expected (10 runs); unknown for 4 runs"
    )
    assert estimate_line(FULL) == f"dre: estimate {estimate_text(FULL)}"


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (
            Estimate(1, cost_usd=0.05, same=Basis(1, 1)),
            "$0.0500 for 1 run; from 1 stored run of the same agents and problems",
        ),
        (
            Estimate(8, seconds=4.25, same_agent=Basis(8, 3)),
            "4.2 s of runs for 8 runs; from 3 stored runs of the same agents",
        ),
        (Estimate(8, tokens=900, expected=8), "900 tokens for 8 runs; from limits.expected"),
        (Estimate(8, cost_usd=0.0, seconds=1.0, expected=8), "$0.00, 1 s of runs for 8 runs; from limits.expected"),
        (Estimate(2, cost_usd=3.0), "$3.00 for 2 runs"),
        (
            Estimate(4, unknown=4),
            "unknown for 4 runs: no runs of these agents are stored, and limits.expected tells no amounts",
        ),
        (
            Estimate(1, expected=1),
            "unknown for 1 run: no runs of these agents are stored, and limits.expected tells no amounts",
        ),
        (Estimate(0), "nothing, as there is nothing to run"),
    ],
)
def test_only_what_is_known_is_told(estimate, text) -> None:
    assert estimate_text(estimate) == text


def test_a_plan_tells_its_estimate_below_the_runs(make_study, make_plan) -> None:
    study = make_study(level=[1, 2])
    plan = make_plan(study)
    lines = plan_lines(study, plan, width=80, height=None, estimate=FULL)
    runs = next(index for index, line in enumerate(lines) if line.startswith("  runs "))
    assert lines[runs + 1 : runs + 4] == [
        "  estimate    $1.20, 34 min of runs, 120k tokens for 40 runs; from 12 stored",
        "              runs of the same agents and problems (30 runs), limits.expected",
        "              (10 runs); unknown for 4 runs",
    ]
    without = plan_lines(study, plan, width=80, height=None)
    assert not any("estimate" in line for line in without)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (12.4, "12 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (2040, "34 min"),
        (5400, "1.5 h"),
        (48 * 3600, "2.0 days"),
        (float("inf"), "inf s"),
    ],
)
def test_durations_have_the_unit_people_use(seconds, text) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (950, "950"), (1_240, "1.2k"), (120_400, "120k"), (1_200_000, "1.2M"), (3.4e9, "3.4G")],
)
def test_large_counts_have_a_unit(number, text) -> None:
    assert format_count(number) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [(0, "$0.00"), (1e-6, "<$0.0001"), (0.0123, "$0.0123"), (0.3, "$0.30"), (1.32, "$1.32"), (1234.5, "$1,234.50")],
)
def test_amounts_in_text(dollars, text) -> None:
    assert format_amount(dollars) == text
