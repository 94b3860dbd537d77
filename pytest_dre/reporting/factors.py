"""Columns of a table that say which condition a row is."""

from collections.abc import Sequence
from typing import Any

from pytest_dre.model.runs import Condition
from pytest_dre.reporting.columns import Column
from pytest_dre.reporting.values import LevelNames, assignment_texts, is_number
from pytest_dre.reporting.width import clean

MIN_WIDTH = 8  # columns that values keep when room is short
# Where a table is too wide, later factors go first; a table may rank its other columns below and above these.
FIRST_RANK, LAST_RANK = 100, 10_000


def assignment_columns(
    names: Sequence[str], conditions: Sequence[Condition], levels: LevelNames, footer: str | None = None
) -> list[Column]:
    """Return a column for each of the factors and blocks `names`; without any, one that tells the condition.

    With `footer` there is one more row, and the footer in its first column, whose texts then stand on the left.
    """
    columns = []
    for position, name in enumerate(names):
        values = [_assigned(condition, name) for condition in conditions]
        cells = tuple(levels.show(name, value) for value in values)
        last = () if footer is None else (footer if position == 0 else "",)
        columns.append(
            Column(
                (clean(name),),
                cells + last,
                right=(position > 0 or footer is None) and _are_numbers(values, cells),
                minimum=MIN_WIDTH,
                dispensable=0 if position == 0 else min(FIRST_RANK + position, LAST_RANK),
            )
        )
    if not columns:
        told = tuple(_told(condition, levels) for condition in conditions)
        columns = [Column(("condition",), told if footer is None else (*told, footer), minimum=MIN_WIDTH)]
    return columns


def _told(condition: Condition, levels: LevelNames) -> str:
    """Return all that is assigned; the condition's id where nothing is."""
    return ", ".join(assignment_texts(condition, levels)) or clean(condition.condition_id)


def _assigned(condition: Condition, name: str) -> Any:
    if name in condition.factor_assignments:
        return condition.factor_assignments[name]
    return condition.block_assignments.get(name)


def _are_numbers(values: Sequence[Any], cells: Sequence[str]) -> bool:
    """Return whether all values are numbers and shown as such, not by the names of levels."""
    return all(is_number(value) and _reads_as_number(cell) for value, cell in zip(values, cells, strict=True))


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
