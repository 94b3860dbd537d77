"""Custom matrices: conditions read row by row from a CSV or JSON file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.designs.faults import refuse
from pytest_dre.designs.matrix_files import MatrixRow, places, read_matrix
from pytest_dre.designs.ordering import arranged
from pytest_dre.designs.points import DesignPoint, refuse_explosion
from pytest_dre.designs.texts import value_text
from pytest_dre.errors import Fault, StudyError
from pytest_dre.model.study import Study
from pytest_dre.references import did_you_mean

PATH = ("design_spec", "matrix_path")
REPORTED_FAULTS = 100
NAMED = 3  # values of those that a fault is about


@dataclass(frozen=True, slots=True)
class Column:
    """A factor or block as a column: the values it may take (none declared: any) and the one an absent column has."""

    name: str
    what: str
    values: tuple[Any, ...]
    has_default: bool = False
    default: Any = None


def plan_matrix(study: Study, base_dir: Path) -> list[DesignPoint]:
    """Return one point a row of the file; cells of a CSV stay text.

    A factor without a column (in JSON: without a key in the row) has its default.
    """
    name = study.design_spec.matrix_path
    if name is None:
        refuse("custom_matrix needs matrix_path", "name a CSV or JSON file", "design_spec")
    columns = _columns(study)
    rows = read_matrix(base_dir / name)
    refuse_explosion(len(rows))
    faults = _faults(rows, columns)
    if faults:
        raise StudyError(faults)
    factors = {factor.name for factor in study.factors}
    points = []
    for index, row in enumerate(rows):
        values = {key: row.values.get(key, column.default) for key, column in columns.items()}
        position = {"design_kind": "custom_matrix", "matrix_row": index}
        chosen = {key: value for key, value in values.items() if key in factors}
        blocks = {key: value for key, value in values.items() if key not in factors}
        points.append(DesignPoint(chosen, blocks, position))
    return arranged(study, points)


def _columns(study: Study) -> dict[str, Column]:
    factors = [
        Column(
            factor.name,
            "factor",
            tuple(level.value for level in factor.levels),
            "default" in factor.model_fields_set,
            factor.default,
        )
        for factor in study.factors
    ]
    blocks = [Column(block.name, "block", block.levels) for block in study.blocks]
    return {column.name: column for column in (*factors, *blocks)}


def _faults(rows: list[MatrixRow], columns: Mapping[str, Column]) -> list[Fault]:
    """Return a fault for each column that is unknown, absent or holds what it may not, with the rows it concerns."""
    known = {name: {value_text(value) for value in column.values} for name, column in columns.items()}
    unknown: dict[str, list[MatrixRow]] = {}
    missing: dict[str, list[MatrixRow]] = {}
    no_level: dict[str, list[MatrixRow]] = {}
    for row in rows:
        for name in row.values.keys() - columns.keys():
            unknown.setdefault(name, []).append(row)
        for name, column in columns.items():
            if name not in row.values:
                if not column.has_default:
                    missing.setdefault(name, []).append(row)
            elif known[name] and value_text(row.values[name]) not in known[name]:
                no_level.setdefault(name, []).append(row)
    faults = [_unknown(name, found, columns) for name, found in sorted(unknown.items())]
    faults += [_missing(found, columns[name]) for name, found in missing.items()]
    faults += [_no_level(found, columns[name]) for name, found in no_level.items()]
    return faults[:REPORTED_FAULTS]


def _unknown(name: str, rows: list[MatrixRow], columns: Mapping[str, Column]) -> Fault:
    return Fault(f"{places(rows)}: no factor or block is named {name!r}", did_you_mean(name, columns), PATH)


def _missing(rows: list[MatrixRow], column: Column) -> Fault:
    hint = "add it, or give the factor a default" if column.what == "factor" else "add it, or remove the block"
    return Fault(f"{places(rows)}: the {column.what} {column.name!r} has no value", hint, PATH)


def _no_level(rows: list[MatrixRow], column: Column) -> Fault:
    values = [row.values[column.name] for row in rows]
    levels = [value_text(level) for level in column.values]
    shown = list(dict.fromkeys(repr(value) for value in values))
    more = f" and {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    are = "is no level" if len(shown) == 1 else "are no levels"
    hint = f"levels: {', '.join(levels[:8])}{', …' if len(levels) > 8 else ''}"
    if any(isinstance(value, str) and value in levels for value in values):
        hint += "; cells of a CSV are text: quote the levels' values in the study, or use a JSON matrix"
    message = f"{', '.join(shown[:NAMED])}{more} {are} of the {column.what} {column.name!r}"
    return Fault(f"{places(rows)}: {message}", hint, PATH)
