"""One call of `run_study`: what is replayed, carried out, stored and exported."""

import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_dre.api.assignment import assignment_for, pack
from pytest_dre.api.books import SessionBooks
from pytest_dre.api.pending import PendingRuns, Refused
from pytest_dre.api.performing import Performer
from pytest_dre.api.preparation import Prepared
from pytest_dre.api.processes import Death, perform_in_processes
from pytest_dre.api.progress import Progress
from pytest_dre.api.stores import claimed_store, session_info
from pytest_dre.errors import ArtifactError
from pytest_dre.execution.fingerprints import fingerprint
from pytest_dre.execution.retrying import with_last_attempt
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus
from pytest_dre.sessions.baselines import DEFAULT_DIRECTORY
from pytest_dre.sessions.budgets import Books, Budgets
from pytest_dre.sessions.comparable import compared
from pytest_dre.sessions.exporting import close_study
from pytest_dre.sessions.judging import Judging, baselines_of
from pytest_dre.sessions.stopping import OwnEvidence, early_stop
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.ownership import SessionInfo
from pytest_dre.store.runs import RunStore

if TYPE_CHECKING:
    from pytest_dre.analysis.gates.baseline import Baseline


@dataclass(slots=True)
class Session:
    """One call of `run_study`.

    Attributes:
        prepared: The study.
        resume: Whether stored successes are replayed.
        checkpoint: Whether results are stored.
        info: Tells this call's results from earlier ones, and others who runs the study.
        replayed: Results from the store, by run id.
    """

    prepared: Prepared
    resume: bool
    checkpoint: bool
    info: SessionInfo = field(default_factory=lambda: session_info(uuid.uuid4().hex))
    replayed: dict[str, RunResult] = field(default_factory=dict)

    def run(self, show_progress: bool | None, *, include_sqlite: bool = False) -> list[RunResult]:
        """Replay or carry out each run of the plan, and export what is stored then."""
        planned = self.prepared.planned
        if not self.checkpoint or not planned.plan.runs:
            return self._perform(None, show_progress)
        with closing(claimed_store(planned, self.info, resume=self.resume)) as store:
            store.set_versions(self.prepared.bindings.versions)
            with _exported(self, include_sqlite):
                return self._perform(store, show_progress)

    def _perform(self, store: RunStore | None, show_progress: bool | None) -> list[RunResult]:
        planned, books = self.prepared.planned, SessionBooks()
        if self.resume:
            self.replayed.update(_stored_successes(self.prepared))
        results = dict(self.replayed)
        missing = (run for _, run in planned.execution_order if run.run_id not in self.replayed)
        pending = PendingRuns(missing, self._refusal(store or books, results))
        with (
            Progress(len(planned.plan.runs), planned.study.study_id, show_progress) as progress,
            closing(self._stream(pending, store)) as stream,
        ):
            for result in self.replayed.values():
                progress.add(result)
            for result in stream:
                results[result.run_id] = result
                books.add(result)
                progress.add(result)
                if result.status is RunStatus.FAILED and planned.study.run_budget.fail_fast:
                    pending.stop()
        return [results.get(run.run_id) or self._held_back(run, pending, store) for run in planned.plan.runs]

    def _refusal(self, books: Books, results: Mapping[str, RunResult]) -> Callable[[RunSpec], Refused | None]:
        """Return what tells why a run must not start, None if it may. A store's books have earlier sessions too."""
        planned, own = self.prepared.planned, OwnEvidence(results)
        budgets = Budgets.of(planned.study.limits)

        def saved() -> "Mapping[str, Baseline | None]":
            found = baselines_of(planned, Judging(Path(DEFAULT_DIRECTORY)))
            return compared(found, self.prepared.bindings.versions)

        early = early_stop(planned, own, own, saved)

        def refusal(run: RunSpec) -> Refused | None:
            spent = budgets.exceeded(books, self.info.session_id, run.agent_id)
            if spent is not None:
                return StatusReason.BUDGET, spent
            unneeded = None if early is None else early.reason(run)
            return None if unneeded is None else (StatusReason.NOT_NEEDED, unneeded)

        return refusal

    def _stream(self, pending: PendingRuns, store: RunStore | None) -> Generator[RunResult, None, None]:
        """Return the results of the pending runs as they come in; closing it stops the rest."""
        prepared = self.prepared
        if prepared.processes == 1:
            study = prepared.planned.study
            return Performer(prepared.bindings, store, self.info.session_id, study).perform_all(pending)
        packed = pack(assignment_for(prepared, self.info, record=store is not None))
        return perform_in_processes(
            packed, pending, prepared.processes, lambda run, death: self._crashed(run, death, store)
        )

    def _crashed(self, run: RunSpec, death: Death, store: RunStore | None) -> RunResult:
        """Return the result of a run whose process died; it may have been recorded just before."""
        versions = self.prepared.bindings.versions
        reason = str(death.reason)
        result = unstarted_result(run, versions, RunStatus.FAILED, reason, death.message, death.traceback)
        lost = [] if store is None else store.attempts(run.run_id, self.info.session_id)
        result = with_last_attempt(result, lost, death.lasted_s)
        if store is None or store.record_unless_recorded(result, self.info.session_id):
            return result
        return store.result(run.run_id, result.fingerprint) or result

    def _held_back(self, run: RunSpec, pending: PendingRuns, store: RunStore | None) -> RunResult:
        """Return the result of a run that was not started, for a budget or for fail_fast; only the reason is stored."""
        reason, why = StatusReason.FAIL_FAST, "an earlier run failed, and the study says fail_fast"
        if run.run_id in pending.refused:
            reason, why = pending.refused[run.run_id]
        if store is not None:
            store.note_unstarted(run.run_id, self.info.session_id, reason, why)
        versions = self.prepared.bindings.versions
        return unstarted_result(run, versions, RunStatus.SKIPPED, str(reason), f"not started: {why}")


def _stored_successes(prepared: Prepared) -> dict[str, RunResult]:
    planned, versions = prepared.planned, prepared.bindings.versions
    store = RunStore.existing(planned.store_path, planned.study.study_id)
    if store is None:
        return {}
    with closing(store):
        found = (store.completed(run.run_id, fingerprint(run, versions)) for run in planned.plan.runs)
        return {result.run_id: result for result in found if result is not None}


@contextmanager
def _exported(session: Session, include_sqlite: bool) -> Iterator[None]:
    """Export the artifacts after the block, also if it was interrupted."""
    try:
        yield
    except BaseException as interruption:
        if error := _export(session, include_sqlite):
            interruption.add_note(error)
        raise
    if error := _export(session, include_sqlite):
        raise ArtifactError(f"{error}; the results are stored in {session.prepared.planned.store_path}")


def _export(session: Session, include_sqlite: bool) -> str:
    """Return what went wrong, "" if nothing did."""
    closed = close_study(session.prepared.planned, cached=session.replayed, sqlite=include_sqlite)
    return "" if closed is None else closed.error
