"""Outcomes that are derived: safe expressions over what a run yielded."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_dre.analysis.aggregation import aggregate
from pytest_dre.expressions import CompiledExpression, ExpressionError
from pytest_dre.model.runs import Condition, RunResult

Read = Callable[[RunResult], Any]


FIELDS = ("latency_s", "replicate")  # of a result, that a derivation may read


def derived_read(
    compiled: CompiledExpression,
    own: Mapping[str, Read],
    others: Mapping[str, Read],
    conditions: Mapping[str, Condition],
) -> Read:
    """Return what reads a derived outcome from a result; None where a value it needs is missing, or none comes out.

    A name in the expression stands for the first of these that there is: what the outcome's own column gives (`own`,
    under the outcome's and the column's name); another outcome; a metric of the run; the value of an evaluation, by
    metric name (the mean of several); `latency_s` or `replicate`; a factor or block. Another outcome that is missing
    leaves this one missing, too.

    Args:
        compiled: The derivation.
        own: Name → how it is read, for the outcome's own column.
        others: Name → how it is read, for the study's other outcomes; may be filled later.
        conditions: Condition id → condition.
    """
    names = sorted(compiled.names)

    def read(result: RunResult) -> Any:
        values: dict[str, Any] = {}
        for name in names:
            value = _value(name, result, own, others, conditions)
            if value is not None:
                values[name] = value
        try:
            return compiled.evaluate(values)
        except ExpressionError:  # a value that this run lacks, a division by zero
            return None

    return read


def _value(
    name: str,
    result: RunResult,
    own: Mapping[str, Read],
    others: Mapping[str, Read],
    conditions: Mapping[str, Condition],
) -> Any:
    given = own[name](result) if name in own else None
    if given is not None:
        return given
    if name in others and name not in own:
        return others[name](result)
    return _yielded(name, result, conditions.get(result.condition_id))


def _yielded(name: str, result: RunResult, condition: Condition | None) -> Any:
    """Return what the run itself yielded under a name; the run's own metrics win."""
    if result.metrics.get(name) is not None:
        return result.metrics[name]
    found = [row.get("metric_value") for row in result.evaluations if row.get("metric_name") == name]
    if found:
        return found[0] if len(found) == 1 else aggregate(found, "mean")
    if name in FIELDS:
        return getattr(result, name)
    return None if condition is None else condition.assignments.get(name)


def by_id(conditions: Iterable[Condition]) -> dict[str, Condition]:
    """Return the conditions by their ids."""
    return {condition.condition_id: condition for condition in conditions}
