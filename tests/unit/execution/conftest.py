"""A small study on disk, bound and executed as the plugin does it."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_dre.execution.binding import bind_study
from pytest_dre.execution.bound import StudyBindings
from pytest_dre.execution.run import Execution, execute_run
from pytest_dre.model.runs import Condition, Plan, ProblemPacket, RunResult, RunSpec
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study


@dataclass
class Lab:
    """Writes `lab.py`, and runs the agents and problems in it."""

    directory: Path
    factors: dict[str, Any] = field(default_factory=lambda: {"effort": 3})
    blocks: dict[str, Any] = field(default_factory=dict)
    resolve_agent: Callable[[str], Any] = lambda _: None
    resolve_problem: Callable[[str], Any] = lambda _: None
    known_agents: tuple[str, ...] = ()
    known_problems: tuple[str, ...] = ()

    def write(self, code: str, name: str = "lab.py") -> None:
        (self.directory / name).write_text(textwrap.dedent(code), encoding="utf-8")

    def condition(self) -> Condition:
        return Condition("cond-1", self.factors, self.blocks, metadata={"design": {"row": 1}})

    def runs(self, agents: Any, problems: Any, count: int = 1) -> tuple[RunSpec, ...]:
        condition = self.condition()
        return tuple(
            RunSpec("study", f"run-{agent}-{problem}-{number}", condition, number, agent, problem, 40 + number)
            for number in range(1, count + 1)
            for agent in agents or [None]
            for problem in problems or [None]
        )

    def bind(
        self, agents: Mapping[str, Any] | None = None, problems: Mapping[str, Any] | None = None, **keys: Any
    ) -> StudyBindings:
        agent_ids, problem_ids = keys.pop("agent_ids", agents or ()), keys.pop("problem_ids", problems or ())
        factors = [{"name": name, "levels": [{"name": "only", "value": value}]} for name, value in self.factors.items()]
        blocks = [{"name": name, "levels": [value]} for name, value in self.blocks.items()]
        study = Study.model_validate(
            {
                "study_id": "study",
                "title": "T",
                "factors": factors,
                "blocks": blocks,
                "agents": agents or {},
                "problems": problems or {},
                "problem_ids": keys.pop("listed", []),
                **keys,
            }
        )
        return bind_study(
            StudySource(study, self.directory / "study.yaml"),
            Plan((self.condition(),), self.runs(agent_ids, problem_ids)),
            resolve_agent=self.resolve_agent,
            resolve_problem=self.resolve_problem,
            known_agents=self.known_agents,
            known_problems=self.known_problems,
        )

    def execute(self, code: str, *, problem: Any = "packet", **options: Any) -> Execution:
        """Run the agent called `agent` in `code`, on `problem` (its packet; None: a study without problems)."""
        self.write(code)
        packet = ProblemPacket("p", "family-a", "Find x.", {"low": [1]}) if problem == "packet" else problem
        self.resolve_problem = lambda _: packet
        ids = [] if packet is None else ["p"]
        bindings = self.bind({"a": "./lab.py:agent"}, problem_ids=ids)
        return execute_run(self.runs(["a"], ids)[0], bindings, **options)

    def result(self, code: str, **options: Any) -> RunResult:
        """Return the result of `execute`, which must be a success."""
        result = self.execute(code, **options).result
        assert result.status == "success", result.traceback
        return result


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)
