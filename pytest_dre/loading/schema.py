"""The study file's JSON Schema, for editors that complete keys and underline mistakes while a study is written."""

from typing import Any

from pytest_dre.loading.descriptions import DESCRIPTIONS
from pytest_dre.model.factors import DESIGN_ALIASES
from pytest_dre.model.study import Study

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN_TYPES = ["string", "number", "boolean", "null"]


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema of a study file, the short forms of levels, bindings and design kinds included.

    It says what form a study has; what only several parts together tell (names of nothing, contradictions) it cannot.
    """
    schema = Study.model_json_schema()
    parts = schema["$defs"]
    for name, descriptions in DESCRIPTIONS.items():
        part = schema if name == "Study" else parts[name]
        for key, text in descriptions.items():
            part["properties"][key]["description"] = text
    _allow_short_forms(schema)
    _state_rules(parts)
    del schema["title"]
    return {"$schema": DIALECT, "title": "Study of pytest-dre", **schema}


def _allow_short_forms(schema: dict[str, Any]) -> None:
    parts = schema["$defs"]
    levels = parts["Factor"]["properties"]["levels"]
    levels["items"] = {"anyOf": [levels["items"], {"type": PLAIN_TYPES}]}
    for key in ("agents", "problems"):
        bindings = schema["properties"][key]
        reference = {"type": "string", "minLength": 1}
        bindings["additionalProperties"] = {"anyOf": [bindings["additionalProperties"], reference]}
    kind = parts["DesignSpec"]["properties"]["kind"]
    kind["enum"] = [*kind["enum"], *DESIGN_ALIASES]


def _state_rules(parts: dict[str, Any]) -> None:
    """Add what the models check by code: one of two keys must be there."""
    for name, keys in (
        ("Factor", ("levels", "default")),
        ("Constraint", ("expression", "callable_ref")),
        ("Gate", ("outcome", "hypothesis")),
    ):
        parts[name]["anyOf"] = [{"required": [key]} for key in keys]
