"""A plan's filters: which runs it is about."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_dre.analysis.plan_variables import Variables, text_of
from pytest_dre.errors import DreError
from pytest_dre.expressions import compile_expression
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

FORMS = "write a map such as {agent: [a, b], budget: 200} or an expression such as \"budget > 100 and agent != 'a'\""
Keep = Callable[[OutcomeRow], bool]


def filtered(study: Study, variables: Variables, rows: Sequence[OutcomeRow], filters: Any) -> list[OutcomeRow]:
    """Return the rows that pass a plan's filters.

    Filters are a map of name → value or list of values, an expression over factors, blocks, agent, problem, replicate
    and status, or a list of such, all of which must hold. Outcomes are no part of it: to choose runs by what they
    gave would bias what is tested.

    Raises:
        DreError: The filters are none of these, name what is not there, fail on a run, or no run passes.
    """
    if not rows:
        raise DreError("there are no planned runs to analyse")
    keepers = _keepers(study, variables, rows, filters)
    found = [row for row in rows if all(keep(row) for keep in keepers)]
    if not found:
        raise DreError("no run passes the plan's filters")
    return found


def _keepers(study: Study, variables: Variables, rows: Sequence[OutcomeRow], filters: Any) -> list[Keep]:
    if not filters and not isinstance(filters, bool | int | float):
        return []
    match filters:
        case str():
            return [_expression(study, variables, rows, filters)]
        case Mapping():
            return [_values(variables, rows, str(name), wanted) for name, wanted in filters.items()]
        case list() | tuple():
            return [keep for item in filters for keep in _keepers(study, variables, rows, item)]
    raise DreError(f"the plan's filters {filters!r} cannot be read; {FORMS}")


def _values(variables: Variables, rows: Sequence[OutcomeRow], name: str, wanted: Any) -> Keep:
    _check_name(variables, rows, name)
    several = wanted if isinstance(wanted, list | tuple) else (wanted,)
    # A status that no run has is no mistake.
    cells = [item if name == "status" else variables.level(name, item, rows) for item in several]
    keys = {_key(cell) for cell in cells}
    return lambda row: _key(variables.value(row, name)) in keys


def _key(cell: Any) -> tuple[bool, str]:
    return isinstance(cell, str), text_of(cell)  # "1" and 1 may be two levels


def _check_name(variables: Variables, rows: Sequence[OutcomeRow], name: str) -> None:
    if name not in variables.reads:
        variables.value(rows[0], name)  # says what there is
    if name not in _names(variables, rows):
        raise DreError(f"the plan's filters name the outcome {name!r}; they choose runs by how they were planned")


def _names(variables: Variables, rows: Sequence[OutcomeRow]) -> list[str]:
    planned = {name for row in rows for name in (*row.factors, *row.blocks)} | set(variables.factors)
    outcomes = {name for row in rows for name in row.values} - planned
    return [name for name in variables.reads if name not in outcomes]


def _expression(study: Study, variables: Variables, rows: Sequence[OutcomeRow], text: str) -> Keep:
    names = _names(variables, rows)
    maps = {
        "factors": {factor.name for factor in study.factors},
        "blocks": {block.name for block in study.blocks},
    }
    maps = {name: keys for name, keys in maps.items() if name not in names}  # a factor of the name hides the map
    compiled = compile_expression(text, {*names, *maps}, maps)

    def keep(row: OutcomeRow) -> bool:
        found = {name: read(row) for name, read in variables.reads.items() if name in compiled.names}
        value = compiled.evaluate({"factors": row.factors, "blocks": row.blocks, **found})
        if not isinstance(value, bool):
            raise DreError(f"the plan's filter {text!r} gives {value!r}, neither true nor false; write a comparison")
        return value

    return keep
