"""Artifacts read back with the types they were written with."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.artifacts.cells import read_cell
from pytest_dre.artifacts.csvfile import large_fields, read_rows
from pytest_dre.artifacts.schema import (
    ANALYSIS_PLAN_FILE,
    CONDITIONS,
    EVALUATIONS,
    EVENTS,
    HYPOTHESES_FILE,
    MANIFEST_FILE,
    RUNS,
    STUDY_FILE,
    TABLES,
    ColumnKind,
    Table,
    block_columns,
    factor_columns,
)
from pytest_dre.errors import ArtifactError

TypedRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Artifacts:
    """All that an artifact directory holds; tables as lists of maps, column → value."""

    study_yaml: str
    manifest: Mapping[str, Any]
    hypotheses: Sequence[Mapping[str, Any]]
    analysis_plan: Sequence[Mapping[str, Any]]
    conditions: Sequence[TypedRow]
    runs: Sequence[TypedRow]
    events: Sequence[TypedRow]
    evaluations: Sequence[TypedRow]


def read_artifacts(directory: Path) -> Artifacts:
    """Return what `directory` holds. Raises ArtifactError for a file that is missing or damaged."""
    return Artifacts(
        study_yaml=_read_text(directory / STUDY_FILE),
        manifest=_read_json(directory / MANIFEST_FILE),
        hypotheses=_read_json(directory / HYPOTHESES_FILE),
        analysis_plan=_read_json(directory / ANALYSIS_PLAN_FILE),
        conditions=read_table(directory / CONDITIONS.file),
        runs=read_table(directory / RUNS.file),
        events=read_table(directory / EVENTS.file),
        evaluations=read_table(directory / EVALUATIONS.file),
    )


def read_table(path: Path) -> list[TypedRow]:
    """Return the rows of one of the four tables, which the file's name tells.

    Values have the types they were written with: numbers, booleans and None as such, JSON cells parsed (NaN and
    infinities included), factors, blocks, `primary_outcome` and `metric_value` exact. A column that is not ours is
    text. Raises ArtifactError for a file that is missing, damaged or no table of ours.
    """
    table = next((table for table in TABLES if table.file == path.name), None)
    if table is None:
        raise ArtifactError(f"{path}: it is no table of a study; those are {', '.join(t.file for t in TABLES)}")
    try:
        with large_fields():
            return [_exact(table, row) for row in _typed_rows(table, path)]
    except OSError as error:
        raise _unreadable(path, error) from error
    except (csv.Error, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ArtifactError(f"{path}: the table is damaged ({error}); export it again") from error


def _typed_rows(table: Table, path: Path) -> Iterator[TypedRow]:
    rows = read_rows(path)
    header = next(rows, [])
    kinds = {column.name: column.kind for column in table.columns}
    others: ColumnKind = "optional_text" if table is CONDITIONS else "text"
    columns = [(name, kinds.get(name, others)) for name in header]
    for row in rows:
        yield {name: read_cell(kind, text) for (name, kind), text in zip(columns, row, strict=True)}


def _exact(table: Table, row: TypedRow) -> TypedRow:
    """Give the cells whose text leaves the type open the value that a JSON column keeps."""
    if table is CONDITIONS:
        assignment = row.get("assignment_meta_json", {})
        factors, blocks = assignment.get("factors", {}), assignment.get("blocks", {})
        for names, values in ((factor_columns(factors, blocks), factors), (block_columns(blocks), blocks)):
            row.update({column: values[name] for name, column in names.items() if column in row})
    elif table is RUNS and "primary_outcome" in row.get("metrics_json", {}):
        row["primary_outcome"] = row["metrics_json"]["primary_outcome"]
    elif table is EVALUATIONS and "value_json" in row:
        row["metric_value"] = row["value_json"]
    return row


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise _unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{path}: it is no text in UTF-8; export it again") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path}: it is no JSON ({error}); export it again") from error


def _unreadable(path: Path, error: OSError) -> ArtifactError:
    return ArtifactError(f"{path}: it cannot be read ({error.strerror or error}); is this a study's output directory?")
