"""Whether what a run has come to is accepted as a success: one rule for pytest sessions and for `run_study`."""

from collections.abc import Sequence
from dataclasses import replace

from pytest_dre.analysis.missing import lacking
from pytest_dre.analysis.outcomes import OutcomeReader
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunResult, RunStatus

_OF_ITS_CODE = (StatusReason.AGENT_ERROR, StatusReason.EVALUATION_ERROR, StatusReason.INVALID_OUTPUT)


def accepted(
    result: RunResult, *, limit_s: float | None, demanded: Sequence[OutcomeReader], interrupted: bool = False
) -> RunResult:
    """Return the result, failed if it came too late or lacks an outcome that the study demands.

    A failure of the agent's that came of its timeout is a timeout.

    The time that counts is the last attempt's, `latency_s`.

    Args:
        result: Of a run that was carried out.
        limit_s: Seconds it may take, None for no limit.
        demanded: The outcomes with `missing_data_policy: fail`.
        interrupted: Whether the timeout struck while the run was under way. An agent may swallow its exception, or
            raise another; what it returns then is no answer that it came to in time.
    """
    if interrupted and result.status_reason in _OF_ITS_CODE:
        return _failed(result, StatusReason.TIMEOUT, f"Timeout: {_time_was_up(limit_s)}: {result.error_info}")
    if result.status is not RunStatus.SUCCESS:
        return result
    late = _lateness(result.latency_s or 0.0, limit_s, interrupted=interrupted)
    if late is not None:
        return _failed(result, StatusReason.TIMEOUT, late)
    missing = lacking(demanded, result) if demanded else None
    return result if missing is None else _failed(result, StatusReason.INVALID_OUTPUT, missing)


def _lateness(took_s: float, limit_s: float | None, *, interrupted: bool) -> str | None:
    if interrupted:
        return f"Timeout: the agent went on when {_time_was_up(limit_s)}"
    if limit_s is not None and took_s > limit_s:
        return f"Timeout: the run took {took_s:.3g} s, limits.timeout_s is {limit_s:g}"
    return None


def _time_was_up(limit_s: float | None) -> str:
    return "its time was up" if limit_s is None else f"its time was up (limits.timeout_s is {limit_s:g})"


def _failed(result: RunResult, reason: StatusReason, message: str) -> RunResult:
    return replace(result, status=RunStatus.FAILED, status_reason=str(reason), error_info=message)
