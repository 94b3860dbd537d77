"""Study files and their runs as pytest's collectors and items."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy
import pytest

from pytest_dre.errors import DreError
from pytest_dre.imports import study_imports
from pytest_dre.integration.failures import RunFailure, represent, represent_fault, represent_message
from pytest_dre.integration.gate_names import gate_name
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.integration.study_files import node_id_of
from pytest_dre.model.running import Gate
from pytest_dre.model.runs import RunResult, RunSpec
from pytest_dre.model.verdicts import Verdict
from pytest_dre.sessions.planned import PlannedStudy

if TYPE_CHECKING:
    from pytest_dre.execution.bound import StudyBindings
    from pytest_dre.integration.admission import Refusal
    from pytest_dre.integration.gates import GateJudge
    from pytest_dre.integration.recorder import Recorder

registry_key = pytest.StashKey[StudyRegistry]()
recorder_key: "pytest.StashKey[Recorder]" = pytest.StashKey()
judge_key: "pytest.StashKey[GateJudge]" = pytest.StashKey()


_TIMEOUT_PLUGIN = ("timeout", "pytest_timeout")  # as its entry point, and as its module is called


class StudyFile(pytest.File):
    """A study; collects an item for each planned run, then one for each gate."""

    planned: PlannedStudy
    bindings: "StudyBindings"
    hooks: pluggy.HookRelay | None = None
    shown_path: str | None = None

    @classmethod
    def at(cls, path: Path, parent: pytest.Collector) -> "StudyFile":
        """Return the collector of the study at `path`."""
        # pytest would give each study outside the rootdir that is named on the command line the same, empty node id.
        return cls.from_parent(parent, path=path, nodeid=node_id_of(path, parent.config.rootpath))

    def setup(self) -> None:
        """Do once what would cost each run.

        Which hooks serve this directory is settled: all conftest files are loaded by now. And the global random
        generators are saved: pytest tears the study down before it turns to another file, whose tests find them as
        they were. And the modules beside the study stand under their names, for imports that its runs make.
        """
        self._held = ExitStack()
        self._held.enter_context(study_imports(self.planned.source.base_dir))
        self._held.enter_context(self.bindings.seeder.held())
        self.hooks = self.ihook

    def teardown(self) -> None:
        """Restore the random generators."""
        self._held.close()

    def collect(self) -> "Iterator[RunItem | GateItem]":
        """Load, plan and bind the study. All its faults make one collection error."""
        # What carries out runs is not for the controller of an xdist session, which knows studies but collects none.
        from pytest_dre.integration.resolving import bind

        try:
            self.planned = self.config.stash[registry_key].load(self.path)
            self.bindings = bind(self.planned, self)
        except DreError as error:
            raise self.CollectError(str(error)) from None
        self.hooks = self.ihook  # for the announcement of its items; other conftest files may come in before they run
        timeouts = self._mark()
        for name, run in self.planned.execution_order:
            item = RunItem.from_parent(self, name=name, run=run)
            if run.agent_id in timeouts:  # the marker nearest to the item holds
                item.add_marker(pytest.mark.timeout(timeouts[run.agent_id]))
            yield item
        for gate in self.planned.study.gates:
            yield GateItem.from_parent(self, name=gate_name(gate.gate_id), gate=gate)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ARG002
        """Show a user's mistakes without a traceback."""
        if isinstance(excinfo.value, self.CollectError):
            return represent_fault(self, str(excinfo.value))
        return super().repr_failure(excinfo)

    def _mark(self) -> dict[str | None, float]:
        """Mark the file, so that 10,000 runs share the marks; return the timeouts of agents that have their own."""
        self.add_marker(pytest.mark.dre)
        limits = self.planned.study.limits
        own: dict[str | None, float] = {
            agent: item.timeout_s for agent, item in limits.agents.items() if item.timeout_s is not None
        }
        if limits.timeout_s is None and not own:
            return {}
        if not any(map(self.config.pluginmanager.has_plugin, _TIMEOUT_PLUGIN)):
            raise self.CollectError(
                f"{self.path}: limits.timeout_s needs the plugin pytest-timeout, which is disabled; drop -p no:timeout"
            )
        if limits.timeout_s is not None:
            self.add_marker(pytest.mark.timeout(limits.timeout_s))
        return own


class RunItem(pytest.Item):
    """One planned run. Low scores are data: it fails only when the run could not be carried out.

    Attributes:
        run: What is planned.
        result: What it yielded, once it was carried out or replayed; None again after its teardown, as the store has
            it and thousands of results need not stay in memory.
        cached: Whether the result was replayed from the store.
        held_back: Why it was not started, though it was selected; it stays missing then.
    """

    parent: StudyFile

    def __init__(self, *, run: RunSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run
        self.result: RunResult | None = None
        self.cached = False
        self.held_back: Refusal | None = None

    @property
    def ihook(self) -> pluggy.HookRelay:
        """The hooks of the study's directory, which pytest would look up ten times a run."""
        return self.parent.hooks or super().ihook

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """Where reports say the run is. The path is the study's: pytest works it out for the first run only."""
        if self.parent.shown_path is None:
            self.parent.shown_path = super().location[0]
        return (self.parent.shown_path, *self.reportinfo()[1:])

    def runtest(self) -> None:
        """Replay the run if it is stored, else carry it out and record it."""
        self.config.stash[recorder_key].perform(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the agent's own traceback under a heading that names the run."""
        if isinstance(excinfo.value, RunFailure):
            return represent(self, excinfo.value)
        if isinstance(excinfo.value, DreError):
            return represent_message(self, str(excinfo.value))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int, str]:
        """Name the study file; the line must be a number (a skip-marked item without one is an internal error)."""
        return self.path, 0, _title(self)


class GateNotPassed(DreError):
    """A gate that failed, or whose data cannot say."""


class GateItem(pytest.Item):
    """A gate: passes if the data support its claim, fails if they contradict it or cannot say."""

    parent: StudyFile

    def __init__(self, *, gate: Gate, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate = gate
        self.add_marker(pytest.mark.timeout(0))  # the study's limit is for its runs

    def runtest(self) -> None:
        """Judge the gate, together with the study's others, by what the store holds."""
        planned = self.parent.planned
        judge = self.config.stash[judge_key]
        verdict = judge.verdict(self.parent, self.gate.gate_id)
        self.user_properties.extend(
            (name, value)
            for name in ("verdict", "estimate", "low", "high", "n")
            if (value := getattr(verdict, name)) is not None
        )
        self.user_properties.extend(zip(("n_treatment", "n_control"), verdict.n_by_arm, strict=False))
        if verdict.verdict is Verdict.PASS:
            return
        from pytest_dre.reporting.gates import explain, verdict_line  # workers judge nothing

        lines = [verdict_line(verdict), *explain(verdict, planned.study)]
        default = self.config.getini("dre_on_inconclusive")
        if verdict.verdict is Verdict.INCONCLUSIVE and judge.only_warns(planned, self.gate, default):
            pytest.skip(lines[0])
        raise GateNotPassed("\n".join(lines))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the verdict alone."""
        if isinstance(excinfo.value, DreError):
            return represent_message(self, str(excinfo.value))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int, str]:
        """Name the study file."""
        return self.path, 0, _title(self)


def _title(item: RunItem | GateItem) -> str:
    """Return what stands over a failure. Were it the item's name alone, pytest would show its dots as `::`."""
    return f"{item.parent.planned.study.study_id}: {item.name}"
