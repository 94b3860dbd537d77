"""The summary of a job of GitHub Actions."""

import os
from pathlib import Path

import pytest

from pytest_dre.integration.closing import Exporter
from pytest_dre.reporting.markdown import study_markdown
from pytest_dre.reporting.statistics import totals

VARIABLE = "GITHUB_STEP_SUMMARY"


class StepSummary:
    """Appends each study's counts and verdicts to the file that the job names."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write; a file that cannot be written is told, and no reason to fail."""
        path = os.environ.get(VARIABLE)
        if not path or not self._exporter.closed:
            return
        parts = [
            study_markdown(
                f"{closed.planned.study.study_id}: {closed.planned.study.title}",
                None if closed.tally is None else totals(closed.tally),
                closed.verdicts,
                closed.unstarted,
            )
            for closed in self._exporter.closed
        ]
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write("\n".join(parts))
        except OSError as error:
            terminalreporter.write_line(f"dre: {VARIABLE} cannot be written: {error}")
