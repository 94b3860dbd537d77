"""Where a study's store and artifacts are."""

import re
from pathlib import Path

from pytest_dre.model.study import Study


def output_directory(study: Study, root: Path, base: Path | None = None) -> Path:
    """Return the absolute output directory: `base`/<study_id> if a base is given, else the study's own in `root`."""
    if base is not None:
        return (root / base / directory_name(study.study_id)).resolve()
    own = study.output_dir or f"artifacts/{directory_name(study.study_id)}"
    return (root / own).resolve()


def directory_name(study_id: str) -> str:
    """Return the study's id as a name: it may hold any character, a directory may not climb out of its parent."""
    return re.sub(r"[^\w.=+ -]", "_", study_id).lstrip(".") or "_"
