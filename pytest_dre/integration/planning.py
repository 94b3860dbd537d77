"""`--dre-plan`: what a session would run, without running it."""

import pytest

from pytest_dre.integration.estimating import SelectedRuns, selected_runs
from pytest_dre.integration.limit_names import require_known_agents
from pytest_dre.integration.screen import columns, lines
from pytest_dre.integration.settings import settings_of
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.integration.terminal import announcement
from pytest_dre.reporting.plan import plan_lines
from pytest_dre.sessions.power import power_of


class PlanPrinter:
    """Prints each study's plan in place of the runs."""

    def __init__(self, config: pytest.Config, registry: StudyRegistry) -> None:
        self._config = config
        self._registry = registry

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        """Say how many runs of how many studies are planned."""
        return announcement(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Print the plans and end the session."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            self._print(reporter, session.items)
        if session.testsfailed and not self._config.option.continue_on_collection_errors:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        return True

    def _print(self, reporter: pytest.TerminalReporter, items: list[pytest.Item]) -> None:
        reporter.write_sep("=", "plan")
        height = None if self._config.get_verbosity() > 0 else lines()
        settings = settings_of(self._config)
        require_known_agents(settings, self._registry)
        found = {item.planned.output_dir: item for item in selected_runs(items)}
        for number, planned in enumerate(self._registry):
            selected = found.get(planned.output_dir) or SelectedRuns(planned, [])
            shown = plan_lines(
                planned.study,
                planned.plan,
                width=columns(self._config),
                height=height,
                selected=len(selected.runs),
                stored=None,
                estimate=selected.estimate(settings.resumption),
                power=power_of(planned, settings.judging),
            )
            for line in ([""] if number else []) + shown:
                reporter.write_line(line)
