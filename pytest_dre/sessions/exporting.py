"""From the store to the artifacts."""

from collections.abc import Callable, Container, Iterable
from contextlib import closing
from dataclasses import dataclass

from pytest_dre.artifacts.export import export_study
from pytest_dre.artifacts.provenance import gather_provenance
from pytest_dre.errors import DreError
from pytest_dre.loading.writing import dump_yaml
from pytest_dre.model.runs import RunResult
from pytest_dre.reporting.statistics import StudyTally, TallyCounter
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.results import StoredResults, count_orphans, count_stale
from pytest_dre.store.runs import RunStore

ExportHook = Callable[[PlannedStudy, StoredResults], object]


@dataclass(frozen=True, slots=True)
class ClosedStudy:
    """What is known of a study at the end of a session.

    Attributes:
        planned: The study.
        tally: What became of its runs, over all sessions; None if that could not be read.
        stale: Planned runs of which only results of another agent, problem or seed are stored.
        orphans: Stored runs that are not planned any more.
        error: What went wrong with its artifacts, "" if nothing did.
    """

    planned: PlannedStudy
    tally: StudyTally | None
    stale: int = 0
    orphans: int = 0
    error: str = ""


def close_study(
    planned: PlannedStudy,
    *,
    session_id: str | None = None,
    cached: Container[str] = (),
    sqlite: bool = False,
    bundle: bool = False,
    export_hook: ExportHook | None = None,
) -> ClosedStudy | None:
    """Export what the study's store holds, and count it. None if there is no store.

    With `session_id` the tally tells results of earlier sessions from this one's; `cached` holds the ids of runs that
    this session replayed; `export_hook` is called once the artifacts are valid.
    """
    try:
        store = RunStore.existing(planned.store_path, planned.study.study_id)
        if store is None:
            return None
        with closing(store):
            results = StoredResults(planned, store)
            earlier = () if session_id is None else store.only_before(session_id)
            counter = TallyCounter(planned.study, planned.plan, cached, earlier)
            _export(planned, counter.watched(results), sqlite, bundle)
            error = "" if export_hook is None else _call(export_hook, planned, results)
            stale, orphans = count_stale(planned, store), count_orphans(planned, store)
            return ClosedStudy(planned, counter.study, stale, orphans, error)
    except DreError as error:
        return ClosedStudy(planned, None, error=f"artifacts not written: {error}")


def _export(planned: PlannedStudy, results: Iterable[RunResult], sqlite: bool, bundle: bool) -> None:
    export_study(
        planned.study,
        planned.plan,
        results,
        planned.output_dir,
        study_yaml=dump_yaml(planned.study),
        provenance=gather_provenance(planned.source.base_dir, planned.study),
        sqlite=sqlite,
        bundle=bundle,
    )


def _call(export_hook: ExportHook, planned: PlannedStudy, results: StoredResults) -> str:
    """A failing hook of the user's is told; the artifacts are written and valid already."""
    try:
        export_hook(planned, results)
    except Exception as error:
        return f"a pytest_dre_export hook failed with {type(error).__name__}: {error}"
    return ""
