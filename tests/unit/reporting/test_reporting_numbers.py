import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.reporting.numbers import align_points, counted, format_cost, format_estimate, format_number


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (1.0, "1"),
        (1 / 3, "0.33333"),
        (0.5, "0.5"),
        (-2.5, "-2.5"),
        (6059.714335, "6059.7"),
        (123456789, "123456789"),
        (123456.7, "123457"),
        (0.000123456, "0.00012346"),
        (0.0000123456, "1.2346e-05"),
        (2e9, "2.0000e+09"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_numbers_have_five_digits(value: float, shown: str) -> None:
    assert format_number(value) == shown


@pytest.mark.parametrize(
    ("mean", "deviation", "shown"),
    [
        (0.66712, 0.0234, ("0.667", "0.023")),
        (6059.7143, 12.34, ("6060", "12")),
        (6059.7143, 312.4, ("6060", "312")),
        (6059.7143, 0.0123, ("6059.714", "0.012")),
        (6059.7143, 1e-9, ("6059.714", "1e-09")),
        (0.0, 0.0, ("0", "0")),
        (1 / 3, 0.0, ("0.33333", "0")),
        (1 / 3, None, ("0.33333", "")),
        (1 / 3, math.nan, ("0.33333", "")),
        (math.inf, 1.0, ("inf", "")),
        (1.0, math.inf, ("1", "inf")),
        (0.0, 1.25, ("0.0", "1.2")),
        (1.2e-7, 3e-9, ("1.2000e-07", "3.0e-09")),
        (5e12, 1e10, ("5.0000e+12", "1.0e+10")),
    ],
)
def test_a_mean_has_the_digits_its_deviation_warrants(mean, deviation, shown: tuple[str, str]) -> None:
    assert format_estimate(mean, deviation) == shown


@given(st.floats(-1e8, 1e8), st.floats(0, 1e6))
def test_an_estimate_reads_as_what_it_says(mean: float, deviation: float) -> None:
    shown, spread = format_estimate(mean, deviation)
    # Rounding costs at most what two digits of the deviation, or the last of seven (five) of the mean, leave open.
    assert abs(float(shown) - mean) <= max(deviation, abs(mean) * 1e-4)
    assert float(spread) == pytest.approx(deviation, rel=0.06, abs=0.0)


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [(0, "$0.0000"), (0.01234, "$0.0123"), (0.00001, "<$0.0001"), (12.5, "$12.5000"), (1234.5, "$1,234.50")],
)
def test_costs(dollars: float, shown: str) -> None:
    assert format_cost(dollars) == shown


def test_decimal_points_stand_below_each_other() -> None:
    assert align_points(["1.25", "10", "–", ""]) == [" 1.25", "10   ", " –   ", "     "]
    assert align_points([]) == []


def test_counted() -> None:
    assert [counted(1, "run"), counted(2, "run"), counted(0, "study", "studies")] == ["1 run", "2 runs", "0 studies"]
