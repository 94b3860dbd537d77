"""The manifest: what an artifact directory holds and how it came about."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.analysis.missing import OutcomeGaps
from pytest_dre.analysis.unstarted import TotalSpending
from pytest_dre.artifacts.csvfile import FileRecord
from pytest_dre.artifacts.provenance import Provenance
from pytest_dre.artifacts.schema import OutcomeColumns
from pytest_dre.artifacts.tally import LISTED, Tally
from pytest_dre.canonical import canonical_value
from pytest_dre.model.hypotheses import OutcomeSpec
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


@dataclass(frozen=True, slots=True)
class StoredBeside:
    """What a store holds beside the results that count.

    Attributes:
        stale: Planned runs with results of another agent, problem or seed only, in plan order.
        stale_included: Whether these results were exported all the same.
        orphans: Stored runs that are not planned any more, sorted.
        spending: What the study came to in all sessions; None if that is not known.
    """

    stale: tuple[str, ...] = ()
    stale_included: bool = False
    orphans: tuple[str, ...] = ()
    spending: TotalSpending | None = None


NO_COLUMNS = OutcomeColumns({}, {}, {})


def build_manifest(
    study: Study,
    tally: Tally,
    outcomes: Iterable[OutcomeGaps],
    files: Mapping[str, FileRecord],
    provenance: Provenance,
    *,
    generated_at: str,
    beside: StoredBeside,
    columns: OutcomeColumns = NO_COLUMNS,
) -> dict[str, Any]:
    """Return the manifest as JSON data.

    `outcomes` are those that can be read, with how many runs lack them; `columns` those of the outcome table.
    """
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
        "missing_reasons": dict(sorted(tally.missing_reasons.items())),
        "failure_reasons": dict(sorted(tally.failure_reasons.items())),
        "failures": _failures(tally),
        "retried_runs": tally.retried,
        "missing_outcomes": _missing_outcomes(study, outcomes),
        "outcome_columns": dict(columns.outcomes),
        "spending": _spending(beside.spending),
        "stale_runs": len(beside.stale),
        "stale_run_ids": list(beside.stale[:LISTED]),
        "stale_included": beside.stale_included,
        "orphan_runs": len(beside.orphans),
        "orphan_run_ids": list(beside.orphans[:LISTED]),
        "seed_policy": study.seed_policy.model_dump(),
        "agent_versions": _sorted_versions(tally.agent_versions),
        "problem_versions": _sorted_versions(tally.problem_versions),
        "provenance": _provenance_data(provenance, tally),
        "files": {name: _file_data(record) for name, record in files.items()},
    }


def with_former_date(manifest: dict[str, Any], former: Path) -> dict[str, Any]:
    """Return the manifest, dated as the file `former` if that differs in nothing else.

    So to export the same results once more gives the same bytes.
    """
    try:
        before = json.loads(former.read_text("utf-8"))
        date = before["generated_at"]
    except (OSError, ValueError, LookupError, TypeError):  # none, or none of ours
        return manifest
    dated = {**manifest, "generated_at": date}
    return dated if canonical_value(dated) == before else manifest


def _failures(tally: Tally) -> list[dict[str, Any]]:
    return [
        {"reason": reason, "agent_id": agent or None, "condition_id": condition, "runs": count}
        for (reason, agent, condition), count in sorted(tally.failures.items())
    ]


def _missing_outcomes(study: Study, outcomes: Iterable[OutcomeGaps]) -> dict[str, dict[str, Any]]:
    counted = {gaps.reader.name: gaps for gaps in outcomes}
    return {outcome.name: _outcome_data(outcome, counted.get(outcome.name)) for outcome in study.outcomes}


def _outcome_data(outcome: OutcomeSpec, gaps: OutcomeGaps | None) -> dict[str, Any]:
    """Return what is said of an outcome; nulls where it could not be read."""
    policy = outcome.missing_data_policy
    if gaps is None:
        return {"policy": policy, "missing": None, "imputed": None, "value": None}
    value = gaps.value if gaps.imputed else None
    return {"policy": policy, "missing": gaps.missing, "imputed": gaps.imputed, "value": value}


def _spending(spending: TotalSpending | None) -> dict[str, Any] | None:
    if spending is None:
        return None
    return {"cost_usd": spending.cost_usd, "tokens": spending.tokens, "seconds": spending.seconds}


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
