"""What the session prints: how many runs are planned, and what became of them."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from pytest_dre.errors import DreError
from pytest_dre.integration.closing import Exporter
from pytest_dre.integration.estimating import SelectedRuns, selected_runs
from pytest_dre.integration.gate_names import is_gate
from pytest_dre.integration.nodes import GateItem, RunItem
from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.reports import was_cached
from pytest_dre.integration.resuming import resume_command
from pytest_dre.integration.screen import columns, from_here, lines
from pytest_dre.integration.settings import settings_of
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.integration.study_files import file_of
from pytest_dre.reporting.advice import advice_lines, outcome_lines
from pytest_dre.reporting.estimates import estimate_line
from pytest_dre.reporting.gates import explain, verdict_line
from pytest_dre.reporting.headings import header_line
from pytest_dre.reporting.summary import summary_lines
from pytest_dre.reporting.width import clean
from pytest_dre.sessions.exporting import ClosedStudy
from pytest_dre.sessions.judging import outcome_advice

STALE_NAMED = 5


def announcement(items: list[pytest.Item]) -> list[str]:
    """Return what the session says of its studies before it starts."""
    runs = [item for item in items if isinstance(item, RunItem)]
    gates = sum(isinstance(item, GateItem) for item in items)
    return _counts(len(runs), len({item.path for item in runs}), gates)


def _counts(runs: int, studies: int, gates: int) -> list[str]:
    line = header_line(runs, studies) if runs else "dre: nothing to run"
    told = f"{line}, {gates} gate{'s' if gates > 1 else ''} to judge" if gates else line
    return [told] if runs or gates else []


class Replays:
    """Tells replayed runs from those carried out, in a session that may have some."""

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Name those that were replayed."""
        if getattr(report, "when", None) == "call" and report.passed and was_cached(report):
            return "cached", "c", ("CACHED", {"green": True})
        return None


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
        """Say how many runs of how many studies are planned, and if it is much, what they are likely to cost."""
        return [*announcement(items), *self._estimates(lambda: selected_runs(items))]

    def announce(self, node_ids: Iterable[str]) -> None:
        """Say the same for the items that an xdist worker collected."""
        node_ids = list(node_ids)
        runs = [node_id for node_id in node_ids if not is_gate(node_id.partition("::")[2])]
        studies = {node_id.partition("::")[0] for node_id in runs}
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            counts = _counts(len(runs), len(studies), len(node_ids) - len(runs))
            for line in [*counts, *self._estimates(lambda: self._named_runs(runs))]:
                reporter.write_line(line)

    def _named_runs(self, node_ids: Iterable[str]) -> list[SelectedRuns]:
        """Return the runs of the node ids that a worker collected, by study."""
        names: dict[str, list[str]] = {}
        for node_id in node_ids:
            path, _, name = node_id.partition("::")
            names.setdefault(path, []).append(name)
        by_file = {file_of(path, self._config.rootpath): found for path, found in names.items()}
        studies = [(planned, by_file.get(planned.source.path or Path())) for planned in self._registry]
        return [
            SelectedRuns(planned, [planned.runs_by_name[name] for name in found if name in planned.runs_by_name])
            for planned, found in studies
            if found
        ]

    def _estimates(self, selected: Callable[[], Iterable[SelectedRuns]]) -> list[str]:
        """Return what the studies are likely to cost, if that is more than users want to spend without being told."""
        threshold = settings_of(self._config).confirm_above_usd
        if threshold is None or self._exporter is None:
            return []
        resumption = settings_of(self._config).resumption
        estimates = [(item.planned, item.estimate(resumption)) for item in selected()]
        if sum(found.cost_usd or 0.0 for _, found in estimates) < threshold:
            return []
        return [f"{clean(planned.study.study_id)}: {estimate_line(found)}" for planned, found in estimates]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show what became of each study."""
        if self._exporter is None or not (self._exporter.closed or self._exporter.unread):
            return
        terminalreporter.write_sep("=", "design of experiments")
        for text in self._exporter.unread:
            for line in text.splitlines():
                terminalreporter.write_line(clean(line))
        for number, closed in enumerate(self._exporter.closed):
            for line in ([""] if number else []) + self._lines(closed):
                terminalreporter.write_line(line)
        gates = self._gates(self._exporter.closed)
        if gates:
            terminalreporter.write_sep("=", "gates")
        for line in gates:
            terminalreporter.write_line(line)

    def _gates(self, studies: Sequence[ClosedStudy]) -> list[str]:
        """Return what is said of gates, under the study's name if several have some: names may be the same."""
        found = [(closed, [*self._gate_lines(closed), *self._ungated(closed)]) for closed in studies]
        told = [(clean(closed.planned.study.study_id), lines) for closed, lines in found if lines]
        if len(told) < 2:
            return [line for _, lines in told for line in lines]
        return [line for name, lines in told for line in (name, *(f"  {text}" for text in lines))]

    def _gate_lines(self, closed: ClosedStudy) -> list[str]:
        """Return one line a gate that was judged, and what it means if users want that."""
        lines = []
        for verdict in closed.verdicts:
            lines.append(verdict_line(verdict))
            if settings_of(self._config).explain:
                lines += [f"    {line}" for line in explain(verdict, closed.planned.study)]
                lines += [f"    {line}" for line in (advice_lines(verdict.advice) if verdict.advice else ())]
        return lines

    def _ungated(self, closed: ClosedStudy) -> list[str]:
        """Return where the variance of outcomes without a gate comes from, if users want verdicts explained."""
        settings = settings_of(self._config)
        if not settings.explain or closed.tally is None:
            return []
        try:
            found = outcome_advice(closed.planned, settings.resumption.allow_stale)
        except DreError as error:
            return [f"{clean(closed.planned.study.study_id)}: {clean(str(error))}"]
        return [line for advice in found for line in outcome_lines(advice)]

    def _lines(self, closed: ClosedStudy) -> list[str]:
        return summary_lines(
            closed.planned.study,
            closed.tally,
            width=columns(self._config),
            height=lines(),
            output_dir=from_here(closed.planned.output_dir, self._config),
            resume_command=self._resume_command(closed),
            stale=len(closed.standing.stale),
            orphans=len(closed.standing.orphans),
            error=closed.error,
            stale_names=closed.stale_names(STALE_NAMED),
            stale_included=closed.stale_included,
            unstarted=closed.missing_notes,
            spending=closed.spending,
            notices=closed.notices,
            undone=closed.undone,
        )

    def _resume_command(self, closed: ClosedStudy) -> str | None:
        return None if self._pending is None else resume_command(self._config, closed, self._pending)
