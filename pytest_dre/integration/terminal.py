"""What the session prints: how many runs are planned, and what became of them."""

import shlex
from collections.abc import Iterable

import pytest

from pytest_dre.integration.closing import Exporter
from pytest_dre.integration.nodes import GateItem, RunItem
from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.reports import was_cached
from pytest_dre.integration.screen import columns, from_here, lines
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.reporting.headings import header_line
from pytest_dre.reporting.summary import summary_lines
from pytest_dre.sessions.exporting import ClosedStudy


def announcement(items: list[pytest.Item]) -> list[str]:
    """Return what the session says of its studies before it starts."""
    runs = [item for item in items if isinstance(item, RunItem)]
    gates = sum(isinstance(item, GateItem) for item in items)
    return _counts(len(runs), len({item.path for item in runs}), gates)


def _counts(runs: int, studies: int, gates: int) -> list[str]:
    lines = [header_line(runs, studies)] if runs else []
    if gates:
        lines.append(f"dre: {gates} gate{'s' if gates > 1 else ''} will not be judged: this release cannot judge gates")
    return lines


class Terminal:
    """Speaks for the plugin in the process that owns the terminal."""

    def __init__(
        self, config: pytest.Config, registry: StudyRegistry, exporter: Exporter | None, pending: PendingRuns | None
    ) -> None:
        self._config = config
        self._registry = registry
        self._exporter = exporter
        self._pending = pending

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the selected runs as pending."""
        if self._pending is not None:
            paths = self._registry.paths()
            self._pending.add(item.nodeid for item in session.items if item.path in paths)

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        """Say how many runs of how many studies are planned."""
        return announcement(items)

    def announce(self, node_ids: Iterable[str]) -> None:
        """Say the same for the items that an xdist worker collected."""
        node_ids = list(node_ids)
        runs = [node_id for node_id in node_ids if "::gate=" not in node_id]
        studies = {node_id.partition("::")[0] for node_id in runs}
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            for line in _counts(len(runs), len(studies), len(node_ids) - len(runs)):
                reporter.write_line(line)

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Tell replayed runs from those carried out."""
        if getattr(report, "when", None) == "call" and report.passed and was_cached(report):
            return "cached", "c", ("CACHED", {"green": True})
        return None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what became of each study."""
        if self._exporter is None or not self._exporter.closed:
            return
        terminalreporter.write_sep("=", "design of experiments")
        for number, closed in enumerate(self._exporter.closed):
            for line in ([""] if number else []) + self._lines(closed):
                terminalreporter.write_line(line)

    def _lines(self, closed: ClosedStudy) -> list[str]:
        return summary_lines(
            closed.planned.study,
            closed.tally,
            width=columns(self._config),
            height=lines(),
            output_dir=from_here(closed.planned.output_dir, self._config),
            resume_command=self._resume_command(),
            stale=closed.stale,
            orphans=closed.orphans,
            error=closed.error,
        )

    def _resume_command(self) -> str:
        """Return the user's own command with what resumes it."""
        args = [str(arg) for arg in self._config.invocation_params.args]
        option = "--lf" if getattr(self._config, "cache", None) is not None else "--dre-resume"
        return shlex.join(["pytest", *args, *([] if option in args else [option])])
