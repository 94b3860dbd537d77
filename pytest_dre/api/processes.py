"""Runs spread over worker processes."""

import pickle
import re
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from loky import ProcessPoolExecutor
from loky.process_executor import BrokenProcessPool

from pytest_dre.api.assignment import perform_assigned
from pytest_dre.api.pending import PendingRuns
from pytest_dre.errors import DreError
from pytest_dre.execution.watchdog import Hang, read_watchdog
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunResult, RunSpec

# An idle process ends after this many seconds, and starts again when there is work: one whose parent was killed must
# not stay.
IDLE_S = 5


@dataclass(frozen=True, slots=True)
class Death:
    """How a process ended that had a run under way.

    Attributes:
        reason: "crashed", or "timeout" if the run held the process beyond its limit.
        message: The same in words.
        traceback: Where the process was held, None if that is not known.
        lasted_s: How long the run was under way, seconds; None if that is not known.
    """

    reason: StatusReason
    message: str
    traceback: str | None = None
    lasted_s: float | None = None


# Makes the result of a run whose process died.
CrashHandler = Callable[[RunSpec, Death], RunResult]


class Worker:
    """A process that carries out one run after another; when it dies, a new one takes its place.

    Each is a pool of its own: in a shared one, a dying process takes the runs of all others with it.
    """

    def __init__(self, assignment: Path, watchdog: Path) -> None:
        self._assignment = str(assignment)
        self._watchdog = watchdog
        self._pool = _pool_of_one()

    def start(self, run: RunSpec) -> Future[RunResult]:
        """Hand the run over."""
        future: Future[RunResult] = self._pool.submit(perform_assigned, self._assignment, run, str(self._watchdog))
        return future

    def hang(self) -> Hang | None:
        """Return what the process that died had under way, None if it was not watched."""
        return read_watchdog(self._watchdog)

    def replace(self) -> None:
        """Let a new process take over from one that died."""
        self.stop()
        self._pool = _pool_of_one()

    def stop(self) -> None:
        """End the process, whatever it does. What its runs have left behind may never let it end by itself."""
        self._pool.shutdown(wait=True, kill_workers=True)


def _pool_of_one() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, timeout=IDLE_S)


def perform_in_processes(
    packed: bytes, pending: PendingRuns, processes: int, on_crash: CrashHandler
) -> Generator[RunResult, None, None]:
    """Yield the results of the runs in the order they finish. Closing the iterator ends the processes.

    `packed` is the assignment. A run whose process dies has the result that `on_crash` makes; the others go on.
    """
    with ExitStack() as stack:
        scratch = stack.enter_context(TemporaryDirectory(prefix="pytest-dre-", ignore_cleanup_errors=True))
        path = Path(scratch) / "assignment"
        path.write_bytes(packed)
        idle: list[Worker] = []
        for number in range(processes):
            idle.append(Worker(path, Path(scratch) / f"watchdog-{number}"))
            stack.callback(idle[-1].stop)
        yield from _dispatch(idle, pending, on_crash)


def _dispatch(idle: list[Worker], pending: PendingRuns, on_crash: CrashHandler) -> Iterator[RunResult]:
    """Give each idle worker a run, and yield what comes back, until nothing is pending and nothing under way."""
    under_way: dict[Future[RunResult], tuple[Worker, RunSpec]] = {}
    while True:
        while idle and (run := next(pending, None)) is not None:
            worker = idle.pop()
            under_way[worker.start(run)] = (worker, run)
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            worker, run = under_way.pop(future)
            result = _result(future, worker, run, on_crash)
            idle.append(worker)
            yield result


def _result(future: Future[RunResult], worker: Worker, run: RunSpec, on_crash: CrashHandler) -> RunResult:
    try:
        return future.result()
    except BrokenProcessPool as error:
        death = _death(error, worker.hang(), time.time())
        worker.replace()
        return on_crash(run, death)
    except pickle.PicklingError as error:
        raise DreError(f"run {run.run_id} cannot be sent to a worker process ({error}); use parallelism=1") from error


def _death(error: BrokenProcessPool, hang: Hang | None, now: float) -> Death:
    if hang is None:
        return Death(StatusReason.CRASHED, _obituary(error))
    lasted = now - hang.started
    if not hang.timed_out(now):
        return Death(StatusReason.CRASHED, _obituary(error), lasted_s=lasted)
    message = (
        f"RunTimeout: the run took longer than {hang.limit_s:g} s (limits.timeout_s) and could not be interrupted, "
        "so its process was ended"
    )
    return Death(StatusReason.TIMEOUT, message, hang.traceback or None, lasted)


def _obituary(error: BrokenProcessPool) -> str:
    """Return what is known of the process's end; loky tells its exit code or signal in the exception's text."""
    codes = re.search(r"exit codes of the workers are \{([^}]*)\}", str(error))
    return "the process that carried out the run died" + (f": {codes[1]}" if codes else "")
