"""The results of a planned study that count, and those that do not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_dre.execution.fingerprints import VersionKey, fingerprint
from pytest_dre.model.runs import RunResult
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class Standing:
    """What a study's store holds beyond the results that count.

    Attributes:
        stale: Ids of planned runs that have results of another agent, problem or seed only, in plan order.
        orphans: Ids of stored runs that are not planned any more, sorted.
    """

    stale: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()


def standing_of(planned: PlannedStudy, store: RunStore, versions: Mapping[VersionKey, str] | None = None) -> Standing:
    """Return which of the stored results are stale or orphans, by the versions of now (None: those last noted)."""
    versions, stored = store.versions() if versions is None else versions, store.fingerprints()
    stale = []
    for run in planned.plan.runs:
        found = stored.pop(run.run_id, None)
        if found and fingerprint(run, versions) not in found:
            stale.append(run.run_id)
    return Standing(tuple(stale), tuple(sorted(stored)))


class StoredResults:
    """The results of a study that count, in plan order, read from the store one at a time, as often as asked.

    Of the runs named in `stale` the last result counts, whatever made it. `versions` are those of now, by default
    those that the store has noted when it is read.
    """

    def __init__(
        self,
        planned: PlannedStudy,
        store: RunStore,
        stale: frozenset[str] = frozenset(),
        versions: Mapping[VersionKey, str] | None = None,
    ) -> None:
        self._planned = planned
        self._store = store
        self._stale = stale
        self._versions = versions

    def __iter__(self) -> Iterator[RunResult]:
        versions = self._store.versions() if self._versions is None else self._versions
        if not self._stale:
            yield from self._store.results((run.run_id, fingerprint(run, versions)) for run in self._planned.plan.runs)
            return
        for run in self._planned.plan.runs:
            if run.run_id in self._stale:
                found = self._store.latest(run.run_id)
            else:
                found = self._store.result(run.run_id, fingerprint(run, versions))
            if found is not None:
                yield found
