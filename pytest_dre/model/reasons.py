"""Why a run failed, was skipped or was not started: the words of `status_reason`, of summaries and manifests."""

import enum


class StatusReason(enum.StrEnum):
    """The taxonomy of failures. The first group fails a run; of the second, the run stays missing."""

    AGENT_ERROR = "agent_error"  # the agent raised, or says it did not succeed
    EVALUATION_ERROR = "evaluation_error"  # the evaluator raised, or gave what is no row
    INVALID_OUTPUT = "invalid_output"  # not a map, not serialisable, a demanded outcome missing or no number
    TIMEOUT = "timeout"  # longer than limits.timeout_s
    CRASHED = "crashed"  # its process died
    DEPENDENCY_MISSING = "dependency_missing"  # a module that the agent or evaluator imports is not installed
    SEED_ERROR = "seed_error"  # a pytest_dre_seed hook failed
    SETUP_ERROR = "setup_error"  # a fixture or hook failed before the run
    NOT_RECORDED = "not_recorded"  # something else kept its result from being made
    SKIPPED = "skipped"  # by a mark or hook of the user's

    INTERRUPTED = "interrupted"  # Ctrl-C while it ran
    BUDGET = "budget"  # a budget was spent before it started
    FAIL_FAST = "fail_fast"  # an earlier run failed, and the study says fail_fast
    RUNNING_ELSEWHERE = "running_elsewhere"  # another session runs the study
    STORE_FAILED = "store_failed"  # results could not be stored any more
    NOT_NEEDED = "not_needed"  # every gate that it counts for is decided, by looks or curtailment
    STALE = "stale"  # only results of other versions are stored, and others were asked for
