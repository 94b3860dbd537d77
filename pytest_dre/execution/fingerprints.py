"""Fingerprints: the hash of all that, if changed, makes a run's result stale."""

import hashlib
from collections.abc import Mapping

from pytest_dre.model.runs import UNKNOWN, RunSpec

FINGERPRINT_DIGITS = 16

VersionKey = tuple[str, str]
RUNNER: VersionKey = ("runner", "")


def agent_key(run: RunSpec) -> VersionKey:
    """Return what the version of the run's agent, or of its study's runner, is kept under."""
    return RUNNER if run.agent_id is None else ("agent", run.agent_id)


def versions_of(run: RunSpec, versions: Mapping[VersionKey, str]) -> dict[str, str]:
    """Return the versions that one run depends on: of its agent (or the runner), and of its problem if it has one."""
    key = agent_key(run)
    found = {key[0]: versions.get(key, UNKNOWN)}
    if run.problem_id is not None:
        found["problem"] = versions.get(("problem", run.problem_id), UNKNOWN)
    return found


def fingerprint(run: RunSpec, versions: Mapping[VersionKey, str]) -> str:
    """Return the first 16 hex digits of a SHA-256 over the run's id, seed and versions.

    The run's id covers the study, its condition, replicate, agent and problem.
    """
    text = "|".join((run.run_id, str(run.seed), *versions_of(run, versions).values()))
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]
