"""Conditions, plans and faults of a study, before anything runs."""

from pytest_dre.api.sources import AnyStudy, source_of
from pytest_dre.designs import conditions, planning
from pytest_dre.errors import Fault, StudyError
from pytest_dre.loading import validation
from pytest_dre.model.runs import Condition, Plan


def build_design(study: AnyStudy) -> list[Condition]:
    """Return all conditions of the study's design, in order, inadmissible ones included. Raises StudyError."""
    source = source_of(study)
    try:
        return conditions.build_design(source.study, source.base_dir)
    except StudyError as error:
        raise source.source_map.error(*error.faults) from None


def plan_study(study: AnyStudy) -> Plan:
    """Return the study's conditions and runs. Raises StudyError."""
    source = source_of(study)
    try:
        return planning.plan_study(source.study, source.base_dir)
    except StudyError as error:
        raise source.source_map.error(*error.faults) from None


def validate_study(study: AnyStudy) -> list[Fault]:
    """Return what is wrong with a study or study file: each fault of form, and names or options that contradict."""
    try:
        source = source_of(study)
    except StudyError as error:
        return list(error.faults)
    return [source.source_map.locate(fault) for fault in validation.validate_study(source.study)]
