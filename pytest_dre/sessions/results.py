"""The results of a planned study that count, and those that do not."""

from collections.abc import Iterable, Iterator, Mapping
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


class StoredResults:
    """The results of a study that count, in plan order, read from the store one at a time, as often as asked.

    Attributes:
        standing: What the store holds beyond them.
    """

    def __init__(
        self,
        planned: PlannedStudy,
        store: RunStore,
        *,
        allow_stale: bool = False,
        versions: Mapping[VersionKey, str] | None = None,
    ) -> None:
        """Find out what counts; nothing is read yet.

        With `allow_stale`, of a run that has stale results only the last one counts, whatever made it. `versions` are
        those of now, by default those that the store has noted last.
        """
        versions = store.versions() if versions is None else versions
        self._store = store
        self._keys = [(run.run_id, fingerprint(run, versions)) for run in planned.plan.runs]
        self.standing = _standing(self._keys, store.fingerprints())
        self._stale = frozenset(self.standing.stale) if allow_stale else frozenset()

    def __iter__(self) -> Iterator[RunResult]:
        if not self._stale:
            yield from self._store.results(self._keys)
            return
        for run_id, current in self._keys:
            found = self._store.latest(run_id) if run_id in self._stale else self._store.result(run_id, current)
            if found is not None:
                yield found


def _standing(keys: Iterable[tuple[str, str]], stored: dict[str, set[str]]) -> Standing:
    """Return what of `stored`, which is used up, does not count beside the (run id, fingerprint) that do."""
    stale = []
    for run_id, current in keys:
        found = stored.pop(run_id, None)
        if found and current not in found:
            stale.append(run_id)
    return Standing(tuple(stale), tuple(sorted(stored)))
