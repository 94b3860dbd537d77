"""One call of `run_study`: what is replayed, carried out, stored and exported."""

import uuid
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from pytest_dre.api.assignment import assignment_for, pack
from pytest_dre.api.pending import PendingRuns
from pytest_dre.api.performing import Performer
from pytest_dre.api.preparation import Prepared
from pytest_dre.api.processes import perform_in_processes
from pytest_dre.api.progress import Progress
from pytest_dre.errors import ArtifactError
from pytest_dre.execution import fingerprint
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus
from pytest_dre.sessions.exporting import close_study
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.runs import RunStore

FAIL_FAST = "fail_fast"
CRASHED = "crashed"


@dataclass(slots=True)
class Session:
    """One call of `run_study`.

    Attributes:
        prepared: The study.
        resume: Whether stored successes are replayed.
        checkpoint: Whether results are stored.
        session_id: Tells this call's results from earlier ones.
        replayed: Results from the store, by run id.
    """

    prepared: Prepared
    resume: bool
    checkpoint: bool
    session_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    replayed: dict[str, RunResult] = field(default_factory=dict)

    def run(self, show_progress: bool | None) -> list[RunResult]:
        """Replay or carry out each run of the plan."""
        planned = self.prepared.planned
        if self.resume:
            self.replayed.update(_stored_successes(self.prepared))
        results = dict(self.replayed)
        pending = PendingRuns(run for run in planned.plan.runs if run.run_id not in self.replayed)
        with (
            self._store() as store,
            Progress(len(planned.plan.runs), planned.study.study_id, show_progress) as progress,
            closing(self._stream(pending, store)) as stream,
        ):
            for result in self.replayed.values():
                progress.add(result)
            for result in stream:
                results[result.run_id] = result
                progress.add(result)
                if result.status is RunStatus.FAILED and planned.study.run_budget.fail_fast:
                    pending.stop()
        return [results.get(run.run_id) or self._held_back(run) for run in planned.plan.runs]

    @contextmanager
    def _store(self) -> Iterator[RunStore | None]:
        planned = self.prepared.planned
        if not self.checkpoint or not planned.plan.runs:
            yield None
            return
        with closing(RunStore.create_or_open(planned.store_path, planned.study.study_id)) as store:
            store.set_versions(self.prepared.bindings.versions)
            yield store

    def _stream(self, pending: PendingRuns, store: RunStore | None) -> Generator[RunResult, None, None]:
        """Return the results of the pending runs as they come in; closing it stops the rest."""
        prepared = self.prepared
        if prepared.processes == 1:
            limit = prepared.planned.study.limits.timeout_s
            return Performer(prepared.bindings, store, self.session_id, limit).perform_all(pending)
        packed = pack(assignment_for(prepared, self.session_id, record=store is not None))
        return perform_in_processes(
            packed, pending, prepared.processes, lambda run, message: self._crashed(run, message, store)
        )

    def _crashed(self, run: RunSpec, message: str, store: RunStore | None) -> RunResult:
        """Return the result of a run whose process died; it may have been recorded just before."""
        result = unstarted_result(run, self.prepared.bindings.versions, RunStatus.FAILED, CRASHED, message)
        if store is None or store.record_unless_recorded(result, self.session_id):
            return result
        return store.result(run.run_id, result.fingerprint) or result

    def _held_back(self, run: RunSpec) -> RunResult:
        message = "not started: an earlier run failed, and the study says fail_fast"
        return unstarted_result(run, self.prepared.bindings.versions, RunStatus.SKIPPED, FAIL_FAST, message)


def _stored_successes(prepared: Prepared) -> dict[str, RunResult]:
    planned, versions = prepared.planned, prepared.bindings.versions
    store = RunStore.existing(planned.store_path, planned.study.study_id)
    if store is None:
        return {}
    with closing(store):
        found = (store.completed(run.run_id, fingerprint(run, versions)) for run in planned.plan.runs)
        return {result.run_id: result for result in found if result is not None}


@contextmanager
def exported(session: Session, include_sqlite: bool) -> Iterator[None]:
    """Export the artifacts after the block, also if it was interrupted."""
    if not session.checkpoint:
        yield
        return
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
