"""The end of a session: artifacts of every study that it ran."""

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_dre.errors import DreError
from pytest_dre.integration.failures import hook_failed
from pytest_dre.integration.gates import GateJudge
from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.reports import dre_data
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.integration.watching import forget
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.verdicts import GateVerdict, Verdict
from pytest_dre.sessions.exporting import ClosedStudy, close_study
from pytest_dre.sessions.judging import save_study_baseline
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.results import StoredResults
from pytest_dre.store.failures import vanished

# A session that held runs back for these reasons has not done what it was asked for, though nothing failed.
INCOMPLETE = frozenset(
    {StatusReason.BUDGET, StatusReason.RUNNING_ELSEWHERE, StatusReason.STORE_FAILED, StatusReason.STALE}
)
UNREAD = "so no artifacts are written; what ran is stored: mend the study, then pytest --lf"


class Exporter:
    """Writes the artifacts of each study that ran or was replayed, also after an interruption.

    Attributes:
        closed: What became of each study.
        unread: What is wrong with studies that could be read when their runs started, and cannot any more.
    """

    def __init__(
        self,
        settings: Settings,
        registry: StudyRegistry,
        stores: Stores,
        judge: GateJudge,
        *,
        pending: PendingRuns,
        config: pytest.Config,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._stores = stores
        self._judge = judge
        self._pending = pending
        self._config = config
        self._replayed: dict[str, set[str]] = {}  # run ids, by path of a study with results of this session
        self._incomplete = False
        self.closed: list[ClosedStudy] = []
        self.unread: list[str] = []

    def touch(self, path: Path) -> None:
        """Note that the study has something to export."""
        self._replayed.setdefault(str(path), set())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which studies have results of this session, and which runs were replayed."""
        data = dre_data(report)
        if data is None:
            return
        replayed = self._replayed.setdefault(data["study"], set())
        if data["cached"]:
            replayed.add(data["run_id"])
        self._incomplete |= data["held_back"] in INCOMPLETE

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Export; xdist has stopped its workers by now, so all that was recorded is in."""
        for judged in self._judge.verdicts:
            self.touch(judged)
        for path, replayed in self._replayed.items():
            planned = self._read(Path(path))
            if planned is None:
                continue
            closed = self._close(planned, replayed, self._judge.judged(Path(path)), session)
            forget(planned.output_dir, self._settings.session_id)
            if closed is not None:
                closed = self._masked(self._with_baseline(closed))
                self.closed.append(closed)
                if closed.error:
                    self._pending.keep(Path(path))
        incomplete = self._incomplete or self.unread or any(closed.error for closed in self.closed)
        if incomplete and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _read(self, path: Path) -> PlannedStudy | None:
        """Return the study; None if it cannot be read here, though a worker could: it has changed since."""
        try:
            return self._registry.load(path)
        except DreError as error:
            self.unread.append(f"{error}\n{UNREAD}")
            self._pending.keep(path)
            return None

    def _close(
        self, planned: PlannedStudy, replayed: set[str], verdicts: tuple[GateVerdict, ...], session: pytest.Session
    ) -> ClosedStudy | None:
        if self._stores.is_foreign(planned):
            return ClosedStudy(
                planned, None, error=f"artifacts not written: {self._stores.refused[planned.store_path]}"
            )
        closed = close_study(
            planned,
            session_id=self._settings.session_id,
            cached=replayed,
            sqlite=self._settings.sqlite,
            bundle=self._settings.bundle,
            export_hook=self._call_hook,
            allow_stale=self._settings.resumption.allow_stale,
            notices=(
                *self._stores.notices.get(planned.store_path, ()),
                *self._left_out(planned),
                *self._unreported(planned, session),
            ),
            verdicts=verdicts,
        )
        return closed or self._without_store(planned)

    def _without_store(self, planned: PlannedStudy) -> ClosedStudy | None:
        """Return what to say of a study whose store is not there; None if this session has not had one.

        That it was removed while runs came in, workers may have found out, or nobody.
        """
        error = self._stores.refused.get(planned.store_path)
        if error is None and self._stores.has_opened(planned):
            error = vanished(planned.store_path)
        return None if error is None else ClosedStudy(planned, None, error=str(error))

    def _left_out(self, planned: PlannedStudy) -> list[str]:
        """Return what to say of runs that only the next session carries out, as their loss showed after selection.

        A session with `--lf` was there to complete the study, which it has not.
        """
        path = planned.source.path
        count = 0 if path is None else self._pending.left_out(path)
        if not count:
            return []
        self._incomplete |= bool(self._config.getoption("lf", False))
        runs = "1 run without a result was" if count == 1 else f"{count} runs without a result were"
        return [f"{runs} not selected in this session: go on with --lf"]

    def _unreported(self, planned: PlannedStudy, session: pytest.Session) -> list[str]:
        """Return what to say of runs that were to be carried out in a session that went well, had they not been lost.

        A worker that ends with status 0 in the midst of its runs looks to xdist as if it had done them all.
        """
        path = planned.source.path
        if path is None or session.exitstatus != pytest.ExitCode.OK:
            return []
        count = self._pending.unreported(path)
        if not count:
            return []
        self._incomplete = True
        runs = "1 selected run was" if count == 1 else f"{count} selected runs were"
        return [f"{runs} never reported, as if a process had ended midway: go on with --lf"]

    def _with_baseline(self, closed: ClosedStudy) -> ClosedStudy:
        """Save the study's outcomes as a baseline, if that is asked for; what is wrong with it is told."""
        name = self._settings.save_baseline
        if name is None or closed.tally is None:
            return closed
        try:
            path = save_study_baseline(closed.planned, name, self._settings.judging.baselines)
        except DreError as error:
            return replace(closed, error="; ".join(filter(None, (closed.error, f"no baseline saved: {error}"))))
        saved = f"baseline {name!r} saved as {path.name}"
        failed = [verdict.gate_id for verdict in closed.verdicts if verdict.verdict is Verdict.FAIL]
        if failed:
            saved = f"{saved}, of outcomes that fail {', '.join(failed)}"
        return replace(closed, notices=(*closed.notices, saved))

    def _masked(self, closed: ClosedStudy) -> ClosedStudy:
        """What an export hook says of its failure may quote a secret."""
        if not closed.error:
            return closed
        from pytest_dre.integration.masking import masker_of  # the controller needs it for nothing else

        return replace(closed, error=masker_of(self._config).text(closed.error))

    def _call_hook(self, planned: PlannedStudy, results: StoredResults) -> None:
        hook = self._config.hook.pytest_dre_export
        try:
            hook(study=planned.study, results=results, output_dir=planned.output_dir)
        except Exception as error:
            raise hook_failed(hook.name, error) from error
