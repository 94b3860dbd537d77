"""What a study's gates and hypotheses can show."""

from collections.abc import Mapping, Sequence

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.power.gates import gate_powers
from pytest_dre.analysis.power.hypotheses import hypothesis_powers
from pytest_dre.analysis.power.statements import StudyPower
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow


def study_power(
    study: Study, rows: Sequence[OutcomeRow], baselines: Mapping[str, Baseline | None] | None = None
) -> StudyPower:
    """Return what the planned runs can show, with 80 % power.

    Args:
        study: The study.
        rows: One per planned run; those with outcomes serve as a pilot.
        baselines: Name → saved outcomes, None or left out where there are none.
    """
    return StudyPower(gate_powers(study, rows, baselines), hypothesis_powers(study, rows))
