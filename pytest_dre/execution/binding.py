"""From the ids of a study to its agents, problems and runner, with every fault at once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pytest_dre.definitions import failing_line
from pytest_dre.errors import DreError, Fault
from pytest_dre.execution.awaiting import settle
from pytest_dre.execution.bound import BoundAgent, BoundProblem, StudyBindings
from pytest_dre.execution.composition import composition
from pytest_dre.execution.content import plain_values
from pytest_dre.execution.entries import Naming, entry_for
from pytest_dre.execution.inputs import PROBLEM_NAMES, SUPPLIERS
from pytest_dre.execution.problems import packet_from
from pytest_dre.execution.signatures import RUNNER_FALLBACK, SignatureProblem
from pytest_dre.execution.tracking import tracked_version
from pytest_dre.execution.versions import Description, origin_of, version_of
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS
from pytest_dre.model.running import Binding
from pytest_dre.model.runs import Plan, ProblemPacket
from pytest_dre.model.source import KeyPath, StudySource
from pytest_dre.model.study import Study
from pytest_dre.references import FORMS, did_you_mean, is_reference, load_reference, missing_colon, nearest

Resolver = Callable[[str], object | None]


@dataclass(frozen=True, slots=True)
class _Found:
    """An object that an id stands for, where it came from, and whether no run can have changed it yet."""

    target: Any
    binding: Binding
    origin: Path | None = None
    new: bool = True


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the ids of one kind (agent, problem) are looked up."""

    kind: str
    bindings: Mapping[str, Binding]
    resolve: Resolver
    known: Iterable[str]
    base_dir: Path
    new: bool = True

    def find(self, name: str) -> _Found:
        """Return what `name` stands for. Raises DreError."""
        binding = self.bindings.get(name)
        if binding is None:
            target = self.resolve(name)
            if target is not None:
                return _Found(target, Binding(ref=name), new=self.new)
            if not is_reference(name):
                raise DreError(self._unknown_id(name))
            binding = Binding(ref=name)
        return self._follow(binding)

    def _follow(self, binding: Binding) -> _Found:
        ref = binding.ref
        target = load_reference(ref, self.base_dir) if is_reference(ref) else self.resolve(ref)
        if target is None:
            raise DreError(f"{ref!r} is None, no {self.kind}" if is_reference(ref) else self._unknown_ref(ref))
        origin = origin_of(ref, self.base_dir)
        if binding.params:
            target = _with_params(target, binding, self.base_dir)
        return _Found(target, binding, origin, self.new)

    def _unknown_id(self, name: str) -> str:
        what = f"unknown {self.kind} {name!r}"
        if advice := missing_colon(name, self.base_dir):
            return f"{what}; {advice}"
        known = {*self.bindings, *self.known} - {name}
        say = f"say under '{self.kind}s' what it stands for"
        close = nearest(name, known)
        return f"{what}; did you mean {close!r}? Else {say}" if close else f"{what}; {did_you_mean(name, known)}; {say}"

    def _unknown_ref(self, ref: str) -> str:
        what = f"unknown {self.kind} {ref!r}"
        if advice := missing_colon(ref, self.base_dir):
            return f"{what}; {advice}"
        close = nearest(ref, self.known)
        return f"{what}; did you mean {close!r}?" if close else f"{what}; {FORMS}, or a name that pytest's hooks know"


@dataclass(slots=True)
class _Faults:
    """The mistakes found so far."""

    found: list[Fault] = field(default_factory=list)

    def guard(self, path: KeyPath, work: Callable[[], Any]) -> Any:
        """Return what `work` returns; its failure becomes a fault, and None is returned."""
        try:
            return work()
        except DreError as error:
            self.found.append(Fault(str(error), path=path))
        except (Exception, SystemExit) as error:  # a hook or factory of the user's
            self.found.append(Fault(f"looking it up failed with {type(error).__name__}: {error}", path=path))
        return None


def bind_study(
    source: StudySource,
    plan: Plan,
    *,
    resolve_agent: Resolver,
    resolve_problem: Resolver,
    known_agents: Iterable[str] = (),
    known_problems: Iterable[str] = (),
    tracked: str = "",
    new: bool = True,
) -> StudyBindings:
    """Return the agents, problems or runner that the runs of `plan` need, each found, checked and made once.

    An id is looked up in the study's own `agents` or `problems`, then by the resolvers (None: unknown to them), then
    as a reference "module:attribute". `tracked` is added to the versions of agents and runner, as are the files that
    the study tracks. `new` tells that the resolvers give objects as they were made, which no earlier run has changed:
    then all that they are made of counts. The known names serve advice only and are read only if a name is unknown.
    Raises StudyError with all faults: unknown ids, references that do not import, agents whose parameters nothing
    supplies.
    """
    study, faults = source.study, _Faults()
    agent_ids = [name for name in dict.fromkeys(run.agent_id for run in plan.runs) if name is not None]
    without_agent = any(run.agent_id is None for run in plan.runs)
    problem_ids = [name for name in dict.fromkeys(run.problem_id for run in plan.runs) if name is not None]
    known = _suppliable(study, bool(problem_ids))
    agents = _Directory("agent", study.agents, resolve_agent, known_agents, source.base_dir, new)
    problems = _Directory("problem", study.problems, resolve_problem, known_problems, source.base_dir, new)

    tracked += faults.guard(("track",), lambda: tracked_version(study.track, source.base_dir)) or ""
    bound_problems = {}
    for name in problem_ids:
        path = _path_of(name, study.problems, "problems", "problem_ids", study)
        bound_problems[name] = faults.guard(path, partial(_problem, name, problems))
    bound_agents = {}
    for name in agent_ids:
        path = _path_of(name, study.agents, "agents", "agent_specs", study)
        bound_agents[name] = faults.guard(path, partial(_agent, name, agents, known, tracked))
    runner = faults.guard(("runner",), lambda: _runner(source, known, tracked)) if without_agent else None
    if faults.found:
        raise source.source_map.error(*faults.found)
    return StudyBindings(bound_agents, bound_problems, runner, plan.runs)


def reference_faults(source: StudySource) -> list[Fault]:
    """Return what is wrong with the references of the study's own `agents`, `problems` and `runner`, with places.

    They are loaded and checked as `bind_study` does it; all other names are passed over.
    """
    study, faults = source.study, _Faults()
    known = _suppliable(study, _has_problems(study))
    agents = _Directory("agent", study.agents, _nothing, (), source.base_dir)
    problems = _Directory("problem", study.problems, _nothing, (), source.base_dir)
    for name, binding in study.problems.items():
        if _is_local(binding.ref, source.base_dir):
            faults.guard(("problems", name), partial(_problem, name, problems))
    for name, binding in study.agents.items():
        if _is_local(binding.ref, source.base_dir):
            faults.guard(("agents", name), partial(_agent, name, agents, known))
    if study.runner is not None:
        faults.guard(("runner",), lambda: _runner(source, known))
    return list(source.source_map.error(*faults.found).faults)


def names_without_reference(source: StudySource) -> list[str]:
    """Return the agents and problems that a study names and that only hooks or other packages can tell, sorted."""
    study = source.study
    used = [
        *((name, study.agents) for name in (*study.agents, *study.agent_specs, *_levels(study, AGENT_FACTORS))),
        *((name, study.problems) for name in (*study.problems, *study.problem_ids, *_levels(study, PROBLEM_FACTORS))),
    ]
    refs = {bindings[name].ref if name in bindings else name for name, bindings in used}
    return sorted(ref for ref in refs if not _is_local(ref, source.base_dir))


def _is_local(ref: str, base_dir: Path) -> bool:
    """Return whether a reference can be followed, or must be wrong, without asking anybody else."""
    return is_reference(ref) or missing_colon(ref, base_dir) is not None


def _nothing(_: str) -> None:
    return None


def _has_problems(study: Study) -> bool:
    return bool(study.problem_list) or any(factor.name in PROBLEM_FACTORS for factor in study.factors)


def _levels(study: Study, names: Collection[str]) -> list[str]:
    """Return what the factors of these names may be."""
    factors = (factor for factor in study.factors if factor.name in names)
    return [str(value) for factor in factors for value in factor.values if value is not None]


def _suppliable(study: Study, has_problems: bool) -> frozenset[str]:
    names = set(SUPPLIERS) if has_problems else set(SUPPLIERS) - PROBLEM_NAMES
    names.update(factor.name for factor in study.factors)
    names.update(block.name for block in study.blocks)
    return frozenset(names)


def _agent(name: str, directory: _Directory, known: frozenset[str], tracked: str = "") -> BoundAgent:
    found = directory.find(name)
    built = bool(found.binding.params)  # calling it with params was the building
    entry = _entry(found.target, found.binding.ref, Naming(known), may_build=not built)
    return BoundAgent(found.target, entry, _version(found) + tracked)


def _runner(source: StudySource, known: frozenset[str], tracked: str = "") -> BoundAgent:
    ref = source.study.runner
    if ref is None:
        raise DreError("the study has no agents; name some under 'agents' or 'agent_specs', or a 'runner'")
    target = load_reference(ref, source.base_dir)
    entry = _entry(target, ref, Naming(known, RUNNER_FALLBACK), may_build=False)
    version = version_of(target, Description(origin=origin_of(ref, source.base_dir)))
    return BoundAgent(target, entry, version + tracked)


def _entry(target: Any, ref: str, naming: Naming, *, may_build: bool) -> Any:
    try:
        return entry_for(target, naming, may_build=may_build)
    except SignatureProblem as error:
        raise DreError(f"{ref!r} {error}") from error
    except DreError as error:
        raise DreError(f"{ref!r}: {error}") from error


def _problem(name: str, directory: _Directory) -> BoundProblem:
    found = directory.find(name)
    packet = packet_from(name, found.target)
    if not isinstance(found.target, Mapping | str | ProblemPacket):
        return BoundProblem(packet, _version(found))
    # Data has no source file of its own: what it holds, and what judges the answers, stand for it.
    contents = plain_values if found.origin else partial(composition, objects=found.new)
    data = (packet.family, packet.brief, contents([packet.payload, packet.metadata]))
    return BoundProblem(packet, _version(replace(found, target=packet.evaluator), data))


def _version(found: _Found, data: Sequence[Any] = ()) -> str:
    binding = found.binding
    # The file that a reference names tells what its objects are made of; of an object from elsewhere it must be seen.
    whole = found.new and found.origin is None and not binding.params
    return version_of(found.target, Description(binding.version, binding.params, found.origin, data, whole=whole))


def _with_params(target: Any, binding: Binding, base_dir: Path) -> Any:
    if not callable(target):
        raise DreError(f"{binding.ref!r} takes no params: {type(target).__name__} cannot be called")
    try:
        made = settle(target(**binding.params))
    except (Exception, SystemExit) as error:
        line = failing_line(error, base_dir)
        what = f"{type(error).__name__}: {error}{f' ({line})' if line else ''}"
        raise DreError(f"calling {binding.ref!r} with its params failed with {what}") from error
    if made is None:
        raise DreError(f"{binding.ref!r}, called with its params, returned nothing")
    return made


def _path_of(name: str, bindings: Collection[str], map_key: str, list_key: str, study: Study) -> KeyPath:
    """Return the place in the study that names an id."""
    if name in bindings:
        return (map_key, name)
    names: tuple[str, ...] = getattr(study, list_key)
    if name in names:
        return (list_key, names.index(name))
    factor_names = AGENT_FACTORS if map_key == "agents" else PROBLEM_FACTORS
    for index, factor in enumerate(study.factors):
        if factor.name in factor_names:
            values = [str(value) for value in factor.values]
            if name in values and factor.levels:
                return ("factors", index, "levels", values.index(name), "value")
    return ()
