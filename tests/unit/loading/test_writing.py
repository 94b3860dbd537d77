import json
import math
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_dre.canonical import canonical_json
from pytest_dre.errors import DreError
from pytest_dre.loading import dump_json, dump_yaml, load_study, parse_study, study_to_dict, validate_study, write_study
from pytest_dre.model.factors import Block, Factor, Level
from pytest_dre.model.hypotheses import Hypothesis, OutcomeSpec
from pytest_dre.model.running import Binding, Gate, Limits
from pytest_dre.model.study import Study

AWKWARD = [
    *("on", "y", "N", "1e3", "1.0e3", "010", "089", "12:30", "2024-05-01", "null", "~", "", "0x1F", "1_0", ".nan"),
    *(" a ", "a: b", "- a", "#", "<<", "=", "'", '"', "a\nb\n", "\n a", "\t", "a\rb", "é🎯", "\u2028", "\x85", "\x01"),
    *("\ufeff", "!!x", "&a", "*a", "{", "%", "@", "yes:"),
]
TEXT = st.sampled_from(AWKWARD) | st.text(st.characters(codec="utf-8"), max_size=12)
NAME = TEXT.filter(bool)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def distinct(values: list[Any]) -> list[Any]:
    return list({canonical_json(value): value for value in values}.values())


@st.composite
def studies(draw: st.DrawFn) -> Study:
    names = draw(st.lists(NAME, min_size=4, max_size=4, unique=True))
    values = distinct(draw(st.lists(PLAIN, min_size=1, max_size=4)))
    level_names = draw(st.lists(NAME, min_size=len(values), max_size=len(values), unique=True))
    label = draw(st.none() | NAME)
    levels = tuple(
        Level(name=name, value=value, label=label, metadata={"k": value})
        for name, value in zip(level_names, values, strict=True)
    )
    return Study(
        study_id=draw(NAME),
        title=draw(NAME),
        authors=tuple(draw(st.lists(PLAIN, max_size=2))),
        tags=tuple(draw(st.lists(NAME, max_size=2))),
        factors=(Factor(name=names[0], levels=levels), Factor(name=names[1], default=draw(PLAIN))),
        blocks=(Block(name=names[2], levels=tuple(values)),),
        outcomes=(
            OutcomeSpec(name=names[3], source_table="runs", column=names[0], aggregation="mean", goal=draw(
                st.sampled_from([None, "maximize"])), range=draw(st.sampled_from([None, (0, 1.5)]))),
        ),
        hypotheses=(
            Hypothesis(hypothesis_id=names[0], label=names[1], statement=draw(NAME), independent_vars=(names[2],),
                       minimum_effect_of_interest=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False))),
        ),
        provenance_metadata=draw(st.dictionaries(NAME, PLAIN, max_size=2)),
        notes=draw(st.none() | NAME),
        output_dir=draw(st.none() | NAME),
        agents={draw(NAME): Binding(ref=draw(NAME), params={"x": draw(PLAIN)})},
        limits=Limits(timeout_s=draw(st.none() | st.just(1.5))),
    )  # fmt: skip


def same(left: Study, right: Study) -> bool:
    """Compare as canonical JSON, in which NaN equals NaN and 1, 1.0 and true differ."""
    return canonical_json(left.model_dump()) == canonical_json(right.model_dump())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(studies())
def test_what_is_written_is_read_back(study: Study) -> None:
    assert validate_study(study) == []
    assert same(parse_study(dump_yaml(study)).study, study)
    assert same(parse_study(dump_json(study), as_json=True).study, study)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(studies())
def test_other_yaml_readers_read_the_same(study: Study) -> None:
    assert canonical_json(yaml.safe_load(dump_yaml(study))) == canonical_json(study_to_dict(study))


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_stays_text(text: str) -> None:
    study = Study(study_id="s", title="t", agent_specs=("a",), factors=(Factor(name="x", default=text),))
    assert parse_study(dump_yaml(study)).study == study


def test_special_numbers_come_back() -> None:
    factor = Factor(name="x", default=[math.inf, -math.inf, 1e300])
    study = Study(study_id="s", title="t", agent_specs=("a",), factors=(factor,))
    assert parse_study(dump_yaml(study)).study == study
    assert parse_study(dump_json(study), as_json=True).study == study


@pytest.mark.parametrize("dump", [dump_yaml, dump_json])
def test_half_a_character_cannot_be_written(dump: Callable[[Study], str]) -> None:
    study = Study(study_id="s", title="t", factors=(Factor(name="x", default={"\ud800": 1}),))
    with pytest.raises(DreError, match=r"no valid Unicode \(the surrogate U\+D800\); remove it"):
        dump(study)


def test_every_key_of_the_schema_is_written_and_others_where_used() -> None:
    plain = Study(study_id="s", title="t", hypotheses=(Hypothesis(hypothesis_id="h", label="l", statement="s"),))
    data = study_to_dict(plain)
    assert list(data) == [
        "schema_version", "study_id", "title", "description", "authors", "rationale", "tags", "hypotheses", "factors",
        "blocks", "constraints", "design_spec", "outcomes", "analysis_plans", "run_budget", "seed_policy", "output_dir",
        "provenance_metadata", "notes", "problem_ids", "agent_specs",
    ]  # fmt: skip
    assert (data["schema_version"], data["output_dir"]) == ("0.2.0", "artifacts/s")
    assert data["seed_policy"] == {"base_seed": 0, "strategy": "condition_replicate", "per_run_offset": 9973}
    assert "linked_analysis_plan_id" not in data["hypotheses"][0]
    used = plain.model_copy(
        update={
            "runner": "m:r",
            "limits": Limits(timeout_s=1.0),
            "gates": (Gate(gate_id="g", outcome="o", claim="at_least", value=1.0),),
            "primary_outcomes": ("o",),
            "problems": {"p": Binding(ref="m:p")},
        }
    )
    assert list(study_to_dict(used))[-5:] == ["primary_outcomes", "problems", "runner", "limits", "gates"]


def test_python_values_are_written_as_plain_data() -> None:
    class Colour(Enum):
        RED = "red"

    default = {"c": Colour.RED, "p": Path("a/b"), "s": {2, 1}, "t": (1, 2)}
    study = Study(study_id="s", title="t", runner="m:r", factors=(Factor(name="x", default=default),))
    assert study_to_dict(study)["factors"][0]["default"] == {"c": "red", "p": "a/b", "s": [1, 2], "t": [1, 2]}


def test_shared_parts_are_written_out_without_aliases() -> None:
    value = {"steps": [1]}
    factors = (Factor(name="x", default=value), Factor(name="y", default=value))
    text = dump_yaml(Study(study_id="s", title="t", runner="m:r", factors=factors))
    assert "&" not in text
    assert "*" not in text


@pytest.mark.parametrize("name", ["a.study.yaml", "a.yml", "deep/down/a.study.json"])
def test_a_study_is_written_by_its_suffix(tmp_path: Path, name: str) -> None:
    study = Study(study_id="s", title="🎯", agent_specs=("a",), notes="a\r\nb")
    path = tmp_path / name
    for _ in range(2):
        write_study(study, path)
    assert load_study(path).study == study
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    if path.suffix == ".json":
        assert json.loads(path.read_text(encoding="utf-8"))["title"] == "🎯"


def test_what_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    study = Study(study_id="s", title="t")
    with pytest.raises(DreError, match=r"a study is written as \.yaml, \.yml or \.json"):
        write_study(study, tmp_path / "a.txt")
    (tmp_path / "file").write_text("")
    with pytest.raises(DreError, match="cannot be written: "):
        write_study(study, tmp_path / "file" / "a.yaml")
    (tmp_path / "dir.yaml").mkdir()
    with pytest.raises(DreError, match="cannot be written: "):
        write_study(study, tmp_path / "dir.yaml")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["dir.yaml", "file"]
