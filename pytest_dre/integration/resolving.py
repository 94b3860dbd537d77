"""Binding a study's agents and problems through the hooks of its directory."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pluggy
import pytest

from pytest_dre.canonical import ID_DIGITS, digest
from pytest_dre.errors import DreError
from pytest_dre.execution.binding import bind_study
from pytest_dre.execution.bound import StudyBindings
from pytest_dre.execution.versions import Description, version_of
from pytest_dre.imports import imports_from
from pytest_dre.integration.failures import hook_failed
from pytest_dre.integration.settings import tracked_by_ini

if TYPE_CHECKING:
    from pytest_dre.integration.nodes import StudyFile
    from pytest_dre.sessions.planned import PlannedStudy


def bind(planned: "PlannedStudy", study_file: "StudyFile") -> StudyBindings:
    """Return the agents and problems of the plan. Raises StudyError with everything that cannot be bound."""
    # The study's modules are put in place again for its runs; a conftest or test that is loaded before then must not
    # find them under the names of its own.
    directory = planned.source.base_dir
    with imports_from(directory, directory, on_path=False, keep=False):
        return _bound(planned, study_file)


def _bound(planned: "PlannedStudy", study_file: "StudyFile") -> StudyBindings:
    hooks = study_file.ihook
    agents = _gathered(hooks.pytest_dre_agents, study_file.config)
    problems = _gathered(hooks.pytest_dre_problems, study_file.config)

    def resolve_agent(ref: str) -> object | None:
        return agents[ref] if ref in agents else hooks.pytest_dre_resolve_agent(ref=ref)

    def resolve_problem(ref: str) -> object | None:
        return problems[ref] if ref in problems else hooks.pytest_dre_resolve_problem(ref=ref)

    bindings = bind_study(
        planned.source,
        planned.plan,
        resolve_agent=resolve_agent,
        resolve_problem=resolve_problem,
        known_agents=agents,
        known_problems=problems,
        tracked=tracked_by_ini(study_file.config),
    )
    return _with_judges(bindings, hooks.pytest_dre_evaluate)


def _with_judges(bindings: StudyBindings, hook: pluggy.HookCaller) -> StudyBindings:
    """Count what the study's evaluate hooks are in the versions of the problems that they judge.

    Where a run has no problem, they count in those of agents and runner, which each run has.
    """
    judges = [version_of(item.function, Description(whole=True)) for item in hook.get_hookimpls()]
    if not judges:
        return bindings
    suffix = f"+evaluate:{digest(sorted(judges))[:ID_DIGITS]}"
    if all(run.problem_id is not None for run in bindings.planned):
        problems = {name: replace(item, version=item.version + suffix) for name, item in bindings.problems.items()}
        return replace(bindings, problems=problems)
    agents = {name: replace(item, version=item.version + suffix) for name, item in bindings.agents.items()}
    runner = bindings.runner and replace(bindings.runner, version=bindings.runner.version + suffix)
    return replace(bindings, agents=agents, runner=runner)


def _gathered(hook: pluggy.HookCaller, config: pytest.Config) -> dict[str, object]:
    """Join what several conftest files give; the nearest, asked first, wins."""
    try:
        maps = hook(config=config)
    except Exception as error:
        raise hook_failed(hook.name, error) from error
    merged: dict[str, object] = {}
    for mapping in maps:
        if not isinstance(mapping, Mapping):
            raise DreError(f"{hook.name} returned {type(mapping).__name__}; it must return a map from id to object")
        for name, value in mapping.items():
            merged.setdefault(name, value)
    return merged


def implemented_hooks(node: pytest.Collector, names: Iterable[str]) -> frozenset[str]:
    """Return those of the hooks that somebody implements for the node's directory."""
    return frozenset(name for name in names if getattr(node.ihook, name).get_hookimpls())
