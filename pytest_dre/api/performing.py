"""Carrying out and recording runs in one process."""

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_dre.analysis.missing import missing_demanded
from pytest_dre.api.deadline import RunTimeout, deadline
from pytest_dre.execution import RunPolicy, StudyBindings, execute_run, policy_for
from pytest_dre.execution.failures import describe
from pytest_dre.execution.retrying import with_attempts
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.execution.watchdog import Watchdog, grace_for
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import Attempt, RunResult, RunSpec, RunStatus
from pytest_dre.model.study import Study
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class Performer:
    """What carries out runs in this process.

    Attributes:
        bindings: The study's agents, problems or runner.
        store: Where results are recorded, None if nowhere.
        session_id: Shared by all processes of one call of `run_study`.
        study: Says what a run may take, when it is tried again, and which outcomes it must have.
        watchdog: The file of the watchdog that ends this process if a run holds it; None if it must not be ended.
        masker: Keeps secrets of the environment out of what is recorded and returned.
    """

    bindings: StudyBindings
    store: RunStore | None
    session_id: str
    study: Study
    watchdog: Path | None = None
    masker: SecretMasker = field(default_factory=SecretMasker)

    def perform(self, run: RunSpec) -> RunResult:
        """Carry out the run and record its result before returning it. Only KeyboardInterrupt and DreError go on."""
        policy = policy_for(self.study.limits, run.agent_id)
        with self._watched(run, policy.timeout_s):
            result = self._carry_out(run, policy)
        if self.store is not None:
            self.store.record(result, self.session_id)
        return result

    def perform_all(self, runs: Iterable[RunSpec]) -> Generator[RunResult, None, None]:
        """Yield the result of each run."""
        for run in runs:
            yield self.perform(run)

    def _carry_out(self, run: RunSpec, policy: RunPolicy) -> RunResult:
        lost: list[Attempt] = []

        def note(attempt: Attempt) -> None:
            lost.append(replace(attempt, error_info=self.masker.text(attempt.error_info)))
            if self.store is not None:
                self.store.record_attempt(lost[-1], self.session_id)

        start = time.monotonic()
        try:
            with deadline(policy.timeout_s):
                result = execute_run(
                    run,
                    self.bindings,
                    classify=_classify,
                    policy=policy,
                    on_attempt=note,
                    watch=self.masker.observe,
                ).result
        except RunTimeout as error:  # it struck after the agent was done, while its result was being made
            return self._overdue(run, lost, describe(error))
        return self.masker.result(self._judged(run, result, policy.timeout_s, time.monotonic() - start))

    def _judged(self, run: RunSpec, result: RunResult, limit_s: float | None, took_s: float) -> RunResult:
        """Fail what took too long, as an agent may swallow the timeout, or lacks an outcome that the study demands."""
        if result.status is not RunStatus.SUCCESS:
            return result
        if limit_s is not None and took_s > limit_s:
            message = f"RunTimeout: the run took {took_s:.3g} s, limits.timeout_s is {limit_s:g}"
            return _failed(result, StatusReason.TIMEOUT, message)
        missing = missing_demanded(self.study, result, (run.condition,))
        return result if missing is None else _failed(result, StatusReason.INVALID_OUTPUT, missing)

    def _overdue(self, run: RunSpec, lost: list[Attempt], message: str) -> RunResult:
        result = unstarted_result(run, self.bindings.versions, RunStatus.FAILED, str(StatusReason.TIMEOUT), message)
        return with_attempts(result, lost, len(lost) + 1)

    @contextmanager
    def _watched(self, run: RunSpec, limit_s: float | None) -> Iterator[None]:
        if self.watchdog is None or limit_s is None:
            yield
            return
        with Watchdog(self.watchdog).armed(run.run_id, limit_s, grace_for(limit_s)):
            yield


def _classify(error: BaseException) -> str | None:
    return StatusReason.TIMEOUT if isinstance(error, RunTimeout) else None


def _failed(result: RunResult, reason: StatusReason, message: str) -> RunResult:
    return replace(result, status=RunStatus.FAILED, status_reason=str(reason), error_info=message)
