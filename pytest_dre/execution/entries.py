"""The forms an agent may have, each with how it is invoked for a run."""

import functools
import inspect
import reprlib
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pytest_dre.errors import DreError
from pytest_dre.execution.awaiting import settle
from pytest_dre.execution.inputs import Inputs
from pytest_dre.execution.signatures import AGENT_FALLBACK, CallPlan, is_builder, parameters_of, plan_call

_FUNCTIONS = (functools.partial, type, types.FunctionType, types.MethodType, types.BuiltinFunctionType)


class Entry(Protocol):
    """Something that can be invoked with the inputs of a run."""

    def invoke(self, inputs: Inputs) -> Any:
        """Return what the agent or runner returns."""


class NoAgent(DreError):
    """An object can be neither called nor run."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Which inputs the study can supply by name, and which ones go by position."""

    known: frozenset[str]
    fallback: tuple[str, ...] = AGENT_FALLBACK


@dataclass(frozen=True, slots=True)
class Direct:
    """A function, or an object's `run` method: called."""

    function: Callable[..., Any]
    plan: CallPlan

    def invoke(self, inputs: Inputs) -> Any:
        """Call the function."""
        return settle(self.plan.call(self.function, inputs))


@dataclass(frozen=True, slots=True)
class Constructed:
    """A class: each run makes an instance, with those inputs that the constructor names, and runs it."""

    cls: type
    constructor: CallPlan
    method: CallPlan

    def invoke(self, inputs: Inputs) -> Any:
        """Make an instance and run it."""
        inputs.agent = self.constructor.call(self.cls, inputs)
        return settle(self.method.call(runnable_of(inputs.agent), inputs))


@dataclass(frozen=True, slots=True)
class Built:
    """A builder: each run calls it with the condition; what it returns is the agent."""

    builder: Callable[..., Any]
    parameter: str
    naming: Naming
    plans: dict[object, CallPlan] = field(default_factory=dict)  # by code or class, so that closures share one

    def invoke(self, inputs: Inputs) -> Any:
        """Build the agent and run it."""
        agent = inputs.agent = settle(self.builder(inputs.get("condition")))
        try:
            function = runnable_of(agent)
        except NoAgent:
            raise NoAgent(self._advice(agent)) from None
        kind = getattr(agent, "__code__", type(agent))
        plan = self.plans.get(kind)
        if plan is None:
            plan = plan_call(parameters_of(function), self.naming.known, self.naming.fallback)
            if not hasattr(function, "__wrapped__") and not isinstance(agent, functools.partial):
                self.plans[kind] = plan
        return settle(plan.call(function, inputs))

    def _advice(self, agent: object) -> str:
        return (
            f"its one parameter {self.parameter!r} is no input's name, so it was called with the condition to build "
            f"the agent, but it returned {type(agent).__name__}; return an agent, or name an input, for example "
            "'problem_packet'"
        )


def runnable_of(agent: Any) -> Any:
    """Return the function that runs `agent`: its `run` method if it is an object that has one, else itself.

    Raises NoAgent if there is neither.
    """
    if not isinstance(agent, _FUNCTIONS) and callable(getattr(agent, "run", None)):
        return agent.run
    if callable(agent):
        return agent
    raise NoAgent(f"{_described(agent)} is no agent; an agent is callable or has a method 'run'")


def _described(value: Any) -> str:
    """Return what a value is, with its content if that is plain and short."""
    kind = type(value).__name__
    if isinstance(value, bool | int | float | str | list | tuple | dict):
        return f"the {kind} {reprlib.repr(value)}"
    return "None" if value is None else f"an object of type {kind}"


def entry_for(agent: Any, naming: Naming, *, may_build: bool) -> Entry:
    """Return how `agent` is invoked. With `may_build`, one that takes one other parameter is a builder.

    Raises NoAgent and SignatureProblem.
    """
    function = runnable_of(agent)
    parameters = parameters_of(function)
    if may_build and function is agent and is_builder(parameters, naming.known):
        return Built(agent, parameters[0].name if parameters else "", naming)
    if isinstance(agent, type):
        return _constructed(agent, naming)
    return Direct(function, plan_call(parameters, naming.known, naming.fallback))


def _constructed(cls: type, naming: Naming) -> Constructed:
    name = _method_name(cls)
    unbound = not isinstance(inspect.getattr_static(cls, name), staticmethod | classmethod)
    constructor = plan_call(parameters_of(cls), naming.known, fallback=())
    method = plan_call(parameters_of(getattr(cls, name), unbound=unbound), naming.known, naming.fallback)
    return Constructed(cls, constructor, method)


def _method_name(cls: type) -> str:
    if callable(getattr(cls, "run", None)):
        return "run"
    if any("__call__" in vars(base) for base in cls.__mro__):  # calling the class itself does not count
        return "__call__"
    raise NoAgent(f"instances of {cls.__name__} are no agents; give the class a method 'run'")
