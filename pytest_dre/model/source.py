"""A study together with where it was written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_dre.errors import Fault, StudyError
from pytest_dre.model.study import Study

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Line and column (both from 1) of each key of a study file, by key path."""

    file: str | None = None
    marks: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def locate(self, fault: Fault) -> Fault:
        """Return `fault` with the place of its key, or of the nearest key above that the file has."""
        if fault.line is not None or not self.marks:
            return fault if fault.file or not self.file else replace(fault, file=self.file)
        path = fault.path
        while path and path not in self.marks:
            path = path[:-1]
        line, column = self.marks.get(path, (1, 1))
        return replace(fault, file=self.file, line=line, column=column)

    def error(self, *faults: Fault) -> StudyError:
        """Return the error for `faults`, each with its place, in the order of the file."""
        located = [self.locate(fault) for fault in faults]
        return StudyError(sorted(located, key=lambda fault: (fault.line or 0, fault.column or 0)))


@dataclass(frozen=True, slots=True)
class StudySource:
    """A loaded study, the file it came from (None if written in Python) and the places of its keys."""

    study: Study
    path: Path | None = None
    source_map: SourceMap = field(default_factory=SourceMap)

    @property
    def base_dir(self) -> Path:
        """What relative references and paths of the study are relative to."""
        return self.path.parent if self.path else Path.cwd()
