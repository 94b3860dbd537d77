"""The analysis plans of a study, carried out on what its store holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_dre.analysis.undone import UndoneTests
from pytest_dre.artifacts.verdicts import ANALYSIS_FILES
from pytest_dre.sessions.outcomes import stored_rows
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class Analyses:
    """What analysis plans came to.

    Attributes:
        files: The texts of analysis.json and analysis.csv; None, so that older ones go, where nothing is planned.
        undone: What is told of tests that could not be carried out; None if all were.
    """

    files: Mapping[str, str | None] = field(default_factory=lambda: dict.fromkeys(ANALYSIS_FILES))
    undone: UndoneTests | None = None


def carry_out_plans(planned: PlannedStudy, store: RunStore, *, allow_stale: bool = False) -> Analyses:
    """Return what the study's analysis plans come to."""
    if not planned.study.analysis_plans:
        return Analyses()
    # They bring SciPy in: sessions without analysis plans must not pay for it.
    from pytest_dre.analysis.plans import run_plans
    from pytest_dre.artifacts.analysis import analysis_documents

    results = run_plans(planned.study, stored_rows(planned, store, allow_stale=allow_stale))
    files = dict(zip(ANALYSIS_FILES, analysis_documents(results), strict=True))
    return Analyses(files, UndoneTests.among([item.error for item in results]))
