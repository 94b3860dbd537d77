"""Runs spread over worker processes."""

import pickle
import re
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from loky import ProcessPoolExecutor
from loky.process_executor import BrokenProcessPool

from pytest_dre.api.assignment import perform_assigned
from pytest_dre.api.pending import PendingRuns
from pytest_dre.errors import DreError
from pytest_dre.model.runs import RunResult, RunSpec

# An idle process ends after this many seconds, and starts again when there is work: one whose parent was killed must
# not stay.
IDLE_S = 5

# Makes the result of a run whose process died, from the run and a message.
CrashHandler = Callable[[RunSpec, str], RunResult]


class Worker:
    """A process that carries out one run after another; when it dies, a new one takes its place.

    Each is a pool of its own: in a shared one, a dying process takes the runs of all others with it.
    """

    def __init__(self, assignment: Path) -> None:
        self._assignment = str(assignment)
        self._pool = _pool_of_one()

    def start(self, run: RunSpec) -> Future[RunResult]:
        """Hand the run over."""
        future: Future[RunResult] = self._pool.submit(perform_assigned, self._assignment, run)
        return future

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
        for _ in range(processes):
            idle.append(Worker(path))
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
        worker.replace()
        return on_crash(run, _obituary(error))
    except pickle.PicklingError as error:
        raise DreError(f"run {run.run_id} cannot be sent to a worker process ({error}); use parallelism=1") from error


def _obituary(error: BrokenProcessPool) -> str:
    """Return what is known of the process's end; loky tells its exit code or signal in the exception's text."""
    codes = re.search(r"exit codes of the workers are \{([^}]*)\}", str(error))
    return "the process that carried out the run died" + (f": {codes[1]}" if codes else "")
