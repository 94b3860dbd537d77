"""The results of a planned study that count, and those that do not."""

from collections.abc import Iterator

from pytest_dre.execution.fingerprints import fingerprint
from pytest_dre.model.runs import RunResult
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.store.runs import RunStore


class StoredResults:
    """The results of a study that count, in plan order, read from the store one at a time, as often as asked."""

    def __init__(self, planned: PlannedStudy, store: RunStore) -> None:
        self._planned = planned
        self._store = store

    def __iter__(self) -> Iterator[RunResult]:
        versions = self._store.versions()
        return self._store.results((run.run_id, fingerprint(run, versions)) for run in self._planned.plan.runs)


def count_stale(planned: PlannedStudy, store: RunStore) -> int:
    """Return how many planned runs have results of another agent, problem or seed only."""
    versions, stored = store.versions(), store.fingerprints()
    return sum(
        run.run_id in stored and fingerprint(run, versions) not in stored[run.run_id] for run in planned.plan.runs
    )


def count_orphans(planned: PlannedStudy, store: RunStore) -> int:
    """Return how many runs have results but are not planned any more."""
    return len(store.fingerprints().keys() - {run.run_id for run in planned.plan.runs})
