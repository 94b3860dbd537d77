"""The manifest: what an artifact directory holds and how it came about."""

from collections.abc import Mapping
from typing import Any

from pytest_dre.artifacts.csvfile import FileRecord
from pytest_dre.artifacts.provenance import Provenance
from pytest_dre.artifacts.tally import Tally
from pytest_dre.model.runs import RunStatus
from pytest_dre.model.study import SCHEMA_VERSION, Study

REQUIRED_KEYS: Mapping[str, type] = {
    "schema_version": str,
    "study_id": str,
    "generated_at": str,
    "status_counts": dict,
    "model_ids": list,
    "run_count": int,
    "provenance": dict,
    "files": dict,
}


def build_manifest(
    study: Study, tally: Tally, files: Mapping[str, FileRecord], provenance: Provenance, generated_at: str
) -> dict[str, Any]:
    """Return the manifest as JSON data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "study_id": study.study_id,
        "generated_at": generated_at,
        "status_counts": {status.value: tally.statuses[status] for status in RunStatus},
        "model_ids": sorted(tally.models),
        "run_count": tally.results,
        "complete": tally.complete,
        "planned_runs": tally.planned,
        "completed_runs": tally.statuses[RunStatus.SUCCESS],
        "failed_runs": tally.statuses[RunStatus.FAILED],
        "skipped_runs": tally.statuses[RunStatus.SKIPPED],
        "missing_runs": tally.missing,
        "missing_run_ids": list(tally.missing_run_ids),
        "failure_reasons": dict(sorted(tally.failure_reasons.items())),
        "seed_policy": study.seed_policy.model_dump(),
        "agent_versions": _sorted_versions(tally.agent_versions),
        "problem_versions": _sorted_versions(tally.problem_versions),
        "provenance": _provenance_data(provenance, tally),
        "files": {name: _file_data(record) for name, record in files.items()},
    }


def _provenance_data(provenance: Provenance, tally: Tally) -> dict[str, Any]:
    return {
        "versions": dict(provenance.versions),
        "other_versions": _sorted_versions(tally.other_versions),
        "platform": provenance.platform,
        "git": {"commit": provenance.git_commit, "dirty": provenance.git_dirty},
        "study": dict(provenance.study),
    }


def _sorted_versions(versions: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {subject: sorted(versions[subject]) for subject in sorted(versions)}


def _file_data(record: FileRecord) -> dict[str, Any]:
    data: dict[str, Any] = {"sha256": record.sha256, "bytes": record.size}
    return data if record.rows is None else {**data, "rows": record.rows}
