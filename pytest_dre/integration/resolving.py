"""Binding a study's agents and problems through the hooks of its directory."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from pytest_dre.errors import DreError
from pytest_dre.execution.binding import bind_study
from pytest_dre.execution.bound import StudyBindings

if TYPE_CHECKING:
    from pytest_dre.integration.nodes import StudyFile
    from pytest_dre.sessions.planned import PlannedStudy


def bind(planned: "PlannedStudy", study_file: "StudyFile") -> StudyBindings:
    """Return the agents and problems of the plan. Raises StudyError with everything that cannot be bound."""
    hooks = study_file.ihook
    agents = _merged(hooks.pytest_dre_agents(config=study_file.config), "pytest_dre_agents")
    problems = _merged(hooks.pytest_dre_problems(config=study_file.config), "pytest_dre_problems")

    def resolve_agent(ref: str) -> object | None:
        return agents[ref] if ref in agents else hooks.pytest_dre_resolve_agent(ref=ref)

    def resolve_problem(ref: str) -> object | None:
        return problems[ref] if ref in problems else hooks.pytest_dre_resolve_problem(ref=ref)

    return bind_study(
        planned.source,
        planned.plan,
        resolve_agent=resolve_agent,
        resolve_problem=resolve_problem,
        known_agents=agents,
        known_problems=problems,
    )


def _merged(maps: list[Any], hook: str) -> dict[str, object]:
    """Join what several conftest files give; the nearest, asked first, wins."""
    merged: dict[str, object] = {}
    for mapping in maps:
        if not isinstance(mapping, Mapping):
            raise DreError(f"{hook} returned {type(mapping).__name__}; it must return a map from id to object")
        for name, value in mapping.items():
            merged.setdefault(name, value)
    return merged


def hook_is_implemented(item: pytest.Item, name: str) -> bool:
    """Return whether anybody implements the hook for the item's directory: calling one costs each of many runs."""
    return bool(getattr(item.ihook, name).get_hookimpls())
