"""The expressions of constraints: what they may read, and which can be seen to give no boolean."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_dre.expressions import CompiledExpression, ExpressionError, compile_expression, parse_expression
from pytest_dre.model.study import Study

COMPARE = "write a comparison, such as x > 0"

_KINDS: dict[type[ast.expr], str] = {
    ast.List: "a list",
    ast.Tuple: "a list",
    ast.Set: "a set",
}


def compile_constraint(study: Study, expression: str) -> CompiledExpression:
    """Return the constraint's expression, ready to be evaluated.

    It may read factors and blocks by name, and the maps `factors` and `blocks`. Raises ExpressionError for one that
    is malformed, reads what is not there, or whose value can be seen to be no boolean.
    """
    values = _values(study)
    maps = {
        "factors": {factor.name for factor in study.factors},
        "blocks": {block.name for block in study.blocks},
    }
    # A factor of the name "factors" hides the map.
    maps = {name: keys for name, keys in maps.items() if name not in values}
    compiled = compile_expression(expression, values.keys() | maps.keys(), maps)
    kind = _no_boolean(parse_expression(expression), values, maps)
    if kind is not None:
        raise ExpressionError(f"its value is {kind}, neither true nor false", COMPARE)
    return compiled


def _values(study: Study) -> dict[str, Sequence[Any]]:
    """Return the declared values of each factor and block; none if it may have any."""
    factors = {
        factor.name: (*factor.values, factor.default) if factor.levels else ()  # a matrix may leave its column out
        for factor in study.factors
    }
    return {**factors, **{block.name: block.levels for block in study.blocks}}


def _no_boolean(node: ast.expr, values: Mapping[str, Sequence[Any]], maps: Mapping[str, Any]) -> str | None:
    """Return what the value of `node` always is, if that is no boolean; None if it may be one."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant():
            return ast.unparse(node)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return "a number"
        case ast.BinOp():
            return "a computed number or text"
        case ast.Call(func=ast.Name(id="len" | "int" | "float" | "str" as name)):
            return f"what {name}() gives"
        case ast.Name(id=name) if name in maps:
            return "a map"
        case ast.Name(id=name):
            return _of_levels(name, values)
        case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(name))) if owner in maps:
            return _of_levels(name, values)
        case ast.IfExp():
            kinds = [_no_boolean(part, values, maps) for part in (node.body, node.orelse)]
            return None if None in kinds else kinds[0]
    return _KINDS.get(type(node))


def _of_levels(name: str, values: Mapping[str, Sequence[Any]]) -> str | None:
    levels = values.get(name, ())
    if not levels or any(isinstance(value, bool) for value in levels):
        return None
    return f"a level of {name!r}"
