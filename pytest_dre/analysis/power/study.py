"""What a study's gates and hypotheses can show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_dre.analysis.aggregation import LARGEST
from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.power.expectations import Range, outcome_range
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
    limits = {spec.name: outcome_range(spec) or (-LARGEST, LARGEST) for spec in study.outcomes}
    known = _usable(rows, limits)
    saved = {name: _usable_baseline(found, limits) for name, found in (baselines or {}).items()}
    return StudyPower(gate_powers(study, known, saved), hypothesis_powers(study, known))


def _usable_baseline(baseline: Baseline | None, limits: Mapping[str, Range]) -> Baseline | None:
    return None if baseline is None else replace(baseline, rows=_usable(baseline.rows, limits))


def _usable(rows: Sequence[OutcomeRow], limits: Mapping[str, Range]) -> list[OutcomeRow]:
    """Return the rows without outcomes that no pilot can use: infinite ones, and those outside their range."""

    def usable(name: str, value: float | None) -> float | None:
        low, high = limits.get(name, (-LARGEST, LARGEST))
        return value if value is not None and low <= value <= high else None

    return [replace(row, values={name: usable(name, value) for name, value in row.values.items()}) for row in rows]
