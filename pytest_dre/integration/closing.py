"""The end of a session: artifacts of every study that it ran."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_dre.artifacts.export import export_study
from pytest_dre.artifacts.provenance import gather_provenance
from pytest_dre.errors import DreError
from pytest_dre.execution.fingerprints import fingerprint
from pytest_dre.integration.reports import dre_data
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.studies import PlannedStudy, StudyRegistry
from pytest_dre.loading.writing import dump_yaml
from pytest_dre.model.runs import RunResult
from pytest_dre.reporting.statistics import StudyTally, tally
from pytest_dre.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class ClosedStudy:
    """What is known of a study at the end of the session.

    Attributes:
        planned: The study.
        tally: What became of its runs, over all sessions.
        stale: Planned runs of which only results of another agent, problem or seed are stored.
        orphans: Stored runs that are not planned any more.
        error: Why its artifacts were not written, "" if they were.
    """

    planned: PlannedStudy
    tally: StudyTally | None
    stale: int = 0
    orphans: int = 0
    error: str = ""


class StoredResults:
    """The results of a study that count, in plan order, read from the store one at a time, as often as asked."""

    def __init__(self, planned: PlannedStudy, store: RunStore) -> None:
        self._planned = planned
        self._store = store

    def __iter__(self) -> Iterator[RunResult]:
        versions = self._store.versions()
        keys = ((run.run_id, fingerprint(run, versions)) for run in self._planned.plan.runs)
        return self._store.results(keys)


class Exporter:
    """Writes the artifacts of each study that ran or was replayed, also after an interruption."""

    def __init__(self, settings: Settings, registry: StudyRegistry, config: pytest.Config) -> None:
        self._settings = settings
        self._registry = registry
        self._config = config
        self._touched: dict[Path, set[str]] = {}  # study → run ids replayed
        self.closed: list[ClosedStudy] = []

    def touch(self, path: Path) -> None:
        """Note that the study has something to export."""
        self._touched.setdefault(path, set())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which studies have results of this session, and which were replayed."""
        data = dre_data(report)
        if data is None:
            return
        self.touch(Path(data["study"]))
        if data["cached"]:
            self._touched[Path(data["study"])].add(data["run_id"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Export; xdist has stopped its workers by now, so all that was recorded is in."""
        for path, cached in self._touched.items():
            closed = self._close(path, cached)
            self.closed.append(closed)
            if closed.error and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _close(self, path: Path, cached: set[str]) -> ClosedStudy:
        planned = self._registry.load(path)
        try:
            store = RunStore.existing(planned.store_path, planned.study.study_id)
            if store is None:
                return ClosedStudy(planned, None)
            with closing(store):
                return self._export(planned, store, cached)
        except DreError as error:
            return ClosedStudy(planned, None, error=str(error))

    def _export(self, planned: PlannedStudy, store: RunStore, cached: set[str]) -> ClosedStudy:
        results = StoredResults(planned, store)
        export_study(
            planned.study,
            planned.plan,
            results,
            planned.output_dir,
            study_yaml=dump_yaml(planned.study),
            provenance=gather_provenance(planned.source.base_dir, planned.study),
            sqlite=self._settings.sqlite,
            bundle=self._settings.bundle,
        )
        counted = tally(planned.plan, results, cached)
        self._call_export_hook(planned, results)
        stale, orphans = _left_out(planned, store)
        return ClosedStudy(planned, counted, stale, orphans)

    def _call_export_hook(self, planned: PlannedStudy, results: StoredResults) -> None:
        """A failing hook of the user's is shown; the artifacts are written and valid."""
        try:
            self._config.hook.pytest_dre_export(study=planned.study, results=results, output_dir=planned.output_dir)
        except Exception as error:
            raise DreError(f"a pytest_dre_export hook failed with {type(error).__name__}: {error}") from error


def _left_out(planned: PlannedStudy, store: RunStore) -> tuple[int, int]:
    """Count planned runs with results of other versions only, and stored runs that are not planned."""
    versions = store.versions()
    stored = store.fingerprints()
    stale = sum(
        1 for run in planned.plan.runs if run.run_id in stored and fingerprint(run, versions) not in stored[run.run_id]
    )
    planned_ids = {run.run_id for run in planned.plan.runs}
    return stale, sum(1 for run_id in stored if run_id not in planned_ids)
