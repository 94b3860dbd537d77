"""From the store to the artifacts."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace

from pytest_dre.analysis.undone import UndoneTests
from pytest_dre.artifacts.export import export_study
from pytest_dre.artifacts.provenance import gather_provenance
from pytest_dre.artifacts.verdicts import GATES_FILE, gates_document, write_documents
from pytest_dre.errors import DreError
from pytest_dre.loading.writing import dump_yaml
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunResult
from pytest_dre.model.verdicts import GateVerdict
from pytest_dre.reporting.statistics import StudyTally, TallyCounter
from pytest_dre.sessions.analyses import carry_out_plans
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.results import Standing, StoredResults
from pytest_dre.store.runs import RunStore
from pytest_dre.store.totals import Totals, Unstarted

ExportHook = Callable[[PlannedStudy, StoredResults], object]


@dataclass(frozen=True, slots=True)
class ClosedStudy:
    """What is known of a study at the end of a session.

    Attributes:
        planned: The study.
        tally: What became of its runs, over all sessions; None if that could not be read.
        standing: What the store holds beyond the results that count.
        stale_included: Whether stale results were counted all the same.
        unstarted: Why missing runs were not started, by run id.
        spending: What the study came to in all sessions.
        notices: What users must know of the store.
        verdicts: On the gates that this session judged.
        undone: Tests of its analysis plans that could not be carried out; None if all were.
        error: What went wrong with its artifacts, "" if nothing did.
    """

    planned: PlannedStudy
    tally: StudyTally | None
    standing: Standing = field(default_factory=Standing)
    stale_included: bool = False
    unstarted: Mapping[str, Unstarted] = field(default_factory=dict)
    spending: Totals = field(default_factory=Totals)
    notices: tuple[str, ...] = ()
    verdicts: tuple[GateVerdict, ...] = ()
    undone: UndoneTests | None = None
    error: str = ""

    @property
    def missing_notes(self) -> dict[str, Unstarted]:
        """Why planned runs have no result that counts, by run id; those not in it nobody got to."""
        stale = () if self.stale_included else self.standing.stale
        return {**{run_id: Unstarted(StatusReason.STALE, "", "") for run_id in stale}, **self.unstarted}

    def stale_names(self, count: int) -> list[str]:
        """Return the item names of the first stale runs."""
        stale = frozenset(self.standing.stale[:count])
        names = zip(self.planned.names, self.planned.plan.runs, strict=True)
        return [name for name, run in names if run.run_id in stale]


def close_study(
    planned: PlannedStudy,
    *,
    session_id: str | None = None,
    cached: Container[str] = (),
    sqlite: bool = False,
    bundle: bool = False,
    export_hook: ExportHook | None = None,
    allow_stale: bool = False,
    notices: tuple[str, ...] = (),
    verdicts: tuple[GateVerdict, ...] = (),
) -> ClosedStudy | None:
    """Export what the study's store holds, and count it. None if there is no store.

    With `session_id` the tally tells results of earlier sessions from this one's; `cached` holds the ids of runs that
    this session replayed; `export_hook` is called once the artifacts are valid, and tells by a DreError that a user's
    hook failed. With `allow_stale`, results of other versions count where there are none of the present ones. `notices`
    are handed on; `verdicts` are written as gates.json, which otherwise is removed: old verdicts may contradict new
    results. Analysis plans are carried out.
    """
    try:
        store = RunStore.existing(planned.store_path, planned.study.study_id)
        if store is None:
            return None
        with closing(store):
            results = StoredResults(planned, store, allow_stale=allow_stale)
            earlier = () if session_id is None else store.only_before(session_id)
            counter = TallyCounter(planned.study, planned.plan, cached, earlier)
            planned_ids = {run.run_id for run in planned.plan.runs}
            unstarted = {run_id: note for run_id, note in store.unstarted().items() if run_id in planned_ids}
            closed = ClosedStudy(
                planned,
                None,
                results.standing,
                allow_stale,
                unstarted,
                store.spending(),
                notices=notices,
                verdicts=verdicts,
            )
            _export(closed, _settled(counter.watched(results), unstarted), sqlite, bundle)
            documents = {GATES_FILE: gates_document(verdicts) if verdicts else None}
            analyses = carry_out_plans(planned, store, allow_stale=allow_stale)
            write_documents(planned.output_dir, {**documents, **analyses.files})
            error = "" if export_hook is None else _call(export_hook, planned, results)
            return replace(closed, tally=counter.study, undone=analyses.undone, error=error)
    except DreError as error:
        return ClosedStudy(planned, None, notices=notices, error=f"artifacts not written: {error}")


def _settled(results: Iterable[RunResult], unstarted: dict[str, Unstarted]) -> Iterator[RunResult]:
    """Yield the results, and forget why their runs were not started once."""
    for result in results:
        unstarted.pop(result.run_id, None)
        yield result


def _export(closed: ClosedStudy, results: Iterable[RunResult], sqlite: bool, bundle: bool) -> None:
    planned = closed.planned
    export_study(
        planned.study,
        planned.plan,
        results,
        planned.output_dir,
        study_yaml=dump_yaml(planned.study),
        provenance=gather_provenance(planned.source.base_dir, planned.study),
        sqlite=sqlite,
        bundle=bundle,
        unstarted=closed.unstarted,
        stale=closed.standing.stale,
        orphans=closed.standing.orphans,
        stale_included=closed.stale_included,
        spending=closed.spending,
    )


def _call(export_hook: ExportHook, planned: PlannedStudy, results: StoredResults) -> str:
    """A failing hook of the user's is told; the artifacts are written and valid already."""
    try:
        export_hook(planned, results)
    except DreError as error:
        return str(error)
    return ""
