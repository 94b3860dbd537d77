"""Small made-up studies with gates, and their outcomes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_dre.canonical import seed_from
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}


def make_study(*gates: dict[str, Any], **more: Any) -> Study:
    """Return a study with an outcome of every type: score in [0, 1], cost (less is better), ok (true or false)."""
    common = {"source_table": "runs", "aggregation": "mean"}
    base = {
        "study_id": "s",
        "title": "t",
        "factors": [{"name": "style", "levels": [{"name": "plain", "value": 1}, {"name": "rich", "value": 2}]}],
        "agent_specs": ["new", "old"],
        "outcomes": [
            {"name": "score", "column": "score", "goal": "maximize", "range": [0, 1], "primary": True, **common},
            {"name": "cost", "column": "cost", "goal": "minimize", **common},
            {"name": "ok", "column": "ok", "goal": "maximize", "expected_type": "boolean", **common},
            {"name": "aimless", "column": "aimless", **common},
        ],
        "gates": gates,
    }
    return Study.model_validate({**base, **more})


def make_rows(
    outcome: str,
    values: dict[str, Sequence[float | None]],
    *,
    style: int = 1,
    problem: str | None = None,
    shared: bool = False,
) -> list[OutcomeRow]:
    """Return runs of one cell: agent → values by replicate."""
    return [
        OutcomeRow(
            run_id=f"{agent}-{style}-{problem}-{replicate}",
            condition_id=f"style-{style}",
            factors={"style": style},
            blocks={},
            agent_id=agent,
            problem_id=problem,
            replicate=replicate,
            seed=replicate if shared else seed_from([agent, style, problem, replicate]),
            status="failed" if value is None else "success",
            values={outcome: value},
        )
        for agent, found in values.items()
        for replicate, value in enumerate(found, start=1)
    ]


def spoil(rows: Iterable[OutcomeRow], count: int, **changes: Any) -> list[OutcomeRow]:
    """Return the rows, the first `count` of them changed and without values."""
    found = list(rows)
    return [replace(row, values={}, **changes) for row in found[:count]] + found[count:]


@pytest.fixture
def study() -> Callable[..., Study]:
    return make_study


@pytest.fixture
def rows() -> Callable[..., list[OutcomeRow]]:
    return make_rows


@pytest.fixture
def spoiled() -> Callable[..., list[OutcomeRow]]:
    return spoil
