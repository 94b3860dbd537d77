import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.errors import StudyError
from pytest_dre.loading.json_text import compose_json
from pytest_dre.loading.marks import read_nodes

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_is_read_as_json(data: Any, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    assert read_nodes(compose_json(text)).data == json.loads(text)


def test_nan_is_a_number() -> None:
    assert math.isnan(read_nodes(compose_json("[NaN]")).data[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "the file is empty"),
        ("{", "1:2: this is no valid JSON: a key is missing"),
        ('{"a": 1,\n}', "2:1: this is no valid JSON: a key is missing; write each key in double quotes, and no ','"),
        ('{"a" 1}', "1:6: this is no valid JSON: a ':' is missing after the key; add ':'"),
        ('{\n"a": 1 "b": 2}', "2:8: this is no valid JSON: a ',' or '}' is missing (opened in line 1); add ','"),
        ("[1 2]", "a ',' or ']' is missing"),
        ("[nul]", "1:2: this is no valid JSON: a value is missing or misspelt"),
        ("[.5]", "a value is missing or misspelt"),
        ('["a\nb"]', "1:4: this is no valid JSON: a control character or escape"),
        ('["\\q"]', "a control character or escape is not allowed"),
        ('["\\ud800"]', "1:2: this is no valid JSON: text holds half a character, the surrogate U+D800; remove it"),
        ('["a', "1:2: this is no valid JSON: a quote is never closed; close it"),
        ("{} {}", "1:4: this is no valid JSON: there is more after the end"),
        ("[" * 100_000, "1:65: the file nests more than 64 levels deep"),
        ("[" + "1," * 100_001, "more than 100,000 keys and values"),
        ("[" + "9" * 5000 + "]", "[0]: the number has more than 308 digits"),
        ("[1e999]", "1e999 is beyond the range"),
        ('{"a": 1,\n "a": 2}', "2:2: a: the key 'a' is given twice, first in line 1"),
    ],
)
def test_each_mistake_has_its_message(text: str, message: str) -> None:
    try:
        faults = tuple(read_nodes(compose_json(text)).faults)
    except StudyError as error:
        faults = error.faults
    assert len(faults) == 1
    assert message in str(faults[0])
