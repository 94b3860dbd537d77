"""Runs that are tried again after a failure that may pass."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_dre.execution.failures import describe, trimmed_traceback
from pytest_dre.execution.limits import RunPolicy
from pytest_dre.execution.metrics import complete_metrics
from pytest_dre.execution.outcome import Execution
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import Attempt, RunResult, RunStatus, Spending

if TYPE_CHECKING:
    from tenacity import RetryCallState, Retrying

ATTEMPT_FAILED = "attempt_failed"  # the event's type

OnAttempt = Callable[[Attempt], None]
SpentOut = Callable[[Spending], str | None]
Classify = Callable[[BaseException], str | None]


def tried(
    attempt: Callable[[], Execution],
    policy: RunPolicy,
    *,
    on_attempt: OnAttempt | None = None,
    classify: Classify | None = None,
    spent_out: SpentOut | None = None,
) -> Execution:
    """Return what the last attempt came to, with the failed ones before it as events and in `lost_…`.

    Before the second attempt it waits half to all of `retry_wait_s`, doubled each time, `retry_max_wait_s` at most
    ("equal jitter": Brooker 2015, "Exponential Backoff and Jitter", AWS Architecture Blog). `on_attempt` gets each
    failed attempt that is tried again, before the wait. A run whose time is up, or would be after the wait, is not
    tried again, nor is one for which `spent_out`, given what the last attempt came to, tells of a budget that is spent.
    An exception between two attempts that `classify` names, such as a timeout, fails the run.
    """
    tries = _Tries(attempt, on_attempt, spent_out)
    retrying = _retrying(policy, tries)
    try:
        execution: Execution = retrying(tries.attempted)
    except BaseException as error:  # also Ctrl-C and a store that fails, which go on
        reason = classify(error) if classify is not None else None
        if reason is None or tries.last is None:
            raise
        execution = Execution(tries.cut_short(reason, error), error)
    return replace(execution, result=with_attempts(tries.told(execution.result), tries.failed, tries.begun))


@dataclass(slots=True)
class _Tries:
    """The attempts at one run: how many there were, what the last came to, and those that were tried again."""

    attempt: Callable[[], Execution]
    on_attempt: OnAttempt | None
    spent_out: SpentOut | None = None
    spent: str | None = None  # the budget that keeps the run from another attempt
    begun: int = 0
    ended: int = 0
    last: Execution | None = None
    failed: list[Attempt] = field(default_factory=list)

    def attempted(self) -> Execution:
        """Make an attempt."""
        self.begun += 1
        self.last = self.attempt()
        self.ended += 1
        return self.last

    def note(self, state: "RetryCallState") -> None:
        """Note that the last attempt is to be followed by another."""
        assert self.last is not None
        failed = _failed_attempt(self.last.result, state.attempt_number)
        self.failed.append(failed)
        if self.on_attempt is not None:
            self.on_attempt(failed)

    def may_not_spend(self, _: "RetryCallState") -> bool:
        """Return whether a budget is spent, and note which."""
        assert self.last is not None
        assert self.spent_out is not None
        self.spent = self.spent_out(self.last.result.spending)
        return self.spent is not None

    def told(self, result: RunResult) -> RunResult:
        """Return the result, which says why it is the last where a budget is to blame."""
        if self.spent is None:
            return result
        return replace(result, error_info=f"{result.error_info} (not tried again: {self.spent})")

    def cut_short(self, reason: str, error: BaseException) -> RunResult:
        """Return the result of a run that `error` ended between two attempts.

        What an attempt came to that is noted already is not said again: it would count twice.
        """
        assert self.last is not None
        result = self.last.result
        if len(self.failed) == self.ended:
            nothing: dict[str, Any] = {"outputs": {}, "evaluations": [], "events": [], "trace_refs": [], "metadata": {}}
            metrics = complete_metrics({}, [], [], 0.0)
            result = replace(result, latency_s=0.0, metrics=metrics, **nothing)
        return replace(
            result,
            status=RunStatus.FAILED,
            status_reason=str(reason),
            error_info=describe(error),
            traceback=trimmed_traceback(error),
        )


def with_attempts(result: RunResult, failed: Sequence[Attempt], begun: int) -> RunResult:
    """Return the result of a run of which `begun` attempts were made, with those that failed before the last one."""
    if not failed:
        return result
    spent = [attempt.spending for attempt in failed]
    return replace(
        result,
        events=[*map(_event, failed), *result.events],
        attempts=begun,
        lost_usd=sum(item.cost_usd for item in spent),
        lost_tokens=sum(item.tokens for item in spent),
        lost_s=sum(item.seconds for item in spent),
    )


def with_last_attempt(result: RunResult, failed: Sequence[Attempt], lasted_s: float | None) -> RunResult:
    """Return the result of a run that was lost in a further attempt, with what that one took: its seconds were spent.

    `lasted_s` is how long the run was under way with all its attempts, seconds; None if nobody knows.
    """
    result = with_attempts(result, failed, len(failed) + 1)
    return result if lasted_s is None else replace(result, latency_s=max(lasted_s - result.lost_s, 0.0))


def _retrying(policy: RunPolicy, tries: _Tries) -> "Retrying":
    from tenacity import (
        Retrying,
        retry_if_result,
        stop_after_attempt,
        stop_any,
        stop_before_delay,
        wait_exponential,
    )

    growing = wait_exponential(multiplier=policy.retry_wait_s, max=policy.retry_max_wait_s)
    # Not the global generator: agents must not notice, and workers seeded alike would move in step.
    jitter = random.SystemRandom()
    ends: list[Any] = [stop_after_attempt(policy.retries + 1)]
    if policy.timeout_s is not None:
        ends.append(stop_before_delay(policy.timeout_s))
    if tries.spent_out is not None:
        ends.append(tries.may_not_spend)
    return Retrying(
        retry=retry_if_result(lambda execution: _may_pass(execution, policy)),
        stop=stop_any(*ends),
        wait=lambda state: growing(state) * jitter.uniform(0.5, 1.0),
        sleep=time.sleep,
        before_sleep=tries.note,
        retry_error_callback=lambda _: tries.last,
    )


def _may_pass(execution: Execution, policy: RunPolicy) -> bool:
    """A run's own timeout is final, whatever its exception is derived from."""
    return execution.result.status_reason != StatusReason.TIMEOUT and policy.retries_after(execution.error)


def _failed_attempt(result: RunResult, number: int) -> Attempt:
    return Attempt(
        run_id=result.run_id,
        agent_id=result.agent_id,
        problem_id=result.problem_id,
        number=number,
        error_info=result.error_info or "",
        spending=result.spending,
        started=result.start_time or "",
    )


def _event(failed: Attempt) -> dict[str, Any]:
    """Return a failed attempt as an event of the run, which is no step of the agent's."""
    spending = failed.spending
    return {
        "event_type": ATTEMPT_FAILED,
        "text": failed.error_info,
        "timestamp": failed.started,
        "meta": {
            "attempt": failed.number,
            "error_type": failed.error_info.partition(":")[0],
            "duration_s": spending.seconds,
            "cost_usd": spending.cost_usd,
            "tokens": spending.tokens,
        },
    }
