"""Baselines: outcomes of a study that are kept, for later ones to be compared with."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pytest_dre._version import __version__
from pytest_dre.analysis.gates.baseline import Baseline, outcome_digest
from pytest_dre.artifacts.bundle import verify_artifacts
from pytest_dre.artifacts.outcome_reading import read_outcomes, unpacked
from pytest_dre.artifacts.provenance import gather_provenance
from pytest_dre.artifacts.reading import TypedRow, read_artifacts
from pytest_dre.artifacts.schema import MANIFEST_FILE
from pytest_dre.errors import DreError, StudyError
from pytest_dre.loading import parse_study
from pytest_dre.model.runs import RunStatus
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow
from pytest_dre.references import did_you_mean
from pytest_dre.sessions.directories import directory_name
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.snapshots import Snapshot, from_text, to_text

DEFAULT_DIRECTORY = ".dre/baselines"
DEFAULT_NAME = "main"
SUFFIX = ".baseline.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}", re.ASCII)
_OVER = (RunStatus.SUCCESS.value, RunStatus.FAILED.value)


class MissingBaselineError(DreError):
    """There is no baseline of that name, and no file or directory that holds one of the study either."""


def baseline_path(directory: Path, study_id: str, name: str) -> Path:
    """Return where the baseline of a study is kept. Raises DreError for a name that is no safe file name."""
    if not _NAME.fullmatch(name):
        hint = "use letters, digits and . _ + -, a letter or digit first, at most 100 of them"
        raise DreError(f"{name!r:.120} is no name of a baseline; {hint}")
    return directory / directory_name(study_id) / f"{name}{SUFFIX}"


def save_baseline(
    planned: PlannedStudy,
    rows: Sequence[OutcomeRow],
    directory: Path,
    name: str = DEFAULT_NAME,
    *,
    versions: Mapping[tuple[str, str], str] | None = None,
    created: datetime | None = None,
) -> Path:
    """Keep the study's outcomes as a baseline and return its file. An older one of that name is replaced.

    The file is whole or not there. Raises DreError, and leaves what was there, if runs are missing, skipped or stale,
    if none has an outcome, or if the file cannot be written.

    Args:
        planned: The study.
        rows: Its outcomes now, without results of other versions (see `stored_rows`).
        directory: Where baselines of all studies are.
        name: What the baseline is called.
        versions: ("agent" or "problem", id) → version the runs were made with.
        created: Now, unless given.
    """
    study = planned.study
    path = baseline_path(directory, study.study_id, name)
    _refuse_unfit(study.study_id, rows)
    provenance = gather_provenance(planned.source.base_dir, study)
    snapshot = Snapshot(
        name=name,
        study_id=study.study_id,
        rows=rows,
        created=(created or datetime.now(UTC)).isoformat(timespec="seconds"),
        commit=provenance.git_commit,
        dirty=provenance.git_dirty,
        package_version=__version__,
        versions={" ".join(map(str, key)): version for key, version in (versions or {}).items()},
        outcomes=_definitions(study),
    )
    try:
        _refuse_other_study(path, study.study_id)
        _write(path, to_text(snapshot))
    except OSError as error:
        raise DreError(f"{path}: the baseline cannot be written ({error.strerror or error})") from error
    return path


def load_baseline(where: str, study_id: str, directory: Path, root: Path | None = None) -> Baseline:
    """Return a baseline of the study.

    `where` is the name of one in `directory`, or the path (relative to `root`, else the working directory) of a
    snapshot's file, of an exported directory, of a directory of such directories, or of a bundle (`.tar.gz`). Raises
    MissingBaselineError if there is none of them; DreError if it is damaged or of another study.
    """
    named = baseline_path(directory, study_id, where) if _NAME.fullmatch(where) else None
    if named is not None and named.is_file():
        return _of_snapshot(_read_snapshot(named, study_id))
    path = (root or Path()) / where
    if path.is_dir():
        return _of_artifacts(_artifact_directory(path, study_id, where), study_id, where)
    if path.is_file():
        if path.name.endswith(".json"):
            return _of_snapshot(_read_snapshot(path, study_id))
        return _of_artifacts(path, study_id, where)
    raise MissingBaselineError(_nothing_found(where, study_id, directory))


def baseline_names(directory: Path, study_id: str) -> list[str]:
    """Return the names of the study's baselines, sorted."""
    found = (directory / directory_name(study_id)).glob(f"*{SUFFIX}")
    return sorted(path.name.removesuffix(SUFFIX) for path in found)


def _definitions(study: Study) -> dict[str, str]:
    return {outcome.name: outcome_digest(outcome) for outcome in study.outcomes}


def _refuse_unfit(study_id: str, rows: Sequence[OutcomeRow]) -> None:
    counts = Counter("stale" if row.stale else row.status for row in rows if row.stale or row.status not in _OVER)
    if counts:
        found = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        hint = (
            "carry them out with --dre-resume --dre-save-baseline, over the whole study (then no gate stops it early)"
        )
        raise DreError(f"no baseline of {study_id!r} was saved: of its {len(rows)} runs {found}; {hint}")
    if not any(value is not None for row in rows for value in row.values.values()):
        raise DreError(f"no baseline of {study_id!r} was saved: none of its {len(rows)} runs has an outcome")


def _refuse_other_study(path: Path, study_id: str) -> None:
    """Two ids may give one directory; neither study may overwrite the other's baseline. A damaged one is replaced."""
    try:
        other = _read(path).study_id
    except (DreError, FileNotFoundError):
        return
    if other != study_id:
        raise DreError(f"{path}: it is a baseline of the study {other!r:.120}; give this one another name")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> Snapshot:
    return from_text(path.read_bytes().decode("utf-8", "replace"), str(path))


def _read_snapshot(path: Path, study_id: str) -> Snapshot:
    try:
        snapshot = _read(path)
    except OSError as error:
        raise DreError(f"{path}: the baseline cannot be read ({error.strerror or error})") from error
    _same_study(str(path), snapshot.study_id, study_id)
    return snapshot


def _of_snapshot(snapshot: Snapshot) -> Baseline:
    return Baseline(snapshot.name, tuple(snapshot.rows), dict(snapshot.outcomes), dict(snapshot.versions))


def _artifact_directory(path: Path, study_id: str, where: str) -> Path:
    """Return the directory itself if it holds artifacts, else the study's one in it."""
    for directory in (path, path / directory_name(study_id)):
        if (directory / MANIFEST_FILE).exists():
            return directory
    hint = "give a study's output directory, or one that holds it"
    raise MissingBaselineError(f"{where}: there are no artifacts of the study {study_id!r:.120} in it; {hint}")


def _of_artifacts(path: Path, study_id: str, where: str) -> Baseline:
    problems = verify_artifacts(path)
    if problems:
        others = len(problems) - 1
        more = f" (and {others} more problem{'s' if others > 1 else ''})" if others else ""
        hint = "give a study's output directory, a bundle of one, or export it again"
        raise DreError(f"the baseline {where} cannot be used: {problems[0]}{more}; {hint}")
    with unpacked(path) as directory:
        artifacts = read_artifacts(directory)
        _same_study(where, str(artifacts.manifest["study_id"]), study_id)
        rows = read_outcomes(directory).rows
    try:
        outcomes = _definitions(parse_study(artifacts.study_yaml).study)
    except StudyError:  # of another release: its values are there all the same
        outcomes = {}
    return Baseline(where, rows, outcomes, _versions(artifacts.runs))


def _versions(runs: Iterable[TypedRow]) -> dict[str, str]:
    """Return the versions that the exported results were made with, as far as runs.csv tells them."""
    found = {}
    for row in runs:
        for kind in ("agent", "problem"):
            if row.get(f"{kind}_version") and not row.get("stale"):
                found[f"{kind} {row[f'{kind}_id']}"] = str(row[f"{kind}_version"])
    return found


def _same_study(where: str, found: str, study_id: str) -> None:
    if found != study_id:
        hint = "give a baseline of the same study"
        raise DreError(f"{where}: it holds the study {found!r:.120}, not {study_id!r:.120}; {hint}")


def _nothing_found(where: str, study_id: str, directory: Path) -> str:
    names = baseline_names(directory, study_id)
    saving = f"save one with --dre-save-baseline={where if _NAME.fullmatch(where) else DEFAULT_NAME}"
    hint = did_you_mean(where, names) if names else saving
    place = directory / directory_name(study_id)
    return f"there is no baseline {where!r:.200} of the study {study_id!r:.120} in {place}; {hint}"
