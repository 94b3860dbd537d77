import json
from pathlib import Path
from typing import Any

from pytest_dre.loading import parse_study, study_schema, study_to_dict
from pytest_dre.loading.descriptions import DESCRIPTIONS

DOCS = Path(__file__).parents[3] / "docs"
SAMPLE = (Path(__file__).parent / "samples.yaml.txt").read_text(encoding="utf-8")


def accepts(schema: dict[str, Any], data: Any, root: dict[str, Any]) -> bool:
    """A validator for the keywords that the study's schema uses."""
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].rsplit("/", 1)[1]], **schema}
    types = {
        "string": str,
        "number": (int, float),
        "integer": int,
        "boolean": bool,
        "null": type(None),
        "array": list,
        "object": dict,
    }
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    kinds = [types[kind] for kind in wanted]
    right = any(isinstance(data, kind) and (not isinstance(data, bool) or kind is bool) for kind in kinds)  # type: ignore[arg-type]
    if (wanted and not right) or ("enum" in schema and data not in schema["enum"]):
        return False
    if "anyOf" in schema and not any(accepts(option, data, root) for option in schema["anyOf"]):
        return False
    if isinstance(data, list):
        return all(accepts(schema.get("items", {}), item, root) for item in data)
    if isinstance(data, dict):
        extra, properties = schema.get("additionalProperties", True), schema.get("properties", {})
        return (
            all(key in data for key in schema.get("required", []))
            and all(extra is not False or key in properties for key in data)
            and all(
                accepts(properties.get(key, extra if isinstance(extra, dict) else {}), item, root)
                for key, item in data.items()
            )
        )
    return True


def test_the_schema_in_the_docs_is_the_current_one() -> None:
    assert json.loads((DOCS / "study.schema.json").read_text(encoding="utf-8")) == study_schema()


def test_the_schema_accepts_full_and_short_forms() -> None:
    schema = study_schema()
    data = study_to_dict(parse_study(SAMPLE).study)
    assert accepts(schema, data, schema)
    data["factors"] = [{"name": "x", "levels": ["low", 0.7, True, None]}]
    data["agents"] = {"solver": "m:solve"}
    data["design_spec"] = {"kind": "lhs"}
    assert accepts(schema, data, schema)


def test_the_schema_refuses_mistakes() -> None:
    schema = study_schema()
    data = {"study_id": "s", "title": "t"}
    assert accepts(schema, data, schema)
    for mistake in (
        {"titel": "t"},
        {"study_id": 3},
        {"factors": [{"name": "x"}]},
        {"factors": [{"name": "x", "levels": [[1]]}]},
        {"constraints": [{"constraint_id": "c"}]},
        {"gates": [{"gate_id": "g", "claim": "superior"}]},
        {"agents": {"a": 3}},
        {"design_spec": {"kind": "ful"}},
    ):
        assert not accepts(schema, {**data, **mistake}, schema), mistake
    assert not accepts(schema, {"study_id": "s"}, schema)


def test_every_key_has_a_meaning_in_schema_and_docs() -> None:
    schema = study_schema()
    page = (DOCS / "study-file.md").read_text(encoding="utf-8")
    for name, part in {"Study": schema, **schema["$defs"]}.items():
        assert set(part["properties"]) == set(DESCRIPTIONS[name])
        for key, entry in part["properties"].items():
            assert f"| `{key}`" in page
            assert entry["description"] in page
