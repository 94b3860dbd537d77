"""The expressions of derived outcomes: what they may read, and which read each other in a circle."""

import ast
import graphlib
from collections.abc import Mapping

from pytest_dre.expressions import CompiledExpression, compile_expression, parse_expression
from pytest_dre.model.study import Study

_WORDS = frozenset({"true", "false", "null"})  # of YAML, not of expressions: their hint is better than a missing value


def compile_derivation(text: str) -> CompiledExpression:
    """Return a derivation, ready to be evaluated. Raises ExpressionError for a malformed one.

    Any name may be read: which metrics there are, only runs tell.
    """
    names = {node.id for node in ast.walk(parse_expression(text)) if isinstance(node, ast.Name)}
    return compile_expression(text, names - _WORDS)


def circle(derivations: Mapping[str, CompiledExpression]) -> tuple[str, ...]:
    """Return the names of derived outcomes (given by name) that read each other in a circle; () if there are none.

    An outcome that reads its own name reads what its column gives, which is no circle.
    """
    reads = {name: (item.names & derivations.keys()) - {name} for name, item in derivations.items()}
    try:
        graphlib.TopologicalSorter({name: sorted(found) for name, found in sorted(reads.items())}).prepare()
    except graphlib.CycleError as error:
        return tuple(error.args[1][:-1])
    return ()


def reads_variables(study: Study, names: frozenset[str]) -> bool:
    """Return whether one of `names` is a factor or block of the study."""
    variables = {*(factor.name for factor in study.factors), *(block.name for block in study.blocks)}
    return not variables.isdisjoint(names)
