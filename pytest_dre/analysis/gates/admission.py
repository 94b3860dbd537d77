"""Whether a gate's runs are fit to be judged: complete, in range, and lost evenly."""

import math
from collections.abc import Sequence

from pytest_dre.analysis.aggregation import LARGEST, LARGEST_RANKED
from pytest_dre.analysis.gates.arms import Arms
from pytest_dre.analysis.gates.question import Question, Unanswerable
from pytest_dre.model.verdicts import ArmCount, OutcomeRow

RESUME = "run what is missing with --dre-resume"  # also what was never selected, which --lf does not know
RERUN = "carry them out again with --dre-rerun stale, over the whole study"
WHY_LOST = "look at why runs failed or gave no outcome"
MISSING = ("missing", "pending", "running")
SUCCESS = "success"
SKIPPED = "skipped"  # by a mark or hook: nobody knows what it would have shown


def counts(question: Question, arms: Arms) -> tuple[ArmCount, ...]:
    """Return how many planned runs of each arm have an outcome that counts, and how many have no result at all."""
    return tuple(
        ArmCount(
            name,
            planned=len(rows),
            used=sum(_value(question, row) is not None for row in rows),
            absent=sum(row.stale or row.status in (*MISSING, SKIPPED) for row in rows),
        )
        for name, rows in zip(arms.names, arms.rows, strict=True)
    )


def admit(question: Question, arms: Arms) -> None:
    """Raise Unanswerable if runs are missing or stale, values impossible, or losses uneven."""
    rows = [row for arm in arms.rows for row in arm]
    _complete(rows)
    _possible(question, rows)
    found = counts(question, arms)
    _reported(question, rows, found)
    _even(question, found)


def _value(question: Question, row: OutcomeRow) -> float | None:
    value = row.values.get(question.outcome)
    return None if value is None or row.stale or math.isnan(value) else float(value)


def _complete(rows: Sequence[OutcomeRow]) -> None:
    stale = sum(row.stale for row in rows)
    missing = sum(not row.stale and row.status in MISSING for row in rows)
    skipped = sum(not row.stale and row.status == SKIPPED for row in rows)
    if missing == len(rows):
        raise Unanswerable(f"there are no results: all {missing} runs are missing", RESUME)
    for number, (one, several), what, hint in (
        (missing, ("is", "are"), "missing", RESUME),
        (stale, ("is", "are"), "stale: only another version has made results", RERUN),
        (skipped, ("was", "were"), "skipped", "remove the skip, or leave such runs out by the gate's 'where'"),
    ):
        if number:
            raise Unanswerable(f"{number} of {len(rows)} runs {one if number == 1 else several} {what}", hint)


def _possible(question: Question, rows: Sequence[OutcomeRow]) -> None:
    values = [value for row in rows if (value := _value(question, row)) is not None]
    infinite = sum(math.isinf(value) for value in values)
    if infinite:
        raise Unanswerable(f"{infinite} of {len(values)} values of {question.outcome} are infinite", "mend the metric")
    _computable(question, values)
    if question.kind == "binary" and any(value not in (0, 1) for value in values):
        raise Unanswerable(f"{question.outcome} is declared true or false, but has other values", "mend expected_type")
    if question.range is None:
        return
    low, high = question.range
    outside = [value for value in values if not low <= value <= high]
    if outside:
        found = f"{len(outside)} of {len(values)} values lie outside the declared range [{low:g}, {high:g}]"
        raise Unanswerable(
            f"{found}, such as {min(outside):.6g}: the guarantee would be void", f"mend the range of {question.outcome}"
        )


def _computable(question: Question, values: Sequence[float]) -> None:
    reach = LARGEST_RANKED if question.statistic.kind == "quantile" else LARGEST
    large = [value for value in values if abs(value) > reach]
    if large:
        raise Unanswerable(
            f"{len(large)} of {len(values)} values of {question.outcome} are too large to compute with, such as"
            f" {max(large, key=abs):.6g}",
            "cap the metric",
        )


def _reported(question: Question, rows: Sequence[OutcomeRow], arms: Sequence[ArmCount]) -> None:
    if any(arm.used for arm in arms):
        return
    none = f"no run has a value of {question.outcome}"
    succeeded = sum(row.status == SUCCESS for row in rows)
    if succeeded:
        raise Unanswerable(
            f"{none}, though {succeeded} succeeded", "see that the outcome's column is what these runs report"
        )
    raise Unanswerable(none, "look at why the runs failed")


def _even(question: Question, arms: Sequence[ArmCount]) -> None:
    most = question.gate.max_attrition
    lost = ", ".join(f"{arm.lost} of {arm.planned} ({arm.name})" for arm in arms)
    shares = [arm.attrition for arm in arms]
    if len(arms) == 1 and shares[0] > most + 1e-12:
        raise Unanswerable(f"runs without an outcome, {lost}, exceed max_attrition {most:.3g}", WHY_LOST)
    if len(arms) == 2 and abs(shares[0] - shares[1]) > most + 1e-12:
        raise Unanswerable(f"the arms lost runs unevenly: {lost}; max_attrition is {most:.3g}", WHY_LOST)
