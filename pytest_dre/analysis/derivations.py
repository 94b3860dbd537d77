"""Outcomes that are derived: safe expressions over what a run yielded."""

import ast
from collections.abc import Mapping
from typing import Any

from pytest_dre.analysis.outcomes import OutcomeReader, Read
from pytest_dre.expressions import CompiledExpression, ExpressionError, compile_expression, parse_expression
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.runs import Condition, RunResult


def compile_derivation(text: str) -> CompiledExpression:
    """Return a derivation, ready to be evaluated. Raises ExpressionError for a malformed one.

    It reads the run's metrics by name, its evaluations' values by metric name, factors and blocks, and `latency_s`.
    Which metrics there are only runs tell, so any name is allowed.
    """
    names = {node.id for node in ast.walk(parse_expression(text)) if isinstance(node, ast.Name)}
    return compile_expression(text, names)


def derived_reader(spec: OutcomeSpec, conditions: Mapping[str, Condition]) -> OutcomeReader | None:
    """Return the reader of a derived outcome; None if its derivation is malformed."""
    try:
        compiled = compile_derivation(spec.derivation or "")
    except ExpressionError:
        return None
    return OutcomeReader(spec.name, spec.goal, _read(compiled, conditions), spec)


def _read(compiled: CompiledExpression, conditions: Mapping[str, Condition]) -> Read:
    def read(result: RunResult) -> Any:
        try:
            return compiled.evaluate(_values(result, conditions.get(result.condition_id)))
        except ExpressionError:  # a metric that this run lacks, a division by zero
            return None

    return read


def _values(result: RunResult, condition: Condition | None) -> dict[str, Any]:
    """Return what a derivation may read; the run's own metrics win."""
    values: dict[str, Any] = {} if condition is None else dict(condition.assignments)
    values["latency_s"] = result.latency_s
    for row in result.evaluations:
        values[str(row.get("metric_name"))] = row.get("metric_value")
    return {**values, **result.metrics}
