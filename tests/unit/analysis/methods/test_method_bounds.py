import numpy as np
import pytest

from pytest_dre.analysis.methods.bounds import Bounds, check_level, check_weight, finite_values


@pytest.mark.parametrize("values", [[1.0, float("nan")], [float("inf")], [-np.inf, 2]])
def test_values_that_are_not_finite_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite numbers; drop or impute"):
        finite_values(values)


def test_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"one row of numbers, got an array of shape \(1, 2\)"):
        finite_values(np.ones((1, 2)))


@pytest.mark.parametrize("alpha", [0, -0.1, 0.6, float("nan")])
def test_a_level_outside_its_range_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha must be above 0"):
        check_level(alpha)


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_a_weight_must_be_positive(weight: float) -> None:
    with pytest.raises(ValueError, match="weight must be a number above 0"):
        check_weight(weight)


def test_bounds_are_cut_to_the_known_range() -> None:
    found = Bounds(0.5, -np.inf, 1.5, 3, "m", True).within(0.0, 1.0)
    assert (found.low, found.high) == (0.0, 1.0)
    assert Bounds(2.0, 1.5, 3.0, 3, "m", True).within(0.0, 1.0).low == 1.0
