"""The end of a session: artifacts of every study that it ran."""

from pathlib import Path

import pytest

from pytest_dre.integration.reports import dre_data
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.sessions.exporting import ClosedStudy, close_study
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.results import StoredResults


class Exporter:
    """Writes the artifacts of each study that ran or was replayed, also after an interruption."""

    def __init__(self, settings: Settings, registry: StudyRegistry, config: pytest.Config) -> None:
        self._settings = settings
        self._registry = registry
        self._config = config
        self._replayed: dict[str, set[str]] = {}  # run ids, by path of a study with results of this session
        self.closed: list[ClosedStudy] = []

    def touch(self, path: Path) -> None:
        """Note that the study has something to export."""
        self._replayed.setdefault(str(path), set())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which studies have results of this session, and which runs were replayed."""
        data = dre_data(report)
        if data is None:
            return
        replayed = self._replayed.setdefault(data["study"], set())
        if data["cached"]:
            replayed.add(data["run_id"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Export; xdist has stopped its workers by now, so all that was recorded is in."""
        for path, replayed in self._replayed.items():
            closed = close_study(
                self._registry.load(Path(path)),
                session_id=self._settings.session_id,
                cached=replayed,
                sqlite=self._settings.sqlite,
                bundle=self._settings.bundle,
                export_hook=self._call_hook,
            )
            if closed is not None:
                self.closed.append(closed)
        if any(closed.error for closed in self.closed) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _call_hook(self, planned: PlannedStudy, results: StoredResults) -> None:
        self._config.hook.pytest_dre_export(study=planned.study, results=results, output_dir=planned.output_dir)
