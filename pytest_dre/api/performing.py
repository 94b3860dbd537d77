"""Carrying out and recording runs in one process."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass

from pytest_dre.api.deadline import RunTimeout, deadline
from pytest_dre.execution import StudyBindings, execute_run
from pytest_dre.execution.failures import describe
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.runs import RunStore

TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Performer:
    """What carries out runs in this process.

    Attributes:
        bindings: The study's agents, problems or runner.
        store: Where results are recorded, None if nowhere.
        session_id: Shared by all processes of one call of `run_study`.
        timeout_s: What a run may take at most, seconds; None for no limit.
    """

    bindings: StudyBindings
    store: RunStore | None
    session_id: str
    timeout_s: float | None = None

    def perform(self, run: RunSpec) -> RunResult:
        """Carry out the run and record its result before returning it. Only KeyboardInterrupt and DreError go on."""
        result = self._carry_out(run)
        if self.store is not None:
            self.store.record(result, self.session_id)
        return result

    def perform_all(self, runs: Iterable[RunSpec]) -> Generator[RunResult, None, None]:
        """Yield the result of each run."""
        for run in runs:
            yield self.perform(run)

    def _carry_out(self, run: RunSpec) -> RunResult:
        try:
            with deadline(self.timeout_s):
                return execute_run(run, self.bindings, classify=_classify).result
        except RunTimeout as error:  # it struck after the agent was done, while its result was being made
            return unstarted_result(run, self.bindings.versions, RunStatus.FAILED, TIMEOUT, describe(error))


def _classify(error: BaseException) -> str | None:
    return TIMEOUT if isinstance(error, RunTimeout) else None
