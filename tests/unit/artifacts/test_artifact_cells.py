import enum
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.artifacts.cells import json_cell, read_cell, scalar_cell, text_cell

plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(plain_data)
def test_plain_data_come_back_from_a_json_cell(value):
    cell = json_cell(value)
    assert read_cell("json", cell) == value
    assert cell.isascii()
    assert not set("\r\n\0") & set(cell)


def test_nan_and_infinities_come_back_from_a_json_cell():
    nan, high, low = read_cell("json", json_cell([math.nan, math.inf, -math.inf]))
    assert math.isnan(nan)
    assert (high, low) == (math.inf, -math.inf)


def test_a_lone_surrogate_comes_back_from_a_json_cell():
    assert read_cell("json", json_cell({"\udc80": "\ud800"})) == {"\udc80": "\ud800"}


class Colour(enum.Enum):
    RED = "red"


def test_values_beyond_json_are_written_by_their_canonical_value():
    assert json.loads(json_cell({"path": Path("a"), "colour": Colour.RED, (1, 2): {3}})) == {
        "path": "a",
        "colour": "red",
        "(1, 2)": [3],
    }


@given(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False))
def test_scalars_come_back_from_their_text(value):
    cell = scalar_cell(value)
    back = read_cell("scalar", "" if cell is None else str(cell))
    assert back == value
    assert type(back) is type(value)


def test_structured_scalars_are_json():
    assert scalar_cell({"a": [1, None]}) == '{"a":[1,null]}'
    assert scalar_cell(np.float64(0.5)) == 0.5
    assert scalar_cell(Colour.RED) == "red"


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("a", "a"), (1.5, "1.5"), (True, "True"), (["a"], '["a"]'), (math.nan, "nan")]
)
def test_anything_has_a_text(value, text):
    assert text_cell(value) == text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "", ""),
        ("optional_text", "", None),
        ("boolean", "False", False),
        ("boolean", "maybe", "maybe"),
        ("integer", "12", 12),
        ("number", "inf", math.inf),
        ("number", "about 3", "about 3"),
        ("scalar", "١", 1.0),
    ],
)
def test_cells_are_read_by_the_kind_of_their_column(kind, text, value):
    assert read_cell(kind, text) == value


def test_a_damaged_json_cell_is_an_error():
    with pytest.raises(ValueError, match="Expecting"):
        read_cell("json", "{oops")
