"""How many units are enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.analysis.power.solving import MOST, about_units, first_units, roughly_units


@given(st.integers(1, MOST), st.integers(1, MOST))
def test_the_first_number_from_the_start_on_is_found(least: int, start: int) -> None:
    assert first_units(lambda n: n >= least, start) == max(least, start)


@given(st.integers(1, MOST), st.integers(0, MOST - 1), st.integers(0, 2 * MOST))
def test_about_the_smallest_number_is_found(least: int, beyond: int, guess: int) -> None:
    found = about_units(lambda n: n >= least, beyond, guess)
    wanted = max(least, beyond + 1)
    assert found is not None
    assert wanted <= found <= max(wanted * 1.03, wanted + 1)


def test_above_ten_thousand_there_is_none() -> None:
    asked: list[int] = []
    assert first_units(lambda n: bool(asked.append(n)), 9_990) is None
    assert max(asked) == MOST
    assert first_units(lambda n: True, MOST + 1) is None
    assert about_units(lambda n: False, 5, 100) is None


def test_a_good_guess_saves_questions() -> None:
    asked: list[int] = []
    assert about_units(lambda n: not asked.append(n) and n >= 1000, 10, 990) == pytest.approx(1000, rel=0.03)
    assert len(asked) <= 8


def test_rough_numbers_are_those_of_the_normal_approximation() -> None:
    assert roughly_units(1.0, [0.5], 0.05) == 25  # (1.645 + 0.842)^2 / 0.25 = 24.7
    assert roughly_units(1.0, [0.5, 0.5], 0.05) == 35  # (1.645 + 1.282)^2 / 0.25 = 34.3
    assert roughly_units(1.0, [2.0, 0.5], 0.05) == 25
    assert roughly_units(0.0, [0.5], 0.05) == 1
    assert roughly_units(1.0, [0.01], 0.05) is None
