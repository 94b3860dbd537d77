"""A study's agents, problems or runner, found and ready to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.execution.entries import Entry
from pytest_dre.execution.fingerprints import RUNNER, VersionKey, fingerprint
from pytest_dre.execution.seeding import GlobalSeeder
from pytest_dre.model.runs import ProblemPacket, RunSpec


@dataclass(frozen=True, slots=True)
class BoundAgent:
    """An agent (or runner): the object found for its id, how it is invoked, and its version."""

    target: Any
    entry: Entry
    version: str


@dataclass(frozen=True, slots=True)
class BoundProblem:
    """A problem: its packet and version."""

    packet: ProblemPacket
    version: str


@dataclass(frozen=True, slots=True)
class StudyBindings:
    """All that the runs of one study need.

    Attributes:
        agents: By agent id.
        problems: By problem id.
        runner: What carries out runs that have no agent.
        planned: The runs whose fingerprints will be asked for; they are worked out together, which is quicker.
        versions: By kind and id: of each agent, problem and the runner.
        seeder: Seeds the global random generators; `with bindings.seeder.held():` around many runs makes each cheaper.
    """

    agents: Mapping[str, BoundAgent]
    problems: Mapping[str, BoundProblem]
    runner: BoundAgent | None = None
    planned: Sequence[RunSpec] = ()
    seeder: GlobalSeeder = field(default_factory=GlobalSeeder)
    versions: Mapping[VersionKey, str] = field(init=False)
    _fingerprints: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        versions = {("agent", name): agent.version for name, agent in self.agents.items()}
        versions |= {("problem", name): problem.version for name, problem in self.problems.items()}
        if self.runner is not None:
            versions[RUNNER] = self.runner.version
        object.__setattr__(self, "versions", versions)

    def agent_for(self, run: RunSpec) -> BoundAgent:
        """Return what carries out `run`: its agent, else the study's runner."""
        if run.agent_id is not None:
            return self.agents[run.agent_id]
        if self.runner is None:
            raise LookupError(f"run {run.run_id} has no agent, and its study no runner")
        return self.runner

    def fingerprint_of(self, run: RunSpec) -> str:
        """Return the fingerprint of `run` with the versions of now."""
        if not self._fingerprints:
            self._fingerprints.update((item.run_id, fingerprint(item, self.versions)) for item in self.planned)
        return self._fingerprints.get(run.run_id) or fingerprint(run, self.versions)

    def problem_for(self, run: RunSpec) -> BoundProblem | None:
        """Return the run's problem, None if it has none."""
        return None if run.problem_id is None else self.problems[run.problem_id]
