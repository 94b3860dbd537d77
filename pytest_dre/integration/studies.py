"""The studies of a session."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pytest_dre.errors import Fault
from pytest_dre.imports import forget
from pytest_dre.integration.settings import Settings
from pytest_dre.loading.overrides import override_limits
from pytest_dre.loading.reading import load_study
from pytest_dre.model.source import StudySource
from pytest_dre.sessions.planned import PlannedStudy, plan_source


class StudyRegistry:
    """Loads each study once a process, and sees that each has an output directory of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._by_path: dict[Path, PlannedStudy] = {}
        self._by_output: dict[Path, Path] = {}
        forget()  # what an earlier session of this process has imported

    def __iter__(self) -> Iterator[PlannedStudy]:
        return iter(self._by_path.values())

    def paths(self) -> set[Path]:
        """Return the files of the studies loaded so far."""
        return set(self._by_path)

    def load(self, path: Path) -> PlannedStudy:
        """Return the study at `path`. Raises StudyError with all its faults."""
        if path not in self._by_path:
            source = load_study(path, shown_as=_shown(path, self._settings.root))
            source = replace(source, study=override_limits(source.study, self._settings.limits))
            output_dir = self._settings.output_dir(source)
            self._claim(output_dir, path, source)
            self._by_path[path] = plan_source(source, output_dir)
        return self._by_path[path]

    def _claim(self, output_dir: Path, path: Path, source: StudySource) -> None:
        """Two studies in one directory would mix their results."""
        owner = self._by_output.setdefault(output_dir, path)
        if owner != path:
            key = "output_dir" if source.study.output_dir else "study_id"
            fault = Fault(
                f"{_shown(owner, self._settings.root)} writes to {_shown(output_dir, self._settings.root)} too",
                f"give this study another {key}",
                (key,),
            )
            raise source.source_map.error(fault)


def _shown(path: Path, root: Path) -> str:
    """Return the path as users write it: relative to the rootdir where it is below."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
