"""Which rows a summary's table has: conditions, told apart by agent where the study has several."""

from dataclasses import dataclass, field

from pytest_dre.model.runs import Condition, Plan

RowKey = tuple[str, str | None]  # condition id, agent id


@dataclass(slots=True)
class Row:
    """A row to be: its condition, and how many runs the plan has for it."""

    condition: Condition
    planned: int = 0


@dataclass(frozen=True, slots=True)
class RowLayout:
    """The rows of a plan.

    Attributes:
        rows: The rows in plan order, agents of a condition together; the agent in a key is None unless `by_agent`.
        by_agent: Whether rows are of one agent each. So it is if a condition has several: a mean over different agents
            says nothing of any. Where each condition has one, a factor tells them apart already.
        problems: How many problems the runs of a row are on; 1 if each row has its own.
    """

    rows: dict[RowKey, Row] = field(default_factory=dict)
    by_agent: bool = False
    problems: int = 1


def plan_rows(plan: Plan) -> RowLayout:
    """Return the rows of a plan: each admissible condition and each other that has runs, by agent if need be."""
    conditions, agents = _conditions(plan)
    by_agent = any(len(found) > 1 for found in agents.values())
    rows = {
        (name, agent): Row(condition)
        for name, condition in conditions.items()
        for agent in (by_agent and agents.get(name)) or (None,)
    }
    return RowLayout(rows, by_agent, _count_runs(plan, rows, by_agent))


def _conditions(plan: Plan) -> tuple[dict[str, Condition], dict[str, dict[str | None, None]]]:
    """Return the conditions of the rows by id, and the agents of each."""
    conditions = {item.condition_id: item for item in plan.conditions if item.admissible}
    agents: dict[str, dict[str | None, None]] = {}
    for run in plan.runs:
        conditions.setdefault(run.condition_id, run.condition)
        agents.setdefault(run.condition_id, {})[run.agent_id] = None
    return conditions, agents


def _count_runs(plan: Plan, rows: dict[RowKey, Row], by_agent: bool) -> int:
    """Count each row's runs, and return how many problems are pooled in a row."""
    first: dict[RowKey, str | None] = {}
    pooled = False
    for run in plan.runs:
        key = (run.condition_id, run.agent_id if by_agent else None)
        rows[key].planned += 1
        pooled = pooled or first.setdefault(key, run.problem_id) != run.problem_id
    return len({run.problem_id for run in plan.runs}) if pooled else 1
