"""The runs that are still to be started."""

from collections.abc import Iterable, Iterator

from pytest_dre.model.runs import RunSpec


class PendingRuns(Iterator[RunSpec]):
    """Yields runs until there are no more, or until it is stopped."""

    def __init__(self, runs: Iterable[RunSpec]) -> None:
        self._runs = iter(runs)
        self.stopped = False

    def __next__(self) -> RunSpec:
        """Return the next run to start."""
        if self.stopped:
            raise StopIteration
        return next(self._runs)

    def stop(self) -> None:
        """Start no further run."""
        self.stopped = True
