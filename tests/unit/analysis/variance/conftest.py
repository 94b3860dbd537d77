"""Small made-up studies with gates, and their runs."""

import pytest

from pytest_dre.canonical import seed_from
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
COMMON = {"source_table": "runs", "aggregation": "mean"}


def make_study(*gates, **more):
    """Return a study of a score in [0, 1], a cost without a range and a success, with gates."""
    base = {
        "study_id": "s",
        "title": "t",
        "factors": [{"name": "style", "levels": [{"name": "plain", "value": 1}, {"name": "rich", "value": 2}]}],
        "agent_specs": ["new", "old"],
        "outcomes": [
            {"name": "cost", "column": "cost", "goal": "minimize", "primary": True, **COMMON},
            {"name": "score", "column": "score", "goal": "maximize", "range": [0, 1], "primary": True, **COMMON},
            {"name": "ok", "column": "ok", "goal": "maximize", "expected_type": "boolean", **COMMON},
        ],
        "gates": gates,
    }
    return Study.model_validate({**base, **more})


def make_rows(outcome, value, *, problems=("p",), styles=(1,), replicates=4, shared=False):
    """Return runs of both agents; `value(agent, problem, style, replicate)` is the outcome, None if there is none."""
    return [
        OutcomeRow(
            run_id=f"{agent}-{problem}-{style}-{replicate}",
            condition_id=f"style-{style}",
            factors={"style": style},
            blocks={},
            agent_id=agent,
            problem_id=problem,
            replicate=replicate,
            seed=seed_from([problem, replicate] if shared else [agent, problem, style, replicate]),
            status="success",
            values={outcome: value(agent, problem, style, replicate)},
        )
        for problem in problems
        for style in styles
        for agent in ("new", "old")
        for replicate in range(1, replicates + 1)
    ]


@pytest.fixture
def study():
    return make_study


@pytest.fixture
def rows():
    return make_rows


@pytest.fixture
def gate():
    """Returns a gate that compares the agents, or with a `value` one that judges all runs."""

    def make(outcome="cost", **more):
        arms = {} if "value" in more or "baseline" in more else {"contrast": CONTRAST}
        claim = "at_most" if "value" in more else "superior"
        return {"gate_id": "g", "claim": claim, "outcome": outcome, **arms, **more}

    return make
