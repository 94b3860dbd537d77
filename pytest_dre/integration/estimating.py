"""The runs that a session has selected, and what they are likely to cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pytest

from pytest_dre.execution.fingerprints import VersionKey
from pytest_dre.integration.nodes import RunItem
from pytest_dre.model.runs import RunSpec
from pytest_dre.reporting.estimates import Estimate
from pytest_dre.sessions.estimates import estimate_of
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.resuming import Resumption


@dataclass(frozen=True, slots=True)
class SelectedRuns:
    """The selected runs of a study; `versions` of its agents and problems if this process has bound them."""

    planned: PlannedStudy
    runs: list[RunSpec]
    versions: Mapping[VersionKey, str] | None = None

    def estimate(self, resumption: Resumption) -> Estimate:
        """Return what they are likely to come to."""
        return estimate_of(self.planned, self.runs, resumption, self.versions)


def selected_runs(items: Iterable[pytest.Item]) -> list[SelectedRuns]:
    """Return the selected runs of each study, in the order of their first."""
    found: dict[object, SelectedRuns] = {}
    for item in items:
        if isinstance(item, RunItem):
            study_file = item.parent
            start = SelectedRuns(study_file.planned, [], study_file.bindings.versions)
            found.setdefault(study_file, start).runs.append(item.run)
    return list(found.values())
