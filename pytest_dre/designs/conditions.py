"""Study → conditions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_dre.designs.constraints import Rule, Verdict, compile_constraints, judge
from pytest_dre.designs.families import family_of, setting_faults
from pytest_dre.designs.identity import COPY, condition_id, fingerprint
from pytest_dre.designs.levels import Levels, comparison_levels, comparison_metadata, equal_levels
from pytest_dre.designs.points import DesignPoint, refuse_bulk, refuse_explosion
from pytest_dre.errors import Fault, StudyError
from pytest_dre.model.runs import Condition
from pytest_dre.model.study import Study


def build_design(study: Study, base_dir: Path | None = None) -> list[Condition]:
    """Return all conditions of the study's design, in order, inadmissible ones included.

    `base_dir` is what `matrix_path` and references are relative to, the working directory by default. Raises StudyError
    with the paths of the keys at fault.
    """
    rules = _checked_rules(study, base_dir or Path.cwd())
    family = family_of(study)
    if family.size is not None:
        refuse_explosion(family.size(study))
        refuse_bulk(study, family.size(study))
    points = family.plan(study, base_dir or Path.cwd())
    refuse_bulk(study, len(points))
    conditions = _identified(study, points, judge(rules, points))
    if len({condition.condition_id for condition in conditions}) < len(conditions):
        raise StudyError(equal_levels(study) or [_same_id(conditions)])
    return conditions


def _checked_rules(study: Study, base_dir: Path) -> list[Rule]:
    """Return the study's constraints; raises StudyError with their faults and those of the design's settings."""
    faults = setting_faults(study.design_spec)
    try:
        rules = compile_constraints(study, base_dir)
    except StudyError as error:
        raise StudyError([*error.faults, *faults]) from error
    if faults:
        raise StudyError(faults)
    return rules


def _identified(study: Study, points: Sequence[DesignPoint], verdicts: Sequence[Verdict]) -> list[Condition]:
    levels = comparison_levels(study)
    counts_copies = study.seed_policy.strategy == "common_random_numbers"
    seen: Counter[str] = Counter()
    conditions = []
    for point, verdict in zip(points, verdicts, strict=True):
        condition = _condition(point, verdict, levels)
        if counts_copies:
            condition = _numbered(condition, seen)
        conditions.append(condition)
    return conditions


def _condition(point: DesignPoint, verdict: Verdict, levels: Levels) -> Condition:
    values = fingerprint(point.factors, point.blocks)
    metadata = {
        **point.position,
        **point.notes,
        "fingerprint": values,
        **comparison_metadata(levels, point.factors),
    }
    return Condition(
        condition_id=condition_id(values, point.position),
        factor_assignments=point.factors,
        block_assignments=point.blocks,
        admissible=verdict.admissible,
        constraint_messages=verdict.messages,
        metadata=metadata,
    )


def _numbered(condition: Condition, seen: Counter[str]) -> Condition:
    """Return the condition, marked if it repeats the values of earlier ones: repetitions need seeds of their own."""
    text = condition.metadata["fingerprint"]
    copy = seen[text]
    seen[text] += 1
    return replace(condition, metadata={**condition.metadata, COPY: copy}) if copy else condition


def _same_id(conditions: Sequence[Condition]) -> Fault:
    (twice, _), *_ = Counter(condition.condition_id for condition in conditions).most_common(1)
    return Fault(f"two conditions have the id {twice}", "make their values differ", ("factors",))
