"""The runs that are still to be started."""

from collections.abc import Callable, Iterable, Iterator

from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunSpec

Refused = tuple[StatusReason, str]


class PendingRuns(Iterator[RunSpec]):
    """Yields runs until there are no more, or until it is stopped.

    `refusal` is asked before each run is handed out, and gives the reason, as a word and in words, if it must not
    start, else None. What was refused is in `refused`, by run id.
    """

    def __init__(self, runs: Iterable[RunSpec], refusal: Callable[[RunSpec], Refused | None]) -> None:
        self._runs = iter(runs)
        self._refusal = refusal
        self.stopped = False
        self.refused: dict[str, Refused] = {}

    def __next__(self) -> RunSpec:
        """Return the next run to start."""
        while not self.stopped:
            run = next(self._runs)
            reason = self._refusal(run)
            if reason is None:
                return run
            self.refused[run.run_id] = reason
        raise StopIteration

    def stop(self) -> None:
        """Start no further run."""
        self.stopped = True
