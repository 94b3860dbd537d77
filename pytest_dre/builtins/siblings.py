"""Agents and problems of the sibling packages `design-research-agents` and `design-research-problems`.

Both are optional (they need Python 3.12) and slow to import: nothing here imports them before a study names something
that nobody else knows.
"""

import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from pytest_dre.errors import DreError
from pytest_dre.model.runs import ProblemPacket

_AGENTS = "design_research_agents"
_PROBLEMS = "design_research_problems"


@dataclass(frozen=True, slots=True)
class SiblingAgent:
    """An agent that `design-research-agents` exports under `name`."""

    name: str
    version: str

    def run(self, prompt: Any, request_id: str, dependencies: Mapping[str, Any]) -> Any:
        """Run the agent; returns the package's envelope (output, metrics, events, trace_refs, metadata)."""
        integration = importlib.import_module(f"{_AGENTS}.integration")
        return integration.execute_agent_run(
            self.name, prompt=prompt, request_id=request_id, dependencies=dependencies, agent_bindings=None
        )


@dataclass(frozen=True, slots=True)
class SiblingEvaluator:
    """The evaluation of one packaged problem."""

    binding: Any
    version: str

    def __call__(self, answer: Any) -> Any:
        """Return the evaluation rows of an answer."""
        integration = importlib.import_module(f"{_PROBLEMS}.integration")
        return integration.evaluate_problem_output(self.binding, _as_output(answer))


def resolve_sibling_agent(name: str) -> object | None:
    """Return the agent that `design-research-agents` exports as `name`, None if it has none or is not installed.

    Raises DreError for an agent that needs arguments: a name alone cannot make it.
    """
    package = _package(_AGENTS)
    if package is None or name not in getattr(package, "__all__", ()):
        return None
    exported = getattr(package, name)
    if not inspect.isclass(exported) or not callable(getattr(exported, "run", None)):
        return None
    try:
        inspect.signature(exported).bind()
    except TypeError as error:
        reference = f"{_AGENTS}:{name}"
        raise DreError(
            f"{name!r} cannot be made from its name alone ({error}); write under 'agents' a function that makes it, "
            f"or ref: {reference} with params"
        ) from None
    return SiblingAgent(name, _version("design-research-agents"))


def resolve_sibling_problem(problem_id: str) -> object | None:
    """Return the packaged problem as a packet, None if there is none of that id or the package is not installed."""
    package = _package(_PROBLEMS)
    if package is None or problem_id not in package.list_problems():
        return None
    binding = importlib.import_module(f"{_PROBLEMS}.integration").resolve_problem_binding(problem_id)
    return ProblemPacket(
        problem_id=binding.problem_id,
        family=binding.family,
        brief=binding.brief,
        payload={"problem_object": binding.problem_object},
        metadata=dict(binding.metadata),
        evaluator=SiblingEvaluator(binding, _version("design-research-problems")),
    )


def sibling_problem_ids() -> list[str]:
    """Return the ids of all packaged problems; none if the package is not installed."""
    package = _package(_PROBLEMS)
    return [] if package is None else list(package.list_problems())


def _package(name: str) -> Any:
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def _version(distribution: str) -> str:
    return f"{distribution} {metadata.version(distribution)}"


def _as_output(answer: Any) -> Mapping[str, Any]:
    """Return the answer as the map that the package evaluates; a choice alone is a candidate."""
    if not isinstance(answer, Mapping):
        return {"candidate": answer}
    if set(answer) == {"choice_key"}:  # the form of its own baseline agent, which its evaluation does not take
        return {"candidate": answer["choice_key"]}
    return answer
