"""Columns of a table made into the terms of a linear model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pytest_dre.analysis.procedures.least_squares import rank
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.samples import Values, is_numeric_column, numbers, require_computable, unsuitable
from pytest_dre.analysis.procedures.table import Cell, Table, is_missing, level_key
from pytest_dre.errors import DreError

INTERCEPT = "(intercept)"


@dataclass(frozen=True, slots=True)
class ModelTerm:
    """A term of a model: the columns that it takes, each with its name."""

    name: str
    columns: tuple[str, ...]
    matrix: Values


@dataclass(frozen=True, slots=True)
class ModelRows:
    """The rows of a table in which no column of a model is missing.

    Attributes:
        table: Those rows.
        outcome: Their outcomes.
        n: Rows by level of the tested factor, or all under "rows" if that is a quantity.
        missing: Rows left out, likewise.
        notes: Rows that no level can be charged with.
    """

    table: Table
    outcome: Values
    n: dict[str, int]
    missing: dict[str, int]
    notes: tuple[str, ...]


def model_rows(table: Table, request: TestRequest, names: Sequence[str], *, by_level: bool = False) -> ModelRows:
    """Return the rows in which the outcome and all named columns have a value.

    Args:
        table: The rows.
        request: What is tested.
        names: The model's columns beside the outcome.
        by_level: Whether numbers of the tested factor are levels, too.

    Raises:
        DreError: A quantity is infinite or too large to compute with, or no row is left.
    """
    for name in names:
        if any(isinstance(cell, float) and math.isinf(cell) for cell in table.column(name)):
            raise unsuitable(request, f"{name} holds infinite values", "leave them out by a filter")
        require_computable(request, name, table.column(name))
    outcome = numbers(request, table.column(request.outcome))
    columns = [table.column(name) for name in names]
    whole = [
        value is not None and not any(is_missing(cells[row]) for cells in columns) for row, value in enumerate(outcome)
    ]
    kept = table.where(lambda row: whole[row])
    if not len(kept):
        raise unsuitable(request, f"no row has a value of it and of {', '.join(names)}", "collect runs that do")
    if not by_level and is_quantity(table, request, request.factor):
        arms: list[str | None] = ["rows"] * len(table)
    else:
        arms = [None if is_missing(cell) else str(cell) for cell in table.column(request.factor)]
    charged = [arm for arm, is_whole in zip(arms, whole, strict=True) if not is_whole]
    labels = sorted({arm for arm in arms if arm is not None}, key=level_key)
    adrift = charged.count(None)
    return ModelRows(
        table=kept,
        outcome=np.asarray([value for value, is_whole in zip(outcome, whole, strict=True) if is_whole], dtype=float),
        n={
            label: sum(arm == label and is_whole for arm, is_whole in zip(arms, whole, strict=True)) for label in labels
        },
        missing={label: charged.count(label) for label in labels},
        notes=(f"{adrift} rows without a value of {request.factor} were left out",) if adrift else (),
    )


def is_quantity(table: Table, request: TestRequest, name: str) -> bool:
    """Return whether a column enters a model as a number: it holds numbers and no contrast names its levels."""
    contrasted = request.contrast is not None and request.contrast.factor == name
    return not contrasted and is_numeric_column(table.column(name))


def model_term(rows: ModelRows, request: TestRequest, name: str) -> ModelTerm:
    """Return a column as a term: a quantity as it is, levels against a reference (the control, else the first)."""
    cells = rows.table.column(name)
    if is_quantity(rows.table, request, name):
        return ModelTerm(name, (name,), np.asarray(cells, dtype=float)[:, None])
    levels = _levels(rows, request, name)
    reference = levels[0]
    if request.contrast is not None and request.contrast.factor == name:
        for level in (request.contrast.treatment, request.contrast.control):
            if level not in levels:
                raise DreError(
                    f"no row with all values has {name} = {level!r}; its levels are: {', '.join(map(str, levels))}"
                )
        reference = request.contrast.control
    others = [level for level in levels if level != reference]
    matrix = np.array([[cell == level for level in others] for cell in cells], dtype=float)
    return ModelTerm(name, tuple(f"{name}[{level}]" for level in others), matrix)


def factor_term(rows: ModelRows, request: TestRequest, name: str) -> ModelTerm:
    """Return a column as a factor whose effects sum to 0, as analyses of variance need."""
    levels = _levels(rows, request, name)
    cells = rows.table.column(name)
    last = np.array([cell == levels[-1] for cell in cells], dtype=float)
    matrix = np.array([[cell == level for level in levels[:-1]] for cell in cells], dtype=float) - last[:, None]
    return ModelTerm(name, tuple(f"{name}[{level}]" for level in levels[:-1]), matrix)


def interaction(first: ModelTerm, second: ModelTerm) -> ModelTerm:
    """Return the products of two terms' columns."""
    pairs = [(i, j) for i in range(len(first.columns)) for j in range(len(second.columns))]
    return ModelTerm(
        f"{first.name}:{second.name}",
        tuple(f"{first.columns[i]}:{second.columns[j]}" for i, j in pairs),
        np.column_stack([first.matrix[:, i] * second.matrix[:, j] for i, j in pairs]),
    )


def design_matrix(request: TestRequest, terms: Sequence[ModelTerm], n: int) -> Values:
    """Return an intercept and the columns of all terms.

    Raises:
        DreError: A term is a combination of those before it, or no degree of freedom is left.
    """
    matrix = np.ones((n, 1))
    for term in terms:
        matrix = np.column_stack([matrix, term.matrix])
        if n > matrix.shape[1] and rank(matrix) < matrix.shape[1]:
            raise unsuitable(
                request,
                f"the term {term.name} is a combination of the others (some combinations of levels have no run, or two "
                "columns say the same)",
                "leave a variable out",
            )
    if n <= matrix.shape[1]:
        raise unsuitable(
            request,
            f"{n} rows cannot carry a model of {matrix.shape[1]} coefficients",
            "collect more replicates, or name fewer variables",
        )
    return matrix


def column_names(terms: Sequence[ModelTerm]) -> tuple[str, ...]:
    """Return the names of a model's columns, the intercept first."""
    return (INTERCEPT, *(column for term in terms for column in term.columns))


def _levels(rows: ModelRows, request: TestRequest, name: str) -> list[Cell]:
    levels = rows.table.levels(name)
    if len(levels) < 2:
        raise unsuitable(
            request, f"{name} has one level only in the rows with all values", "name a variable that varies"
        )
    return levels
