"""Untrusted values as plain data."""

import enum
import json
import pathlib
from collections import OrderedDict
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.execution.plain import copy_containers, to_plain
from pytest_dre.execution.texts import to_text

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers()
    | st.dates(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.floats())
    ),
    max_leaves=20,
)


def is_plain(value):
    if type(value) is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    if type(value) is list:
        return all(is_plain(item) for item in value)
    return value is None or type(value) in (bool, int, float, str)


@given(PLAIN)
def test_plain_data_stay_as_they_are(value):
    assert to_plain(value) == value


@given(ANYTHING)
def test_anything_becomes_plain_and_can_be_written(value):
    plain = to_plain(value)
    assert is_plain(plain)
    json.dumps(plain).encode()
    json.dumps(plain, ensure_ascii=False).encode("utf-8")
    assert repr(to_plain(plain)) == repr(plain)


class Color(enum.Enum):
    RED = ("r", 1)


class Number(enum.IntEnum):
    ONE = 1


class Word(str):
    __slots__ = ()


class Rude:
    def __str__(self):
        raise ValueError


class RudeMap(OrderedDict):
    def items(self):
        raise KeyError


@dataclass
class Point:
    x: float
    tags: set = field(default_factory=lambda: {"b", "a"})


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(1.5), 1.5),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.longdouble(0.5), 0.5),
        (np.str_("a"), "a"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.5], dtype=object), [1.5]),
        (np.array(["a"]), ["a"]),
        (np.datetime64("2020-01-02"), "2020-01-02"),
        (np.array(["2020-01-02"], dtype="M8[ns]"), ["2020-01-02T00:00:00.000000000"]),
        (np.timedelta64(3, "s"), "3 seconds"),
        (np.complex128(1 + 2j), "(1+2j)"),
        (Color.RED, ["r", 1]),
        (Number.ONE, 1),
        (Word("w"), "w"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (Point(1.0), {"x": 1.0, "tags": ["a", "b"]}),
        (Point, str(Point)),
        (MappingProxyType({1: (2,)}), {"1": [2]}),
        (b"a\xff", "a\\xff"),
        (bytearray(b"a"), "a"),
        ("a\ud800", "a\\ud800"),
        ({"a\ud800": 1}, {"a\\ud800": 1}),
        (Rude(), "<Rude>"),
        ({Rude(): 1}, {"<Rude>": 1}),
        (3 + 4j, "(3+4j)"),
    ],
)
def test_what_becomes_of_objects(value, plain):
    made = to_plain(value)
    assert made == plain
    assert type(made) is type(plain)
    assert is_plain(made)


def test_float_subclass_huge_integer_and_broken_map():
    class Real(float):
        pass

    assert type(to_plain(Real(2))) is float
    assert to_plain(10**5000) == hex(10**5000)
    assert isinstance(to_plain(RudeMap(a=1)), str)


def test_recursion_is_cut():
    loop = [1]
    loop.append(loop)
    assert to_plain(loop) == [1, "<recursive>"]

    point = Point(1.0)
    point.tags = [point]
    assert to_plain(point) == {"x": 1.0, "tags": ["<recursive>"]}

    shared = [1]
    assert to_plain([shared, shared]) == [[1], [1]]


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}, lambda value: frozenset([value])])
def test_depth_is_bounded(wrap):
    value = wrap(1)
    for _ in range(500):
        value = wrap(value)
    plain = to_plain(value)
    assert is_plain(plain)
    assert "<nested too deeply>" in json.dumps(plain)


def test_text_is_encodable():
    assert to_text("é\ud800") == "é\\ud800"


def test_copies_share_nothing_that_is_plain():
    thing = object()
    value = {"a": [1, ({2},)], "b": thing}
    copied = copy_containers(value)
    assert copied == value
    assert copied["b"] is thing
    assert copied["a"] is not value["a"]
    assert copied["a"][1][0] is not value["a"][1][0]


def test_keys_that_become_one_text_lose_no_value():
    plain = to_plain({1: "a", "1": "b", None: "c", "None": {True: "d", "True": "e", "True-2": "f"}})
    assert plain == {"1": "b", "1-2": "a", "None": {"True": "e", "True-2": "f", "True-3": "d"}, "None-2": "c"}


def test_objects_have_no_address():
    assert to_plain([object(), len]) == ["<object object>", "<built-in function len>"]
    assert to_plain("at 0x7f at 0x12> said") == "at 0x7f at 0x12> said", "an agent's own text"
