"""Conditions → planned runs."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_dre.designs.conditions import build_design
from pytest_dre.designs.families import family_of
from pytest_dre.designs.faults import refuse
from pytest_dre.designs.identity import RunIdentity
from pytest_dre.errors import Fault, StudyError
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS
from pytest_dre.model.runs import Condition, Plan, RunSpec
from pytest_dre.model.study import Study

MAX_RUNS = 100_000  # each is an item of pytest's


def plan_study(study: Study, base_dir: Path | None = None) -> Plan:
    """Return the study's conditions and runs; raises StudyError."""
    size = family_of(study).size
    if size is not None and not study.constraints:
        # Nothing can be ruled out: say that the plan is too large before making it.
        _check_budget(study, size(study) * runs_per_condition(study))
    conditions = build_design(study, base_dir)
    if not any(condition.admissible for condition in conditions):
        message = f"no condition is left: the constraints rule out all {len(conditions)}"
        raise StudyError([Fault(message, "loosen one of them", ("constraints",))])
    return Plan(tuple(conditions), tuple(plan_runs(study, conditions)))


def plan_runs(study: Study, conditions: Sequence[Condition]) -> list[RunSpec]:
    """Return the runs of the admissible conditions: for each condition, replicate, agent and problem, in that order.

    Agents are the value of a factor `agent_id`, `agent` or `agent_spec`, else the study's; problems that of a factor
    `problem_id` or `problem`, else the study's. A study with a runner has neither. Raises StudyError if there are more
    runs than `run_budget.max_runs`, or if two runs have one id.
    """
    admissible = [condition for condition in conditions if condition.admissible]
    _check_budget(study, len(admissible) * runs_per_condition(study))
    identity = RunIdentity(study.study_id, study.seed_policy)
    runs = [
        RunSpec(
            study_id=study.study_id,
            run_id=identity.run_id(condition, replicate, agent, problem),
            condition=condition,
            replicate=replicate,
            agent_id=agent,
            problem_id=problem,
            seed=identity.seed(condition, replicate, agent, problem),
        )
        for condition in admissible
        for replicate in range(1, replicates(study) + 1)
        for agent in _bound(study, condition.factor_assignments, AGENT_FACTORS, study.agent_ids)
        for problem in _bound(study, condition.factor_assignments, PROBLEM_FACTORS, study.problem_list)
    ]
    if len({run.run_id for run in runs}) < len(runs):
        raise StudyError(_collisions(study, runs))
    return runs


def replicates(study: Study) -> int:
    """Return how often a condition runs with each agent on each problem.

    That is `run_budget.replicates` or, if larger, `design_spec.replicates`, which designs made of rows use for their
    rows instead.
    """
    budget = study.run_budget.replicates
    return budget if family_of(study).repeats_rows else max(budget, study.design_spec.replicates)


def runs_per_condition(study: Study) -> int:
    """Return the number of runs of each admissible condition."""
    factors = {factor.name: None for factor in study.factors}
    agents = _bound(study, factors, AGENT_FACTORS, study.agent_ids)
    problems = _bound(study, factors, PROBLEM_FACTORS, study.problem_list)
    return replicates(study) * len(agents) * len(problems)


def _bound(
    study: Study, factors: dict[str, Any] | Any, names: Sequence[str], otherwise: Sequence[str]
) -> Sequence[str | None]:
    """Return the ids a condition runs with: the value of the first factor of `names`, else `otherwise`, else none."""
    if study.runner is not None:
        return (None,)
    for name in names:
        if name in factors:
            value = factors[name]
            return (value if value is None else str(value),)
    return otherwise or (None,)


def _check_budget(study: Study, count: int) -> None:
    limit = study.run_budget.max_runs
    if limit is not None and count > limit:
        hint = "raise max_runs, or plan fewer levels or replicates"
        refuse(f"the plan has {count:,} runs, max_runs allows {limit:,}", hint, "run_budget", "max_runs")
    if count > MAX_RUNS:
        hint = "plan fewer levels, replicates, agents or problems"
        refuse(f"the plan has {count:,} runs, at most {MAX_RUNS:,} can be planned", hint, "run_budget")


def _collisions(study: Study, runs: Sequence[RunSpec]) -> list[Fault]:
    """Say why runs share an id: an agent, problem or condition that is there twice."""
    faults = []
    for key, what in (("agent_specs", "agent"), ("problem_ids", "problem")):
        names = getattr(study, key)
        faults += [
            Fault(f"the {what} {name!r} is listed twice", "remove one", (key, index))
            for index, name in enumerate(names)
            if name in names[:index]
        ]
    if not faults:
        (twice, _), *_ = Counter(run.run_id for run in runs).most_common(1)
        run = next(run for run in runs if run.run_id == twice)
        faults.append(
            Fault(f"two runs of condition {run.condition_id} have the id {twice}", "plan each condition once")
        )
    return faults
