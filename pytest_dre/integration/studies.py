"""Studies as the session knows them: loaded, planned, named, each with an output directory of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_dre.designs.naming import run_names
from pytest_dre.designs.planning import plan_study
from pytest_dre.errors import Fault, StudyError
from pytest_dre.integration.settings import Settings
from pytest_dre.loading.reading import load_study
from pytest_dre.model.runs import Plan, RunSpec
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study
from pytest_dre.store.database import STORE_NAME


@dataclass(frozen=True)
class PlannedStudy:
    """A study, its plan, the item name of each run, and where it writes."""

    path: Path
    source: StudySource
    plan: Plan
    names: tuple[str, ...]
    output_dir: Path

    @property
    def study(self) -> Study:
        """The study itself."""
        return self.source.study

    @property
    def store_path(self) -> Path:
        """The run store's file."""
        return self.output_dir / STORE_NAME

    @cached_property
    def runs_by_name(self) -> dict[str, RunSpec]:
        """The planned runs by item name."""
        return dict(zip(self.names, self.plan.runs, strict=True))


class StudyRegistry:
    """The studies of a session, each loaded once a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._by_path: dict[Path, PlannedStudy] = {}
        self._by_output: dict[Path, Path] = {}

    def __iter__(self) -> Iterator[PlannedStudy]:
        return iter(self._by_path.values())

    def load(self, path: Path) -> PlannedStudy:
        """Return the study at `path`. Raises StudyError with all its faults."""
        if path not in self._by_path:
            self._by_path[path] = self._plan(path)
        return self._by_path[path]

    def _plan(self, path: Path) -> PlannedStudy:
        source = load_study(path, shown_as=_shown(path, self._settings.root))
        output_dir = self._settings.output_dir(source.study).resolve()
        self._claim(output_dir, path, source)
        try:
            plan = plan_study(source.study, source.base_dir)
        except StudyError as error:
            raise source.source_map.error(*error.faults) from None
        return PlannedStudy(path, source, plan, tuple(run_names(source.study, plan)), output_dir)

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
