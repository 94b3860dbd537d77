import math
from typing import Any

import pytest
import yaml

from pytest_dre.errors import StudyError
from pytest_dre.loading.marks import read_nodes
from pytest_dre.loading.yaml_text import EventParser, _PythonParser, compose_yaml

PARSERS = pytest.mark.parametrize("parser", [EventParser, _PythonParser], ids=["libyaml", "python"])


def value_of(text: str, parser: Any = None) -> Any:
    document = read_nodes(compose_yaml(f"v: {text}", parser))
    assert document.faults == []
    return document.data["v"]


def faults(text: str, parser: Any = None) -> list[str]:
    try:
        return [str(fault) for fault in read_nodes(compose_yaml(text, parser)).faults]
    except StudyError as error:
        return [str(fault) for fault in error.faults]


@PARSERS
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000.0),
        ("1.0e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".5", 0.5),
        ("+1_000", 1000),
        ("0x1F", 31),
        ("-0b101", -5),
        ("0", 0),
        ("-.inf", -math.inf),
        ("12:30", "12:30"),
        ("1:20.5", "1:20.5"),
        ("2024-05-01", "2024-05-01"),
        ("0.2.0", "0.2.0"),
        ("y", "y"),
        ("off", False),
        ("On", True),
        ("'on'", "on"),
        ('"1e3"', "1e3"),
        ("~", None),
        ("", None),
        ("=", "="),
        ("!!str 12", "12"),
        ("!!float 3", 3.0),
        ("!!int '7'", 7),
        ("{a: [1, 'é🎯']}", {"a": [1, "é🎯"]}),
    ],
)
def test_scalars_are_what_users_mean(text: str, value: Any, parser: Any) -> None:
    found = value_of(text, parser)
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_number() -> None:
    assert math.isnan(value_of(".NaN"))


@PARSERS
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 010", "1:4: a: 010 has a leading zero"),
        ("a: 089", "1:4: a: 089 has a leading zero"),
        ("a: " + "9" * 5000, "1:4: a: the number has more than 308 digits; quote it"),
        ("a: 1e999", "1:4: a: 1e999 is beyond the range of floating point"),
        ("a: 0x_", "a: 0x_ is no whole number"),
        ("a: !!int x", "a: x is no whole number"),
        ("a: !!float x", "a: x is no number"),
        ("a: !!bool x", "a: x is no boolean"),
        ("a: !!python/object:os.system x", "1:4: a: the tag !!python/object:os.system is not allowed"),
        ("a: !thing {b: 1}", "1:4: a: the tag !thing is not allowed"),
        ("a: !!set [b]", "a: the tag !!set is not allowed"),
        ("a: 1\nb: 2\na: 3", "3:1: a: the key 'a' is given twice, first in line 1; keep one of the two"),
        ("a: {1: x}", '1:5: a.1: the key 1 is no text to YAML; quote it: "1"'),
        ("on: x", '1:1: on: the key on is no text to YAML; quote it: "on"'),
        ("~: x\n", '1:1: ~: the key ~ is no text to YAML; quote it: "~"'),
        ("? \n: x", "a key is empty; write one before the ':'"),
        ("{: x}", "1:2: this is no valid YAML: a key or value is missing here"),
        ("? [a]\n: b", "a key is a list or map"),
        ("a: &x {b: 1}\nc: {<<: *x, <<: *x}", "2:13: c.<<: the key '<<' is given twice"),
        ("a: {<<: 3}", "a.<<: '<<' merges only maps"),
        ("a: &x [*x]", "this anchor's content contains itself"),
        ("a: &x {<<: *x}", "this anchor's content contains itself"),
        ("a: *x", "1:4: this is no valid YAML: this alias names no anchor"),
        ("a:\n\tb: 1", "2:1: YAML does not allow this tab; indent and align with spaces"),
        ("a:\n  - b\n\t- c\n", "3:1: YAML does not allow this tab"),
        ("a: b: c", "this is no valid YAML: a second ': '"),
        ("a:\n    - b\n  - c\n", "indentation does not fit"),
        ("a: [1, 2\nb: 3\n", "a bracket is opened and not closed"),
        ("a: 'x\nb: 1\n", "a quote is opened and never closed; close it (it begins in line 1)"),
        ('a: "\\q"', "this is no valid YAML: an escape is no valid one"),
        ("a: @x", "this character cannot start a value"),
        ("a: 1\n---\nb: 1\n", "a second document starts here"),
        ("", "the file is empty"),
        ("a: \x01", "1:4: the character U+0001 is not allowed in a file"),
        ("a: 1\nb: \ud800", "2:4: the character U+D800 is not allowed in a file"),
        ("a: " + "[" * 100 + "]" * 100, "1:67: the file nests more than 64 levels deep"),
        ("[" * 100_000, "the file nests more than 64 levels deep; flatten it"),  # where depends on libyaml's release
    ],
)
def test_each_trap_has_its_message(text: str, message: str, parser: Any) -> None:
    lines = faults(text, parser)
    assert len(lines) == 1
    assert message in lines[0]


@PARSERS
def test_what_is_unusual_is_still_reported_as_yaml(parser: Any) -> None:
    assert faults("%FOO\n%YAML x\n---\na: 1", parser)[0].startswith(("2:", "this is no valid", "1:"))
    assert "this is no valid YAML" in faults("a\nb: 1", parser)[0]


def test_an_anchor_defined_twice_is_reported() -> None:
    assert "this anchor is defined twice" in faults("a: &x 1\nb: &x 2\n")[0]


@pytest.mark.parametrize("link", ["[{}]", "{{<<: [{}]}}"], ids=["lists", "merges"])
def test_an_alias_bomb_is_refused_at_once(link: str) -> None:
    lines = ["k0: &k0 {a: 1}"]
    lines += [f"k{index}: &k{index} {link.format(','.join([f'*k{index - 1}'] * 10))}" for index in range(1, 12)]
    (message,) = faults("\n".join(lines))
    assert "the file holds more than 100,000 keys and values, its aliases expanded; use fewer aliases" in message


def test_nesting_by_aliases_is_bounded() -> None:
    lines = ["k0: &k0 [1]", *(f"k{index}: &k{index} [*k{index - 1}]" for index in range(1, 80))]
    (message,) = faults("\n".join(lines))
    assert "nests more than 64 levels deep" in message


def test_many_values_are_bounded() -> None:
    (message,) = faults("a: [" + "1," * 100_001 + "]")
    assert "more than 100,000 keys and values" in message


def test_long_text_behind_many_aliases_is_bounded() -> None:
    (message,) = faults(f"a: &x {'t' * 1_000_000}\nb: [{'*x, ' * 20}]\n")
    assert "more than 10,000,000 characters, its aliases expanded; use fewer aliases" in message
    assert faults(f"a: &x {'t' * 1_000_000}\nb: [{'*x, ' * 8}]\n") == []


def test_merged_keys_give_way_to_those_of_the_map_and_to_earlier_ones() -> None:
    text = """\
a: &a {x: 1, y: 1}
b: &b {<<: *a, y: 2, z: 2}
c: {<<: [*b, {z: 3, w: 3}], x: 4}
"""
    data = read_nodes(compose_yaml(text)).data
    # PyYAML itself gives c the y of a since 6.0.4, though b has another
    assert data["c"] == {"x": 4, "y": 2, "z": 2, "w": 3}
    plain = "a: &a {x: 1, y: 1}\nc: {<<: [*a, {x: 3, w: 3}], y: 4}\n"
    assert read_nodes(compose_yaml(plain)).data == yaml.safe_load(plain)


def test_aliases_give_each_place_data_of_its_own() -> None:
    data = read_nodes(compose_yaml("a: &x [1]\nb: *x\n")).data
    assert data == {"a": [1], "b": [1]}
    assert data["a"] is not data["b"]
