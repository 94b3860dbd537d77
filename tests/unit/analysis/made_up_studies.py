"""Small made-up studies with an outcome of every type, and single runs of them."""

from typing import Any

from pytest_dre.canonical import seed_from
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
_COMMON = {"source_table": "runs", "aggregation": "mean"}
OUTCOMES = {
    "score": {"goal": "maximize", "range": [0, 1], "primary": True},
    "cost": {"goal": "minimize"},
    "gain": {"goal": "maximize"},
    "ok": {"goal": "maximize", "expected_type": "boolean"},
    "aimless": {},
}


def outcome_specs(*names: str, **changed: Any) -> list[dict[str, Any]]:
    """Return the outcomes of these names, in this order, each with what is changed."""
    return [{"name": name, "column": name, **_COMMON, **OUTCOMES[name], **changed} for name in names]


def make_study(*gates: dict[str, Any], **more: Any) -> Study:
    """Return a study of two agents and a factor with two levels, and an outcome of every type unless told otherwise."""
    base = {
        "study_id": "s",
        "title": "t",
        "factors": [{"name": "style", "levels": [{"name": "plain", "value": 1}, {"name": "rich", "value": 2}]}],
        "agent_specs": ["new", "old"],
        "outcomes": outcome_specs(*OUTCOMES),
        "gates": gates,
    }
    return Study.model_validate({**base, **more})


def make_row(
    arm: str,
    style: int,
    problem: str | None,
    replicate: int,
    outcome: str,
    value: float | None,
    *,
    shared: bool = False,
    status: str = "success",
) -> OutcomeRow:
    """Return a run; `shared` gives the runs of a replicate one seed."""
    return OutcomeRow(
        run_id=f"{arm}-{style}-{problem}-{replicate}",
        condition_id=f"style-{style}",
        factors={"style": style},
        blocks={},
        agent_id=arm,
        problem_id=problem,
        replicate=replicate,
        seed=replicate if shared else seed_from([arm, style, problem, replicate]),
        status=status,
        values={outcome: value},
    )
