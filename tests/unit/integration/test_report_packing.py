"""Reports of runs as xdist sends them: what arrives is what was sent."""

import math

import pytest
from execnet.gateway_base import dumps, loads
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.integration.packing import PACKED, packed, unpack

NODE_ID = "grid.study.yaml::style=terse-r1"
SCALARS = st.none() | st.booleans() | st.integers(-(2**31)) | st.floats(allow_nan=False) | st.text()
# What a conftest hook may put beside a run's own properties, as far as xdist can send it at all.
PROPERTIES = st.lists(st.tuples(st.text(), SCALARS | st.binary() | st.tuples(st.booleans(), st.text())))


def report_data(**parts):
    """Return what pytest makes of a report that passed."""
    return {
        "nodeid": NODE_ID,
        "location": ("grid.study.yaml", 0, "grid: style=terse-r1"),
        "keywords": {"style=terse-r1": 1, "dre": 1, "": 1},
        "outcome": "passed",
        "longrepr": None,
        "when": "call",
        "sections": [],
        "duration": 0.1 + 0.2,
        "start": 1764361000.123456,
        "stop": 1764361000.5,
        "user_properties": [("size", 1), ("primary_outcome", 0.1), ("seed", 2**31 - 2)],
        "dre": {"study": "/lab/grid.study.yaml", "run_id": "run-0123456789ab", "cached": False, "held_back": None},
        "$report_type": "TestReport",
        **parts,
    }


def arrived(data):
    """Return what another process makes of the data."""
    received = loads(dumps(packed(data)))
    if PACKED in received:
        unpack(received)
    return received


@given(PROPERTIES, st.lists(st.tuples(st.text(), st.text())))
def test_a_report_arrives_as_it_was(properties, sections):
    data = report_data(user_properties=properties, sections=sections)
    assert arrived(dict(data)) == data
    types = [type(value) for _, value in data["user_properties"]]
    assert [type(value) for _, value in arrived(data)["user_properties"]] == types


@pytest.mark.parametrize("value", [math.inf, -math.inf, 5e-324, 1.7976931348623157e308, -0.0, 10**30])
def test_numbers_at_the_ends_of_the_range_arrive_exactly(value):
    ((_, number),) = arrived(report_data(user_properties=[("primary_outcome", value)]))["user_properties"]
    assert (number, math.copysign(1, number)) == (value, math.copysign(1, value))


def test_a_value_that_is_not_a_number_arrives():
    ((_, number),) = arrived(report_data(user_properties=[("primary_outcome", math.nan)]))["user_properties"]
    assert math.isnan(number)


def test_most_of_a_report_is_one_text():
    assert packed(report_data()).keys() == {PACKED, "$report_type"}


def test_what_other_plugins_have_added_travels_as_it_is():
    sent = packed(report_data(extras=[b"picture"], rerun=2))
    assert (sent["extras"], sent["rerun"]) == ([b"picture"], 2)
    assert arrived(report_data(extras=[b"picture"])) == report_data(extras=[b"picture"])


@pytest.mark.parametrize(
    "parts",
    [
        {"longrepr": ("grid.study.yaml", 1, "Skipped: later"), "outcome": "skipped"},
        {"user_properties": [("picture", b"\x89PNG")]},
        {"user_properties": [["name", "value"]]},
        {"user_properties": [("name", "value", "more")]},
        {"sections": [("Captured log", ["line"])]},
        {"sections": [("Captured stdout call", "half a character: \udc80")]},
    ],
    ids=["longrepr", "bytes", "list", "triple", "lines", "surrogate"],
)
def test_what_json_cannot_tell_exactly_is_not_packed(parts):
    assert packed(report_data(**parts)) == report_data(**parts)


@pytest.mark.parametrize("other", [("pair", (1, 2)), ("score", 1.5)], ids=["not packed", "packed"])
def test_a_large_negative_integer_arrives(other):
    data = report_data(user_properties=[("level", -(2**31) - 1), other])
    (name, value), kept = arrived(data)["user_properties"]
    assert (name, int(value), kept) == ("level", -(2**31) - 1, other)
