"""Custom matrices: conditions read row by row from a CSV or JSON file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.designs.faults import refuse
from pytest_dre.designs.matrix_files import MatrixRow, read_matrix
from pytest_dre.designs.ordering import arranged
from pytest_dre.designs.points import DesignPoint, refuse_explosion
from pytest_dre.designs.texts import value_text
from pytest_dre.errors import Fault, StudyError
from pytest_dre.model.study import Study
from pytest_dre.references import did_you_mean

PATH = ("design_spec", "matrix_path")
REPORTED_FAULTS = 100


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
    known = {name: {value_text(value) for value in column.values} for name, column in columns.items()}
    faults: dict[tuple[str, str], Fault] = {}  # a missing or unknown column is one fault, not one a row
    for row in rows:
        for name in row.values:
            if name not in columns:
                fault = Fault(f"{row.place}: no factor or block is named {name!r}", did_you_mean(name, columns), PATH)
                faults.setdefault(("unknown", name), fault)
        for name, column in columns.items():
            if name not in row.values:
                if not column.has_default:
                    faults.setdefault(("missing", name), _missing(row, column))
            elif known[name] and value_text(row.values[name]) not in known[name]:
                faults[row.place, name] = _no_level(row, column)
        if len(faults) >= REPORTED_FAULTS:
            break
    return list(faults.values())


def _missing(row: MatrixRow, column: Column) -> Fault:
    hint = "add it, or give the factor a default" if column.what == "factor" else "add it, or remove the block"
    return Fault(f"{row.place}: the {column.what} {column.name!r} has no value", hint, PATH)


def _no_level(row: MatrixRow, column: Column) -> Fault:
    value = row.values[column.name]
    shown = ", ".join(value_text(level) for level in column.values[:8])
    hint = f"levels: {shown}"
    if isinstance(value, str) and value in {value_text(level) for level in column.values}:
        hint += "; cells of a CSV are text: quote the level's value in the study, or use a JSON matrix"
    return Fault(f"{row.place}: {value!r} is no level of the {column.what} {column.name!r}", hint, PATH)
