"""Carrying out and recording runs in one process."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_dre.analysis.missing import demanded_outcomes
from pytest_dre.api.books import SessionBooks
from pytest_dre.api.deadline import RunTimeout, deadline
from pytest_dre.execution.bound import StudyBindings
from pytest_dre.execution.failures import describe
from pytest_dre.execution.limits import RunPolicy, policy_for
from pytest_dre.execution.retrying import with_attempts
from pytest_dre.execution.run import execute_run
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.execution.watchdog import Watchdog, grace_for
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import Attempt, RunResult, RunSpec, RunStatus, Spending
from pytest_dre.model.study import Study
from pytest_dre.sessions.acceptance import accepted
from pytest_dre.sessions.budgets import Budgets
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
        budgets, own = Budgets.of(self.study.limits), SessionBooks()

        def spent_out(more: Spending) -> str | None:
            books = own if self.store is None else self.store  # without a store, nobody tells of other runs
            return budgets.spent_with(more, books, run.agent_id)

        def note(attempt: Attempt) -> None:
            lost.append(replace(attempt, error_info=self.masker.text(attempt.error_info)))
            if self.store is None:
                own.pay(attempt.spending, run.agent_id)
            else:
                self.store.record_attempt(lost[-1], self.session_id)

        try:
            with deadline(policy.timeout_s) as alarm:
                result = execute_run(
                    run,
                    self.bindings,
                    classify=_classify,
                    policy=policy,
                    on_attempt=note,
                    spent_out=spent_out,
                    watch=self.masker.observe,
                ).result
        except RunTimeout as error:  # it struck after the agent was done, while its result was being made
            return self._overdue(run, lost, describe(error))
        # Outcomes derived from factors are demanded by the run's own condition: workers have no whole plan.
        demanded = demanded_outcomes(self.study, (run.condition,))
        result = accepted(result, limit_s=policy.timeout_s, demanded=demanded, interrupted=alarm.rang)
        return self.masker.result(result)

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
    return StatusReason.TIMEOUT if issubclass(type(error), RunTimeout) else None
