"""The outcome table of a planned study, from its store."""

from collections.abc import Callable, Iterable, Mapping

from pytest_dre.analysis.tables import outcome_rows
from pytest_dre.execution.fingerprints import VersionKey
from pytest_dre.model.runs import RunResult
from pytest_dre.model.verdicts import OutcomeRow
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.results import StoredResults
from pytest_dre.store.runs import RunStore

Watch = Callable[[Iterable[RunResult]], Iterable[RunResult]]


def stored_rows(
    planned: PlannedStudy,
    store: RunStore,
    *,
    allow_stale: bool = False,
    watch: Watch = iter,
    versions: Mapping[VersionKey, str] | None = None,
) -> list[OutcomeRow]:
    """Return a row for each planned run.

    With `allow_stale`, results of other versions count where there are no others, and their rows are not marked.
    `watch` is given the results on their way, and yields them. `versions` are those of now, by default those that the
    store has noted last.
    """
    results = StoredResults(planned, store, allow_stale=allow_stale, versions=versions)
    return outcome_rows(planned.study, planned.plan, watch(results), frozenset(results.standing.stale))


def unstored_rows(planned: PlannedStudy) -> list[OutcomeRow]:
    """Return the rows of a study of which nothing is stored."""
    return outcome_rows(planned.study, planned.plan, ())
