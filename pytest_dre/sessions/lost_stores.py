"""Artifacts whose run store is gone: they are the last that is known of their results."""

import json
from datetime import UTC, datetime
from pathlib import Path

from pytest_dre.artifacts.schema import BUNDLE_FILE, CANONICAL_FILES, MANIFEST_FILE, MIRROR_FILE, OWN_FILES
from pytest_dre.artifacts.verdicts import ANALYSIS_FILES, GATES_FILE
from pytest_dre.errors import StoreError
from pytest_dre.sessions.planned import PlannedStudy

_OTHERS = (*OWN_FILES, MIRROR_FILE, BUNDLE_FILE, GATES_FILE, *ANALYSIS_FILES)


def see_to_lost_store(planned: PlannedStudy, *, resume: bool) -> str | None:
    """See to it that the artifacts of results that no store holds are not overwritten.

    Without `resume` they are moved into a directory of their own beside the new store, which is told. Returns None
    where there is a store or nothing that it held. Raises StoreError with `resume`: there is nothing to replay, and all
    runs would be paid for again; OSError.
    """
    results = _results_without_store(planned)
    if not results:
        return None
    directory = planned.output_dir
    runs = "1 result" if results == 1 else f"{results} results"
    if resume:
        raise StoreError(
            f"the run store {planned.store_path} is gone: {directory / MANIFEST_FILE} tells of {runs} that it held, and"
            " without it none can be replayed; put it back, or run without resuming: the artifacts are kept aside then,"
            " and all runs are carried out again"
        )
    kept = _free_directory(directory)
    for name in (*_OTHERS, *(name for name in CANONICAL_FILES if name != MANIFEST_FILE), MANIFEST_FILE):
        if (directory / name).is_file():
            (directory / name).replace(kept / name)
    return f"the run store was gone, and with it {runs}: their artifacts are kept in {kept.name}"


def _results_without_store(planned: PlannedStudy) -> int:
    """Return how many results the artifacts tell of, 0 if there is a store or what is left of one."""
    manifest = planned.output_dir / MANIFEST_FILE
    if any(planned.output_dir.glob(f"{planned.store_path.name}*")) or not manifest.is_file():
        return 0
    try:
        data = json.loads(manifest.read_text("utf-8"))
        is_ours = data["study_id"] == planned.study.study_id
        return int(data["run_count"]) if is_ours else 0
    except (OSError, ValueError, TypeError, KeyError):  # no manifest of ours
        return 0


def _free_directory(directory: Path) -> Path:
    stamp, number = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), 1
    while True:
        path = directory / f"without-store-{stamp}{'' if number == 1 else f'-{number}'}"
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path
