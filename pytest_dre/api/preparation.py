"""From what the caller gives to a study that is ready to run, or all its faults."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_dre.api.binding import Handed, bind
from pytest_dre.api.deadline import limit_fault
from pytest_dre.api.lookup import lookup_in
from pytest_dre.api.sources import AnyStudy, source_of
from pytest_dre.errors import DreError, Fault, StudyError
from pytest_dre.execution.bound import StudyBindings
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.loading.validation import validate_study
from pytest_dre.model.factors import AGENT_FACTORS
from pytest_dre.model.running import RunLimits
from pytest_dre.model.runs import Condition
from pytest_dre.model.source import KeyPath, StudySource
from pytest_dre.model.study import Study
from pytest_dre.sessions.directories import output_directory
from pytest_dre.sessions.planned import PlannedStudy, plan_source


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller wants to run. The fields mean what the parameters of `run_study` do."""

    study: AnyStudy
    conditions: Sequence[Condition] | None = None
    agent_bindings: Mapping[str, Any] | Any = None
    problem_registry: Mapping[str, Any] | Any = None
    parallelism: int | None = None
    runner: Callable[..., Any] | str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study that is ready to run, in `processes` processes."""

    planned: PlannedStudy
    bindings: StudyBindings
    handed: Handed
    processes: int


def prepare(request: Request) -> Prepared:
    """Return the study planned and bound. Raises StudyError with its faults, DreError for a wrong argument.

    What an import or a problem says of its failure may quote a secret, which is masked.
    """
    try:
        return _prepared(request)
    except StudyError as error:
        raise StudyError(_masked(error.faults)) from None


def _prepared(request: Request) -> Prepared:
    source, handed, processes = _adapted(request)
    faults = _faults_of(source.study, processes)
    if faults:
        raise source.source_map.error(*faults)
    return _bound(source, handed, processes, request)


def faults_of(request: Request) -> list[Fault]:
    """Return everything that keeps the study from running: faults of the study, its design and its bindings."""
    try:
        source, handed, processes = _adapted(request)
    except DreError as error:
        return _masked(_listed(error))
    faults = [source.source_map.locate(fault) for fault in _faults_of(source.study, processes)]
    known = {fault.path for fault in faults}
    try:
        _bound(source, handed, processes, request)
    except DreError as error:
        faults += [fault for fault in _listed(error) if not fault.path or fault.path not in known]
    return _masked(faults)


def _bound(source: StudySource, handed: Handed, processes: int, request: Request) -> Prepared:
    planned = plan_source(source, output_directory(source, Path.cwd()), request.conditions)
    return Prepared(planned, bind(source, planned.plan, handed), handed, processes)


def _listed(error: DreError) -> list[Fault]:
    return list(error.faults) if isinstance(error, StudyError) else [Fault(str(error))]


def _masked(faults: Iterable[Fault]) -> list[Fault]:
    masker = SecretMasker()
    return [replace(fault, message=masker.text(fault.message), hint=masker.text(fault.hint)) for fault in faults]


def _adapted(request: Request) -> tuple[StudySource, Handed, int]:
    """Return the study as the caller changes it, what the caller handed over, and the number of processes."""
    source = source_of(request.study)
    _check_conditions(request.conditions)
    agents = lookup_in(request.agent_bindings, "agent_bindings")
    runner = request.runner if callable(request.runner) else None
    study = source.study
    if request.runner is not None:
        study = _with_runner(study, request.runner)
    elif not _names_agents(study):
        study = study.model_copy(update={"agent_specs": agents.known})
    handed = Handed(agents, lookup_in(request.problem_registry, "problem_registry"), runner)
    return replace(source, study=study), handed, _processes(study, request)


def _check_conditions(conditions: Sequence[Condition] | None) -> None:
    for item in conditions or ():
        if not isinstance(item, Condition):
            raise DreError(f"conditions holds {type(item).__name__}; give Conditions, as build_design returns them")


def _names_agents(study: Study) -> bool:
    factors = (factor.name in AGENT_FACTORS for factor in study.factors)
    return bool(study.agent_ids or study.runner is not None or any(factors))


def _with_runner(study: Study, runner: Callable[..., Any] | str) -> Study:
    """Return the study with a runner in place of its agents and problems."""
    if not isinstance(runner, str):
        if not callable(runner):
            raise DreError(f"runner is {type(runner).__name__}; give a callable or 'module:attribute'")
        named = runner if hasattr(runner, "__qualname__") else type(runner)
        runner = f"{named.__module__}:{named.__qualname__}"
    instead: dict[str, Any] = {"agents": {}, "agent_specs": (), "problems": {}, "problem_ids": ()}
    return study.model_copy(update={"runner": runner, **instead})


def _faults_of(study: Study, processes: int) -> list[Fault]:
    faults = validate_study(study)
    limits = (limit_fault(path, in_this_thread=processes == 1) for path in _timeouts(study)[:1])
    return [*faults, *(fault for fault in limits if fault is not None)]


def _timeouts(study: Study) -> list[KeyPath]:
    """Return the places in the study that limit the time of runs."""
    places: list[tuple[KeyPath, RunLimits]] = [(("limits",), study.limits)]
    places += [(("limits", "agents", name), own) for name, own in study.limits.agents.items()]
    return [(*path, "timeout_s") for path, limits in places if limits.timeout_s is not None]


def _processes(study: Study, request: Request) -> int:
    count = study.run_budget.parallelism if request.parallelism is None else request.parallelism
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise DreError(f"parallelism is {count!r}; give a number of processes, 1 or more")
    return count
