import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.analysis.aggregation import aggregate, is_known, outcome_number

KNOWN = ("mean", "sum", "min", "max", "median", "count", "first", "last")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (True, 1.0),
        (False, 0.0),
        (2, 2.0),
        (0.5, 0.5),
        (math.inf, math.inf),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (math.nan, None),
        (None, None),
        ("0.5", None),
        ([1], None),
    ],
)
def test_what_counts_as_a_number(value, number) -> None:
    assert outcome_number(value) == number


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("mean", 2.75),
        ("sum", 11),
        ("min", 1),
        ("max", 5),
        ("median", 2.5),
        ("count", 4),
        ("first", 3),
        ("last", 2),
    ],
)
def test_each_aggregation_gives_its_number(aggregation, expected) -> None:
    assert aggregate([3, True, 5.0, 2], aggregation) == expected


@pytest.mark.parametrize("bad", [None, "text", math.nan])
@pytest.mark.parametrize("aggregation", ["mean", "sum", "min", "max", "median"])
def test_a_value_that_is_no_number_leaves_no_outcome(aggregation, bad) -> None:
    assert aggregate([1, bad, 2], aggregation) is None


def test_first_last_and_count_take_values_of_any_type() -> None:
    assert [aggregate(["a", None], name) for name in ("first", "last", "count")] == ["a", None, 2]


def test_no_values_come_to_nothing_but_their_count() -> None:
    assert {name: aggregate([], name) for name in KNOWN} == {name: 0 if name == "count" else None for name in KNOWN}


def test_sums_beyond_the_floats() -> None:
    assert aggregate([1e308, 1e308], "mean") == pytest.approx(1e308)
    assert aggregate([1e308, 1e308], "sum") == math.inf
    assert aggregate([math.inf, 1], "mean") == math.inf
    assert math.isnan(aggregate([math.inf, -math.inf], "mean"))


def test_unknown_aggregations_are_told() -> None:
    assert all(is_known(name) for name in KNOWN)
    assert not is_known("p95")


@given(st.lists(st.floats(-1e9, 1e9) | st.booleans() | st.integers(-1000, 1000), min_size=1))
def test_aggregations_are_the_textbook_ones(values) -> None:
    numbers = [float(value) for value in values]
    assert aggregate(values, "mean") == pytest.approx(statistics.fmean(numbers))
    assert aggregate(values, "median") == statistics.median(numbers)
    assert aggregate(values, "sum") == math.fsum(numbers)
    assert (aggregate(values, "min"), aggregate(values, "max")) == (min(numbers), max(numbers))
    assert aggregate(values, "count") == len(values)
