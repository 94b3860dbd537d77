"""The analysis plans of a study, carried out on what its store holds."""

from collections.abc import Mapping

from pytest_dre.artifacts.verdicts import ANALYSIS_FILES
from pytest_dre.sessions.outcomes import stored_rows
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.store.runs import RunStore


def analysis_files(planned: PlannedStudy, store: RunStore, *, allow_stale: bool = False) -> Mapping[str, str | None]:
    """Return the texts of analysis.json and analysis.csv; None, so that older ones go, where nothing is planned."""
    if not planned.study.analysis_plans:
        return dict.fromkeys(ANALYSIS_FILES)
    # They bring SciPy in: sessions without analysis plans must not pay for it.
    from pytest_dre.analysis.plans import run_plans
    from pytest_dre.artifacts.analysis import analysis_documents

    results = run_plans(planned.study, stored_rows(planned, store, allow_stale=allow_stale))
    return dict(zip(ANALYSIS_FILES, analysis_documents(results), strict=True))
