"""Studies → plain data, YAML and JSON."""

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml

from pytest_dre.canonical import canonical_value
from pytest_dre.errors import DreError
from pytest_dre.loading.yaml_text import TAG
from pytest_dre.model.study import Study

# Keys of older releases and our own: left out where the study does not use them, so that files can be exchanged.
_OLDER = ("primary_outcomes", "secondary_outcomes")
_OURS = ("agents", "problems", "runner", "limits", "gates", "track")
_RARE_BREAKS = re.compile("[\r\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def study_to_dict(study: Study) -> dict[str, Any]:
    """Return the study as plain JSON data, every key of schema 0.2.0 present."""
    data: dict[str, Any] = canonical_value(study.model_dump())
    unset = {key for key in _OLDER if data[key] is None}
    unset |= {
        key for key in _OURS if getattr(study, key) == Study.model_fields[key].get_default(call_default_factory=True)
    }
    for hypothesis in data["hypotheses"]:
        _drop_none(hypothesis, "linked_analysis_plan_id")
    for factor in data["factors"]:
        for level in factor["levels"]:
            _drop_none(level, "label")
    for outcome in data["outcomes"]:
        _drop_none(outcome, "goal", "range")
    data["limits"] = canonical_value(study.limits.model_dump(exclude_defaults=True))
    data["output_dir"] = study.output_path
    return {
        "schema_version": data.pop("schema_version"),
        **{key: item for key, item in data.items() if key not in unset},
    }


def _drop_none(part: dict[str, Any], *keys: str) -> None:
    for key in keys:
        if part[key] is None:
            del part[key]


def dump_yaml(study: Study) -> str:
    """Return the study as YAML that `parse_study`, and any YAML 1.1 reader, reads back as the same study.

    Raises DreError for text that is no valid Unicode.
    """
    data = _encodable(study_to_dict(study))
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def dump_json(study: Study) -> str:
    """Return the study as JSON; numbers that JSON lacks are written NaN, Infinity, -Infinity.

    Raises DreError for text that is no valid Unicode.
    """
    return json.dumps(_encodable(study_to_dict(study)), indent=2, ensure_ascii=False) + "\n"


def _encodable(data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` if UTF-8 can hold all its text; a lone surrogate, half a character, it cannot."""
    found = _SURROGATE.search(json.dumps(data, ensure_ascii=False))
    if found:
        raise DreError(
            f"the study holds text that is no valid Unicode (the surrogate U+{ord(found[0]):04X}); remove it"
        )
    return data


def write_study(study: Study, path: Path) -> None:
    """Write the study as YAML or JSON, by the suffix of `path`; the file is complete or not there.

    Raises DreError for another suffix or a place that cannot be written.
    """
    writers = {".yaml": dump_yaml, ".yml": dump_yaml, ".json": dump_json}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise DreError(f"{path}: a study is written as .yaml, .yml or .json")
    text = writer(study)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as error:
        raise DreError(f"{path} cannot be written: {error.strerror or error}") from error


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class _Dumper(yaml.SafeDumper):
    """Quotes what any reader could take for something else than text; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Readers fold these line breaks in plain and single-quoted text, and PyYAML writes them there.
    style = '"' if _RARE_BREAKS.search(text) else None
    return dumper.represent_scalar(f"{TAG}str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_implicit_resolver(
    f"{TAG}float", re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)\Z"), list("-+0123456789.")
)
_Dumper.add_implicit_resolver(f"{TAG}int", re.compile(r"[-+]?[0-9][0-9_]*\Z"), list("-+0123456789"))
_Dumper.add_implicit_resolver(f"{TAG}bool", re.compile(r"[yYnN]\Z"), list("yYnN"))
