"""Conditions, run ids and seeds that other tools of the field made from the same studies."""

import json
import operator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_dre.designs import plan_study
from pytest_dre.model.runs import Condition
from pytest_dre.model.study import Study

VECTORS = Path(__file__).parents[2] / "vectors"
IN_ORDER = [
    "agent_factor",
    "constrained",
    "custom_matrix",
    "fractional",
    "fractional_blocks",
    "full_factorial",
    "latin_square",
    "level_metadata",
    "repeated_measures",
]


def load(name: str) -> tuple[Study, dict[str, Any]]:
    text = (VECTORS / "studies" / f"{name}.study.yaml").read_text(encoding="utf-8")
    vector = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return Study.model_validate(yaml.safe_load(text)), vector


def plain(condition: Condition) -> dict[str, Any]:
    return {
        "condition_id": condition.condition_id,
        "factor_assignments": dict(condition.factor_assignments),
        "block_assignments": dict(condition.block_assignments),
        "admissible": condition.admissible,
        "constraint_messages": list(condition.constraint_messages),
        "metadata": dict(condition.metadata),
    }


def planned(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    study, vector = load(name)
    plan = plan_study(study, VECTORS / "studies")
    keys = ("run_id", "condition_id", "agent_id", "problem_id", "replicate", "seed")
    runs = [{key: getattr(run, key) for key in keys} for run in plan.runs]
    return {"conditions": [plain(condition) for condition in plan.conditions], "run_specs": runs}, vector


@pytest.mark.parametrize("name", IN_ORDER)
def test_vector(name: str) -> None:
    ours, vector = planned(name)
    assert ours["conditions"] == vector["conditions"]
    assert ours["run_specs"] == vector["run_specs"]
    # Equality of Python values calls 1, 1.0 and True the same; their JSON does not.
    assert json.dumps(ours, sort_keys=True) == json.dumps({key: vector[key] for key in ours}, sort_keys=True)


def test_randomized_block_has_the_vectors_runs_with_blocks_kept_together() -> None:
    ours, vector = planned("randomized_block")
    for key, identity in (("conditions", "condition_id"), ("run_specs", "run_id")):
        by_id = operator.itemgetter(identity)
        assert sorted(ours[key], key=by_id) == sorted(vector[key], key=by_id)
    conditions = ours["conditions"]
    blocks = [json.dumps(condition["block_assignments"]) for condition in conditions]
    assert blocks == sorted(blocks, key=blocks.index)
    strategies = [condition["factor_assignments"]["strategy"] for condition in conditions]
    assert len({tuple(strategies[start : start + 3]) for start in range(0, 18, 3)}) > 1  # drawn anew in each block


def test_every_vector_is_used() -> None:
    assert {path.stem for path in VECTORS.glob("*.json")} == {*IN_ORDER, "randomized_block"}
