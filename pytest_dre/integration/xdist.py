"""The controlling process of an xdist session: it sees reports and dying workers, but collects nothing."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_dre.detection import is_study_file
from pytest_dre.errors import DreError, StudyError
from pytest_dre.integration.admission import Admission, SessionPurse
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.closing import Exporter
from pytest_dre.integration.gate_names import is_gate
from pytest_dre.integration.gates import GatesAfterwards
from pytest_dre.integration.identity import requeues
from pytest_dre.integration.limit_names import require_known_agents
from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.integration.study_files import file_of
from pytest_dre.integration.terminal import Terminal
from pytest_dre.integration.watching import death_of
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.resuming import Action
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class ClosingParts:
    """The parts that close a session, wherever it ran."""

    pending: PendingRuns
    exporter: Exporter
    terminal: Terminal
    gates: GatesAfterwards
    baselines: Baselines


class Controller:
    """Announces what workers collected, and records what they died of."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        registry: StudyRegistry,
        stores: Stores,
        closing: ClosingParts,
    ) -> None:
        self._config = config
        self._settings = settings
        self._registry = registry
        self._stores = stores
        self._closing = closing
        self._purse = SessionPurse(settings)
        self._paths: dict[str, Path | None] = {}
        self._announced = False
        self._interrupted: set[Any] = set()

    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Take the first worker's word: all collect the same."""
        if self._config.getoption("dist") == "each":
            pytest.exit(
                "--dist each would carry out every run once a worker; use load, worksteal or loadfile",
                returncode=pytest.ExitCode.USAGE_ERROR,
            )
        if self._announced:
            return
        self._announced = True
        of_studies = [node_id for node_id in ids if self._study_path(node_id) is not None]
        self._closing.pending.add(of_studies)
        self._load(of_studies)
        self._select_gates(of_studies)
        self._closing.terminal.announce(of_studies)

    def _select_gates(self, node_ids: list[str]) -> None:
        """Take over the gates, and see to their baselines."""
        parts = [node_id.partition("::") for node_id in node_ids]
        gates = [(path, name) for prefix, _, name in parts if is_gate(name) and (path := self._study_path(prefix))]
        for path in dict.fromkeys(path for path, _ in gates):
            with suppress(StudyError):
                self._closing.baselines.require(self._registry.load(path))
        self._closing.gates.select(gates)

    def _load(self, node_ids: list[str]) -> None:
        """Plan and claim what the workers have collected, before the first run.

        A study edited while it runs is exported as it was. What is wrong with a store is told by its runs.
        """
        for path in dict.fromkeys(map(self._study_path, node_ids)):
            if path is not None:
                self._open(path)
        require_known_agents(self._settings, self._registry)

    def _open(self, path: Path) -> None:
        try:
            planned = self._registry.load(path)
        except DreError:  # edited since the workers read it: closing the session tells
            self._closing.exporter.touch(path)
            return
        if any(gate.may_stop_early for gate in planned.study.gates):
            self._keep_in_step()
        with suppress(DreError):
            self._stores.of(planned)

    def _keep_in_step(self) -> None:
        """Hand out runs one by one: with whole chunks, workers would start late replicates before the first are in.

        As `--maxschedchunk=1` does it; what users say there themselves holds, and other schedulers stay as they are.
        """
        scheduler = getattr(self._config.pluginmanager.get_plugin("dsession"), "sched", None)
        if getattr(scheduler, "maxschedchunk", 0) is None:
            scheduler.maxschedchunk = 1  # type: ignore[union-attr]

    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        """A worker that stopped at Ctrl-C did not crash; its run is missing, not failed."""
        if error == "keyboard-interrupt":
            self._interrupted.add(node)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the run that a worker died of: its report comes from xdist, in no phase and with no properties."""
        if report.when != "???" or getattr(report, "node", None) in self._interrupted:  # type: ignore[comparison-overlap]
            return
        path = self._study_path(report.nodeid)
        if path is None:
            return
        try:
            self._record_crash(self._registry.load(path), report)
            self._closing.exporter.touch(path)
        except DreError as error:
            report.longrepr = f"{report.longrepr}\n{error}"

    def _record_crash(self, planned: PlannedStudy, report: pytest.TestReport) -> None:
        """Record that the run failed, unless what became of it is stored: then its worker died of something else."""
        run = planned.runs_by_name.get(report.nodeid.partition("::")[2])
        if run is None:
            return
        store, session_id = self._stores.of(planned), self._settings.session_id
        note = store.unstarted_note(run.run_id)
        is_begun = note is not None and note.reason == StatusReason.INTERRUPTED and requeues(self._config)
        if note is not None and note.session_id == session_id and not is_begun:
            report.longrepr = f"{report.longrepr}\nrun {run.run_id} was not started ({note.reason}), and stays missing"
            return
        death = death_of(planned, run, session_id, _worker_of(report))
        reason, message = (
            (StatusReason.CRASHED, str(report.longrepr))
            if death.timeout is None
            else (StatusReason.TIMEOUT, death.timeout)
        )
        crash = unstarted_result(run, store.versions(), RunStatus.FAILED, reason, message, death.traceback)
        from pytest_dre.execution.retrying import with_last_attempt  # few sessions have runs that are lost

        crash = with_last_attempt(crash, store.attempts(run.run_id, session_id), death.lasted_s)
        if self._is_replayed(crash, store) or not store.record_unless_recorded(crash, session_id):
            stored = store.result(run.run_id, crash.fingerprint)
            report.longrepr = f"{report.longrepr}\n{_died_after(run.run_id, stored)}"
            return
        self._purse.pay(crash.spending, failed=True)
        Admission.to(planned.study, store, session_id, self._purse).settle(crash, report.nodeid.partition("::")[2])
        recorded = f"run {run.run_id} is recorded as failed ({reason}); rerun it with --lf"
        told = (death.timeout, (death.traceback or "").rstrip(), str(report.longrepr), recorded)
        report.longrepr = "\n".join(filter(None, told))

    def _is_replayed(self, crash: RunResult, store: RunStore) -> bool:
        """Return whether the session replays the run: its worker did not die of it, and a failure would hide it."""
        action, _ = self._settings.resumption.of_stored(store, crash.run_id, crash.fingerprint)
        return action is Action.REPLAY

    def _study_path(self, node_id: str) -> Path | None:
        """Return the study that an item belongs to, None if it is no study's."""
        prefix = node_id.partition("::")[0]
        if prefix not in self._paths:
            path = file_of(prefix, self._config.rootpath)
            is_study = path.is_file() and is_study_file(path)
            self._paths[prefix] = path if is_study else None
        return self._paths[prefix]


def _died_after(run_id: str, stored: RunResult | None) -> str:
    """Return what to say of a run whose result had been stored when its worker died."""
    ended, next_time = "was over", ""
    if stored is not None and stored.status is RunStatus.SUCCESS:
        ended, next_time = "had succeeded", "; --lf replays it"
    elif stored is not None and stored.status is RunStatus.FAILED:
        ended, next_time = f"had failed ({stored.status_reason})", "; rerun it with --lf"
    return (
        f"run {run_id} {ended} by then, and its result is stored: what died came after it, in a hook or in the teardown"
        f" of a fixture{next_time}"
    )


def _worker_of(report: pytest.TestReport) -> str:
    node: Any = getattr(report, "node", None)
    return str(node.gateway.id)
