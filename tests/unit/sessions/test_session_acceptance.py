"""What a run has come to is accepted, or fails for its time or for want of an outcome."""

from dataclasses import replace

import pytest

from pytest_dre.analysis.missing import demanded_outcomes
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.model.study import Study
from pytest_dre.sessions.acceptance import accepted

RESULT = RunResult(
    study_id="s",
    condition_id="c",
    run_id="r",
    replicate=1,
    agent_id="a",
    problem_id=None,
    seed=1,
    status=RunStatus.SUCCESS,
    latency_s=1.0,
    metrics={"primary_outcome": 2.5},
)
OUTCOME = {
    "name": "y",
    "source_table": "runs",
    "column": "primary_outcome",
    "aggregation": "mean",
    "missing_data_policy": "fail",
}
DEMANDED = demanded_outcomes(Study.model_validate({"study_id": "s", "title": "T", "outcomes": [OUTCOME]}))


@pytest.mark.parametrize("limit_s", [None, 1.0, 1.5])
def test_a_success_in_time_with_all_outcomes_is_the_same_result(limit_s):
    assert accepted(RESULT, limit_s=limit_s, demanded=DEMANDED) is RESULT


def test_the_last_attempt_s_time_counts_and_no_other():
    retried = replace(RESULT, attempts=3, lost_s=100.0)
    assert accepted(retried, limit_s=1.0, demanded=()) is retried


def test_too_long_an_attempt_is_a_timeout_that_keeps_its_outputs():
    late = accepted(replace(RESULT, outputs={"text": "late"}), limit_s=0.5, demanded=DEMANDED)
    assert (late.status, late.status_reason) == (RunStatus.FAILED, "timeout")
    assert late.error_info == "Timeout: the run took 1 s, limits.timeout_s is 0.5"
    assert late.outputs == {"text": "late"}


@pytest.mark.parametrize(
    ("limit_s", "said"),
    [(0.5, " (limits.timeout_s is 0.5)"), (5.0, " (limits.timeout_s is 5)"), (None, "")],
)
def test_an_interruption_that_was_swallowed_is_a_timeout_whatever_the_attempt_took(limit_s, said):
    result = accepted(RESULT, limit_s=limit_s, demanded=(), interrupted=True)
    assert (result.status, result.status_reason) == (RunStatus.FAILED, "timeout")
    assert result.error_info == f"Timeout: the agent went on when its time was up{said}"


def test_a_demanded_outcome_that_is_missing_is_an_invalid_output():
    result = accepted(replace(RESULT, metrics={}), limit_s=None, demanded=DEMANDED)
    assert (result.status, result.status_reason) == (RunStatus.FAILED, "invalid_output")
    assert result.error_info == "the outcome 'y' is missing (missing_data_policy: fail)"


def test_a_run_without_a_known_time_is_not_late():
    unknown = replace(RESULT, latency_s=None)
    assert accepted(unknown, limit_s=0.5, demanded=()) is unknown


@pytest.mark.parametrize("reason", ["agent_error", "evaluation_error", "invalid_output"])
def test_a_failure_that_an_interruption_was_turned_into_is_a_timeout(reason):
    failed = replace(RESULT, status=RunStatus.FAILED, status_reason=reason, error_info="ValueError: x", traceback="T")
    result = accepted(failed, limit_s=0.5, demanded=(), interrupted=True)
    assert (result.status, result.status_reason, result.traceback) == (RunStatus.FAILED, "timeout", "T")
    assert result.error_info == "Timeout: its time was up (limits.timeout_s is 0.5): ValueError: x"


@pytest.mark.parametrize(
    ("status", "reason", "interrupted"),
    [
        (RunStatus.FAILED, "agent_error", False),
        (RunStatus.FAILED, "timeout", True),
        (RunStatus.FAILED, "dependency_missing", True),
        (RunStatus.SKIPPED, "skipped", True),
    ],
)
def test_what_is_no_success_stays_as_it_is(status, reason, interrupted):
    result = replace(RESULT, status=status, status_reason=reason, metrics={})
    assert accepted(result, limit_s=0.5, demanded=DEMANDED, interrupted=interrupted) is result
