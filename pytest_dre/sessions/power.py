"""What the planned runs of a study can show, before they are carried out."""

from pytest_dre.analysis.power.statements import StudyPower
from pytest_dre.errors import DreError
from pytest_dre.sessions.judging import Judging, baselines_of, outcome_table
from pytest_dre.sessions.outcomes import unstored_rows
from pytest_dre.sessions.planned import PlannedStudy


def power_of(planned: PlannedStudy, judging: Judging) -> StudyPower | None:
    """Return the power of the study's gates and tests; None if it has neither.

    Stored runs that count serve as a pilot. A store or baseline that cannot be read tells nothing.
    """
    if not planned.study.gates and not planned.study.analysis_plans:
        return None
    # It brings SciPy in: plans without gates and hypotheses must not pay for it.
    from pytest_dre.analysis.power.study import study_power

    try:
        rows = outcome_table(planned, judging.allow_stale)
    except DreError:
        rows = unstored_rows(planned)
    try:
        baselines = baselines_of(planned, judging)
    except DreError:
        baselines = {}
    return study_power(planned.study, rows, baselines)
