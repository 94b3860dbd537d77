"""The baselines of a session: seen to before anything is spent, and kept until the gates are judged."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_dre.errors import DreError
from pytest_dre.integration.settings import Settings
from pytest_dre.sessions.judging import baselines_of
from pytest_dre.sessions.planned import PlannedStudy

if TYPE_CHECKING:
    from pytest_dre.analysis.gates.baseline import Baseline


class Baselines:
    """The baselines that gates name, read once a process, when somebody asks for a study's.

    So gates are judged by what stood there when the session began, whatever is saved meanwhile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of: dict[Path, dict[str, Baseline | None]] = {}

    def of(self, planned: PlannedStudy) -> "dict[str, Baseline | None]":
        """Return the baselines of the study's gates by name, None where one is missing.

        Raises DreError if one cannot be read.
        """
        if planned.store_path not in self._of:
            self._of[planned.store_path] = baselines_of(planned, self._settings.judging)
        return self._of[planned.store_path]

    def missing(self, planned: PlannedStudy) -> list[str]:
        """Return the names under which nothing was found."""
        given = self._settings.judging.baseline
        return list(dict.fromkeys(given or name for name, found in self.of(planned).items() if found is None))

    def may_be_missing(self) -> bool:
        """Return whether a missing one is no error: users say so, or this session may be the first."""
        return self._settings.judging.missing_baseline_warns or self._settings.save_baseline is not None

    def require(self, planned: PlannedStudy) -> None:
        """End the session, before anything is spent, if gates need a baseline that is damaged or not there."""
        try:
            missing = self.missing(planned)
        except DreError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
        if missing and not self.may_be_missing():
            pytest.exit(
                f"{planned.study.study_id}: there is no baseline {', '.join(map(repr, missing))} in"
                f" {self._settings.judging.baselines}; save one with --dre-save-baseline, name another with"
                " --dre-baseline, or say --dre-baseline-missing=warn",
                returncode=pytest.ExitCode.USAGE_ERROR,
            )
