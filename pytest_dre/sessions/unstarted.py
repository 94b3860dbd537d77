"""Runs that yielded nothing: not started, or lost with the process that carried them out."""

from collections.abc import Mapping

from pytest_dre.execution.fingerprints import VersionKey, fingerprint
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus


def unstarted_result(
    run: RunSpec,
    versions: Mapping[VersionKey, str],
    status: RunStatus,
    reason: str,
    message: str,
    traceback: str | None = None,
) -> RunResult:
    """Return the result of a run that yielded nothing; `traceback` tells where it was held, if that is known."""
    return RunResult.of(
        run,
        status,
        status_reason=reason,
        error_info=message,
        traceback=traceback,
        fingerprint=fingerprint(run, versions),
    )
