from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from pytest_dre.canonical import identifier
from pytest_dre.model.runs import Condition, Plan, RunResult, RunSpec, RunStatus
from pytest_dre.model.study import Study


def _plan(
    study: Study,
    replicates: int = 2,
    messages: Callable[[dict[str, Any]], tuple[str, ...]] = lambda assigned: (),
    rejected: Callable[[dict[str, Any]], bool] = lambda assigned: False,
    agent: str | list[str | None] | None = "solver",
    problem: str | list[str | None] | None = "vessel",
) -> Plan:
    factors, blocks = [factor.name for factor in study.factors], [block.name for block in study.blocks]
    conditions = []
    values = [*(factor.values for factor in study.factors), *(block.levels for block in study.blocks)]
    for index, row in enumerate(product(*values)):
        assigned = dict(zip([*factors, *blocks], row, strict=True))
        conditions.append(
            Condition(
                identifier("cond", index),
                {name: assigned[name] for name in factors},
                {name: assigned[name] for name in blocks},
                admissible=not rejected(assigned),
                constraint_messages=messages(assigned),
            )
        )
    arms = list(product(*(given if isinstance(given, list) else [given] for given in (agent, problem))))
    runs = [
        RunSpec(study.study_id, f"run-{item.condition_id}-{count}-{arm}", item, count, *arms[arm], 1000 + count)
        for item in conditions
        if item.admissible
        for count in range(1, replicates + 1)
        for arm in range(len(arms))
    ]
    return Plan(tuple(conditions), tuple(runs))


def _result(
    run: RunSpec,
    outcome: Any = None,
    *,
    status: str = "success",
    reason: str = "",
    cost: Any = None,
    error: str | None = None,
) -> RunResult:
    return RunResult(
        run.study_id,
        run.condition_id,
        run.run_id,
        run.replicate,
        run.agent_id,
        run.problem_id,
        run.seed,
        RunStatus(status),
        reason,
        error_info=error,
        metrics={"primary_outcome": outcome, "cost_usd": cost},
    )


def _study(**levels: Any) -> Study:
    """Return a study with a factor for each keyword: a map of level names to values, or a list of values."""
    factors = [
        {
            "name": name,
            "levels": [
                {"name": key, "value": value}
                for key, value in (given if isinstance(given, dict) else {str(item): item for item in given}).items()
            ],
        }
        for name, given in levels.items()
    ]
    return Study(study_id="pressure_vessel", title="What a larger budget buys", factors=factors)


@pytest.fixture(scope="session")
def make_plan() -> Callable[..., Plan]:
    return _plan


@pytest.fixture(scope="session")
def make_result() -> Callable[..., RunResult]:
    return _result


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    return _study
