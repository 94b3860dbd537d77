"""How a callable is called: decided once, from its signature."""

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from pytest_dre.errors import DreError
from pytest_dre.execution.inputs import PROBLEM_NAMES, Inputs
from pytest_dre.references import did_you_mean, listed, nearest

AGENT_FALLBACK = ("problem_packet", "seed")
RUNNER_FALLBACK = ("run_spec", "condition")

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class SignatureProblem(DreError):
    """A callable asks for what no run can supply."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The names of the inputs that are passed by position and by keyword."""

    positional: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def call(self, function: Callable[..., Any], inputs: Inputs) -> Any:
        """Call `function` with the inputs of a run."""
        get = inputs.get
        return function(*[get(name) for name in self.positional], **{name: get(name) for name in self.keywords})


def parameters_of(function: Callable[..., Any], *, unbound: bool = False) -> list[inspect.Parameter] | None:
    """Return the parameters (of a method still unbound, those after the instance), None if Python cannot tell."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    return parameters[1:] if unbound else parameters


def is_builder(parameters: list[inspect.Parameter] | None, known: Collection[str]) -> bool:
    """Return whether a callable takes one positional parameter that is no input, and requires nothing else.

    Such a callable is given the condition and returns the agent.
    """
    if parameters is None or any(_variadic(item) or _is_input(item, known) for item in parameters):
        return False
    positional = [item for item in parameters if item.kind in _POSITIONAL]
    others = [item for item in parameters if item not in positional]
    return len(positional) == 1 and _required(positional[0]) and not any(_required(item) for item in others)


def plan_call(
    parameters: list[inspect.Parameter] | None, known: Collection[str], fallback: tuple[str, ...] = AGENT_FALLBACK
) -> CallPlan:
    """Return how to call a function of these parameters, where `known` names can be supplied.

    Parameters with known names get them, and `**kwargs` all the rest of them. A function that names none gets
    `fallback` by position, as many as it requires; its defaults stand. Raises SignatureProblem for a required parameter
    that nothing supplies.
    """
    if parameters is None:  # a builtin that hides its signature
        return CallPlan(positional=fallback[:1])
    named = [item for item in parameters if not _variadic(item)]
    wanting = [item for item in named if item.name not in known and _required(item)]
    if not any(_is_input(item, known) for item in named):
        return _by_position(parameters, wanting, known, fallback)
    if wanting:
        raise _unsuppliable(wanting, known)
    return _by_name(parameters, named, known)


def _by_name(parameters: list[inspect.Parameter], named: list[inspect.Parameter], known: Collection[str]) -> CallPlan:
    asked = [item for item in named if item.name in known]
    positional = tuple(item.name for item in asked if item.kind is inspect.Parameter.POSITIONAL_ONLY)
    keywords = [item.name for item in asked if item.kind is not inspect.Parameter.POSITIONAL_ONLY]
    return CallPlan(positional, tuple(keywords + _rest(parameters, known)))


def _by_position(
    parameters: list[inspect.Parameter],
    wanting: list[inspect.Parameter],
    known: Collection[str],
    fallback: tuple[str, ...],
) -> CallPlan:
    takes_any = any(item.kind is inspect.Parameter.VAR_POSITIONAL for item in parameters)
    accepted = [item for item in parameters if item.kind in _POSITIONAL]
    missing = [item for item in wanting if item.kind not in _POSITIONAL] + wanting[len(fallback) :]
    if missing:
        raise _unsuppliable(wanting, known)  # by position there are not enough: it must have meant names
    count = len(fallback) if takes_any else max(len(wanting), min(1, len(accepted)))
    chosen = fallback[:count]
    if any(name not in known for name, _ in zip(chosen, wanting, strict=False)):
        raise _unsuppliable(wanting, known)
    if not set(chosen) <= set(known):
        chosen = ()  # nothing is required, so nothing is passed
    return CallPlan(chosen, tuple(_rest(parameters, known)))


def _rest(parameters: list[inspect.Parameter], known: Collection[str]) -> list[str]:
    """Return the known names that `**kwargs` takes."""
    if not any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters):
        return []
    taken = {item.name for item in parameters}
    return sorted(name for name in known if name not in taken)


def _is_input(item: inspect.Parameter, known: Collection[str]) -> bool:
    """Return whether the name is an input's, also if this study has no problem to supply it from."""
    return item.name in known or item.name in PROBLEM_NAMES


def _variadic(item: inspect.Parameter) -> bool:
    return item.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _required(item: inspect.Parameter) -> bool:
    return item.default is inspect.Parameter.empty and not _variadic(item)


def _unsuppliable(items: Collection[inspect.Parameter], known: Collection[str]) -> SignatureProblem:
    """Return the message for all parameters that nothing supplies."""
    names = [item.name for item in items]
    asked = listed([repr(name) for name in names])
    if PROBLEM_NAMES & set(known):
        return SignatureProblem(f"asks for {asked}, which nothing supplies; {_advice(names, known)}")
    why = "the study has no problems, so nothing about a problem can be passed"
    if PROBLEM_NAMES.issuperset(names):
        return SignatureProblem(f"asks for {asked}, but {why}")
    others = [name for name in names if name not in PROBLEM_NAMES]
    return SignatureProblem(f"asks for {asked}, which nothing supplies ({why}); {_advice(others, known)}")


def _advice(names: Collection[str], known: Collection[str]) -> str:
    close = {name: nearest(name, known) for name in names}
    meant = [f"{found!r} for {name!r}" if len(names) > 1 else repr(found) for name, found in close.items() if found]
    return f"did you mean {listed(meant)}?" if meant else did_you_mean("", known)
