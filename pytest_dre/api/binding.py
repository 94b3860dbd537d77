"""A plan's agents, problems or runner, from the study and from what the caller handed over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_dre.api.lookup import Lookup
from pytest_dre.builtins.siblings import resolve_sibling_agent, resolve_sibling_problem
from pytest_dre.errors import DreError, Fault
from pytest_dre.execution.binding import bind_study
from pytest_dre.execution.bound import BoundAgent, StudyBindings
from pytest_dre.execution.entries import Naming, entry_for
from pytest_dre.execution.inputs import PROBLEM_NAMES, SUPPLIERS
from pytest_dre.execution.signatures import RUNNER_FALLBACK
from pytest_dre.execution.versions import Description, version_of
from pytest_dre.model.runs import Plan
from pytest_dre.model.source import StudySource

OBJECT = Description(with_attributes=True)

Runner = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Handed:
    """What the caller handed over; it wins over what the study says of the same id."""

    agents: Lookup
    problems: Lookup
    runner: Runner | None = None


def bind(source: StudySource, plan: Plan, handed: Handed) -> StudyBindings:
    """Return what the runs of `plan` need. Raises StudyError with everything that cannot be bound."""
    if handed.runner is not None:
        return StudyBindings({}, {}, _bound_runner(source, handed.runner))
    bindings = bind_study(
        _without_handed(source, handed),
        plan,
        resolve_agent=lambda name: _first(name, handed.agents, resolve_sibling_agent),
        resolve_problem=lambda name: _first(name, handed.problems, resolve_sibling_problem),
        known_agents=handed.agents.known,
        known_problems=handed.problems.known,
        new=False,
    )
    return _with_code_versions(bindings, handed)


def _first(name: str, lookup: Lookup, otherwise: Callable[[str], Any]) -> Any:
    found = lookup(name)
    return otherwise(name) if found is None else found


def _without_handed(source: StudySource, handed: Handed) -> StudySource:
    """Return the study without its own word on ids that the caller has."""
    study = source.study
    agents = {name: binding for name, binding in study.agents.items() if handed.agents(name) is None}
    problems = {name: binding for name, binding in study.problems.items() if handed.problems(name) is None}
    return replace(source, study=study.model_copy(update={"agents": agents, "problems": problems}))


def _bound_runner(source: StudySource, runner: Runner) -> BoundAgent:
    study = source.study
    variables = {*(factor.name for factor in study.factors), *(block.name for block in study.blocks)}
    known = frozenset((set(SUPPLIERS) - PROBLEM_NAMES) | variables)
    try:
        entry = entry_for(runner, Naming(known, RUNNER_FALLBACK), may_build=False)
    except DreError as error:
        name = getattr(runner, "__name__", type(runner).__name__)
        raise source.source_map.error(Fault(f"{name!r}: {error}", path=("runner",))) from error
    return BoundAgent(runner, entry, version_of(runner, OBJECT))


def _with_code_versions(bindings: StudyBindings, handed: Handed) -> StudyBindings:
    """Of objects handed over, their attributes tell when results are stale: `Agent(2)` is another than `Agent(1)`."""
    agents = {
        name: replace(agent, version=version_of(agent.target, OBJECT)) if name in handed.agents.found else agent
        for name, agent in bindings.agents.items()
    }
    return replace(bindings, agents=agents)


def with_versions(bindings: StudyBindings, versions: Mapping[tuple[str, str], str]) -> StudyBindings:
    """Return the bindings with the versions that another process found, so that fingerprints agree."""
    agents = {name: replace(item, version=versions["agent", name]) for name, item in bindings.agents.items()}
    problems = {name: replace(item, version=versions["problem", name]) for name, item in bindings.problems.items()}
    runner = bindings.runner and replace(bindings.runner, version=versions["runner", ""])
    return replace(bindings, agents=agents, problems=problems, runner=runner)
