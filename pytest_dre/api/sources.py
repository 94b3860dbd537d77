"""What callers may give as a study."""

import os
from pathlib import Path

from pytest_dre.errors import DreError
from pytest_dre.loading import reading, writing
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study

AnyStudy = Study | StudySource | str | os.PathLike[str]


def source_of(study: AnyStudy) -> StudySource:
    """Return the study with the place it came from.

    References and paths of a study written in Python are relative to the working directory, those of a study file to
    the file. Raises StudyError for a file with faults, DreError for what is no study.
    """
    match study:
        case Study():
            return StudySource(study)
        case StudySource():
            return study
        case str() | os.PathLike():
            return reading.load_study(Path(study).absolute(), shown_as=os.fspath(study))
    raise DreError(f"{type(study).__name__} is no study; give a Study or the path of a study file")


def load_study(path: str | os.PathLike[str]) -> Study:
    """Return the study of a YAML or JSON file. Raises StudyError with every fault, each with its place.

    The study no longer knows its file: where it has relative references or paths, give the path itself to `run_study`.
    """
    return source_of(path).study


def write_study(study: Study, path: str | os.PathLike[str]) -> None:
    """Write the study as YAML or JSON, by the path's suffix; the file is whole or not there. Raises DreError."""
    writing.write_study(study, Path(path))
