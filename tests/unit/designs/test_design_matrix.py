"""Custom matrices from CSV and JSON files."""

import json
from pathlib import Path

import pytest

from pytest_dre.designs import build_design
from pytest_dre.errors import StudyError
from pytest_dre.model.runs import Condition
from pytest_dre.model.study import Study

FACTORS = [
    {"name": "speed", "levels": [{"name": "slow", "value": "10"}, {"name": "fast", "value": 20}]},
    {"name": "material", "default": "steel"},
]
BLOCKS = [{"name": "station", "levels": ["s1", "s2"]}]


def build(directory: Path, content: str | bytes, name: str = "m.csv", **design: object) -> list[Condition]:
    (directory / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    spec = {"kind": "custom_matrix", "matrix_path": name, **design}
    data = {"study_id": "s", "title": "t", "factors": FACTORS, "blocks": BLOCKS, "design_spec": spec}
    return build_design(Study.model_validate(data), directory)


def test_csv_cells_are_text_and_absent_columns_have_defaults(tmp_path: Path) -> None:
    conditions = build(tmp_path, "\ufeffstation,speed\r\ns1,10\r\n\r\ns2,10\r\n")
    assert [dict(condition.factor_assignments) for condition in conditions] == [
        {"speed": "10", "material": "steel"}
    ] * 2
    assert [dict(condition.block_assignments) for condition in conditions] == [{"station": "s1"}, {"station": "s2"}]
    assert [condition.metadata["matrix_row"] for condition in conditions] == [0, 1]


def test_equal_rows_are_different_conditions_and_order_can_be_drawn(tmp_path: Path) -> None:
    conditions = build(tmp_path, "station,speed\n" + "s1,10\n" * 6, randomize=True)
    assert len({condition.condition_id for condition in conditions}) == 6
    assert sorted(condition.metadata["matrix_row"] for condition in conditions) == list(range(6))
    assert [condition.metadata["matrix_row"] for condition in conditions] != list(range(6))


def test_json_rows_keep_their_types(tmp_path: Path) -> None:
    rows = [{"speed": 20, "station": "s1", "material": {"a": [1]}}, {"speed": "10", "station": "s2"}]
    conditions = build(tmp_path, json.dumps(rows), "m.json")
    assert [condition.factor_assignments["speed"] for condition in conditions] == [20, "10"]
    assert [condition.factor_assignments["material"] for condition in conditions] == [{"a": [1]}, "steel"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.csv", "", "m.csv has no rows"),
        ("m.csv", "speed,station\n", "m.csv has no rows"),
        ("m.csv", b"speed\n\xff\n", "m.csv is no UTF-8 (byte 6)"),
        ("m.csv", "speed,station\n10,s1\n10\n", "m.csv:3: the row has 1 cells, the header 2"),
        ("m.csv", "speed,station\n10,s3\n", "m.csv:2: 's3' is no level of the block 'station'; levels: \"s1\""),
        ("m.csv", "speed,station\n20,s1\n", "cells of a CSV are text: quote the levels' values"),
        ("m.csv", "spede,speed,station\n1,10,s1\n", "no factor or block is named 'spede'; did you mean 'speed'?"),
        ("m.csv", "station\ns1\ns2\n", "the factor 'speed' has no value; add it, or give the factor a default"),
        ("m.csv", "speed\n10\n10\n", "the block 'station' has no value; add it, or remove the block"),
        ("m.csv", "speed,,station\n1,2,3\n", "m.csv:1: column 2 has no name"),
        ("m.csv", "speed,speed\n1,2\n", "m.csv:1: two columns are named 'speed'"),
        ("m.csv", 'speed,station\n"10"x,s1\n', "m.csv:2: malformed CSV"),
        ("m.json", "[{", "m.json is no JSON"),
        ("m.json", "[" * 100_000, "m.json is no JSON"),
        ("m.json", "{}", "m.json holds no list"),
        ("m.json", "[]", "m.json has no rows"),
        ("m.json", "[{}, 3]", "m.json: row 2 is no map"),
        ("m.json", '[{"speed": 20.0, "station": "s1"}]', "m.json: row 1: 20.0 is no level of the factor 'speed'"),
    ],
)
def test_faults(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        build(tmp_path, content, name)
    (fault,) = caught.value.faults
    assert fault.path == ("design_spec", "matrix_path")
    assert message in str(fault)


def test_rows_with_one_cause_are_one_fault(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        build(tmp_path, "speed,station\n" + "20,s1\n11,s1\n12,s1\n13,s9\n14,s1\n" + "11,s1\n" * 500)
    speed, station = map(str, caught.value.faults)
    assert speed == (
        "design_spec.matrix_path: m.csv:2, m.csv:3, m.csv:4 and 502 more rows: '20', '11', '12' and 2 more are no "
        "levels of the factor 'speed'; levels: \"10\", 20; cells of a CSV are text: quote the levels' values in the "
        "study, or use a JSON matrix"
    )
    assert station == (
        "design_spec.matrix_path: m.csv:5: 's9' is no level of the block 'station'; levels: \"s1\", \"s2\""
    )


def test_rows_without_a_value_are_one_fault(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        build(tmp_path, json.dumps([{"speed": "10"}] * 4 + [{"speed": "10", "station": "s1"}]), "m.json")
    (fault,) = caught.value.faults
    assert fault.message.startswith("m.json: row 1, m.json: row 2, m.json: row 3 and 1 more row: the block 'station'")


def test_many_unknown_columns_are_a_hundred_faults_at_most(tmp_path: Path) -> None:
    columns = ",".join(f"c{index}" for index in range(150))
    with pytest.raises(StudyError) as caught:
        build(tmp_path, f"speed,station,{columns}\n10,s1{',1' * 150}\n")
    assert len(caught.value.faults) == 100


def test_a_missing_file_and_a_missing_path(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"nowhere.csv cannot be read: No such file"):
        build(tmp_path, "", matrix_path="nowhere.csv")
    with pytest.raises(StudyError, match="custom_matrix needs matrix_path"):
        build(tmp_path, "", matrix_path=None)


def test_what_never_ends_is_no_matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_dre.designs.matrix_files.MAX_BYTES", 2_000_000)
    with pytest.raises(StudyError, match=r"m.csv is larger than 2 MB; name a CSV or JSON file of rows"):
        build(tmp_path, "station,speed\n" + "s1,10\n" * 400_000)
