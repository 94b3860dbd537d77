"""Secrets masked in what pytest shows of studies beside their results: failures of hooks, skips, faults, warnings.

Where GitHub's runner reads what is shown, it finds no command in it either.
"""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.execution.surroundings import live_environment
from pytest_dre.integration import workflow_commands
from pytest_dre.integration.nodes import StudyFile

_Clean = Callable[[str], str]

_masker_key = pytest.StashKey[SecretMasker]()


def masker_of(config: pytest.Config) -> SecretMasker:
    """Return what masks the secrets of this process."""
    if _masker_key not in config.stash:
        config.stash[_masker_key] = SecretMasker(config.getini("dre_secrets"))
    return config.stash[_masker_key]


def mask_failure(report: pytest.TestReport | pytest.CollectReport, masker: SecretMasker) -> None:
    """Mask what a report says of a failure or skip. Hooks and imports may have set further secrets before it."""
    masker.observe(live_environment())
    clean = _cleaner(masker)
    report.longrepr = _cleaned(report.longrepr, clean)
    if isinstance(report, pytest.TestReport) and hasattr(report, "wasxfail"):
        report.wasxfail = clean(report.wasxfail)


def mask_interruption(error: BaseException, masker: SecretMasker) -> None:
    """Mask what an agent gave as the reason for ending the session, which pytest shows."""
    masker.observe(live_environment())
    error.args = tuple(masker.text(part) if isinstance(part, str) else part for part in error.args)
    if isinstance(error, pytest.exit.Exception) and isinstance(error.msg, str):
        error.msg = masker.text(error.msg)


def mask_report(report: pytest.TestReport, masker: SecretMasker) -> None:
    """Mask what a report of an item says, and what was captured."""
    if not report.passed:
        mask_failure(report, masker)
    if report.sections:
        report.sections = _sections(report.sections, masker)


class GateReportsMasked:
    """In the controller, which has no runs: masks what hooks and fixtures around gates say."""

    def __init__(self, masker: SecretMasker) -> None:
        self._masker = masker

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Any:
        """Mask the report."""
        report = yield
        mask_report(report, self._masker)
        return report


class FaultsMasked:
    """Masks what is told of studies that cannot be collected, and the warnings of studies and their runs."""

    def __init__(self, masker: SecretMasker) -> None:
        self._masker = masker
        self._studies: set[str] = set()  # node ids

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Any:
        """Mask the faults of a study, and what its imports have printed."""
        report: pytest.CollectReport = yield
        if isinstance(collector, StudyFile):
            self._studies.add(collector.nodeid)
            mask_failure(report, self._masker)
            report.sections = _sections(report.sections, self._masker)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, when: str, nodeid: str) -> None:
        """Mask a warning of a run, or of the collection, which does not tell whose it is."""
        if when == "collect" or nodeid.partition("::")[0] in self._studies:
            text = str(warning_message.message)
            shown = _cleaner(self._masker)(text)
            if shown != text:
                warning_message.message = shown


def _cleaner(masker: SecretMasker) -> _Clean:
    """Return what masks a text and, where that would be obeyed, takes the commands out of it."""
    if not workflow_commands.are_obeyed():
        return masker.text
    return lambda text: workflow_commands.disarmed(masker.text(text))


def _sections(sections: Iterable[tuple[str, str]], masker: SecretMasker) -> list[tuple[str, str]]:
    """Return the captured sections of a report, (title, content) each, with their texts clean."""
    clean = _cleaner(masker)
    return [(clean(title), clean(content)) for title, content in sections]


def _cleaned(shown: Any, clean: _Clean) -> Any:
    """Return the parts of a failure's representation with their texts clean; its objects are changed in place."""
    if isinstance(shown, str):
        return clean(shown)
    if isinstance(shown, list | tuple):
        return type(shown)([_cleaned(part, clean) for part in shown])
    if hasattr(shown, "toterminal"):
        parts = getattr(shown, "__dict__", {})
        parts.update({name: _cleaned(part, clean) for name, part in parts.items()})
    return shown
