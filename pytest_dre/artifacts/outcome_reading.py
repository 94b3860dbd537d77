"""The outcome table read back from an exported directory or bundle, ours or another tool's of schema 0.2.0."""

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.artifacts.bundle import read_bundle
from pytest_dre.artifacts.csvfile import large_fields, read_rows
from pytest_dre.artifacts.foreign import tabulated
from pytest_dre.artifacts.reading import read_table
from pytest_dre.artifacts.schema import CONDITIONS, MANIFEST_FILE, OUTCOMES, RUNS, OutcomeColumns, outcome_columns
from pytest_dre.errors import ArtifactError
from pytest_dre.model.verdicts import OutcomeRow


@dataclass(frozen=True, slots=True)
class ReadOutcomes:
    """The outcome table of an exported study, and the columns that it has, or would have, in outcomes.csv."""

    rows: tuple[OutcomeRow, ...]
    columns: OutcomeColumns


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give an artifact directory as it is, a bundle unpacked into a temporary directory. Raises ArtifactError."""
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise ArtifactError(f"{path}: there is no such directory or bundle; give a study's output directory")
    with tempfile.TemporaryDirectory() as scratch:
        read_bundle(path, Path(scratch))
        yield Path(scratch)


def read_outcomes(directory: Path) -> ReadOutcomes:
    """Return the outcome table of an artifact directory.

    Where there is no outcomes.csv, outcomes are read from the other tables: those that study.yaml declares, or the
    numbers in runs.csv if it cannot be read. Raises ArtifactError for files that are missing or damaged.
    """
    for table in (CONDITIONS, RUNS):
        if not (directory / table.file).is_file():
            raise ArtifactError(f"{directory}: it has no {table.file}; give a study's output directory")
    if not (directory / OUTCOMES.file).is_file():
        return _read_foreign(directory)
    assigned = {row["condition_id"]: _assignment(directory, row) for row in read_table(directory / CONDITIONS.file)}
    try:
        columns = _columns(directory, assigned)
        with large_fields():
            return ReadOutcomes(tuple(_rows(directory / OUTCOMES.file, columns, assigned)), columns)
    except (csv.Error, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said = f"{type(error).__name__}: {error}"
        raise ArtifactError(f"{directory / OUTCOMES.file}: the table is damaged ({said}); export it again") from error
    except OSError as error:
        raise ArtifactError(f"{directory}: it cannot be read ({error.strerror or error})") from error


_Assigned = tuple[Mapping[str, Any], Mapping[str, Any]]


def _assignment(directory: Path, row: Mapping[str, Any]) -> _Assigned:
    assignment = row.get("assignment_meta_json")
    if isinstance(assignment, dict):
        factors, blocks = assignment.get("factors"), assignment.get("blocks")
        if isinstance(factors, dict) and isinstance(blocks, dict):
            return factors, blocks
    raise ArtifactError(f"{directory / CONDITIONS.file}: a condition has no assignment; export it again")


def _columns(directory: Path, assigned: Mapping[str, _Assigned]) -> OutcomeColumns:
    outcomes = json.loads((directory / MANIFEST_FILE).read_text("utf-8"))["outcome_columns"]
    return _columns_of(assigned, outcomes)


def _columns_of(assigned: Mapping[str, _Assigned], outcomes: Mapping[str, str]) -> OutcomeColumns:
    factors = dict.fromkeys(name for found, _ in assigned.values() for name in found)
    blocks = dict.fromkeys(name for _, found in assigned.values() for name in found)
    return outcome_columns(factors, blocks, outcomes)


def _rows(path: Path, columns: OutcomeColumns, assigned: Mapping[str, _Assigned]) -> Iterator[OutcomeRow]:
    cells = read_rows(path)
    header = next(cells, [])
    absent = [name for name in columns.header if name not in header]
    if absent:
        raise ValueError(f"there is no column {absent[0]!r}")
    places = {column: header.index(column) for column in columns.header}
    for row in cells:
        if len(row) != len(header):
            raise ValueError(f"a row has {len(row)} cells, the header {len(header)}")
        yield _row({column: row[place] for column, place in places.items()}, columns, assigned)


def _row(cell: Mapping[str, str], columns: OutcomeColumns, assigned: Mapping[str, _Assigned]) -> OutcomeRow:
    factors, blocks = assigned[cell["condition_id"]]
    return OutcomeRow(
        run_id=cell["run_id"],
        condition_id=cell["condition_id"],
        factors=factors,
        blocks=blocks,
        agent_id=cell["agent_id"] or None,
        problem_id=cell["problem_id"] or None,
        replicate=int(cell["replicate"]),
        seed=int(cell["seed"]),
        status=cell["status"],
        stale={"True": True, "False": False}[cell["stale"]],
        values={name: _number(cell[column]) for name, column in columns.outcomes.items()},
    )


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def _read_foreign(directory: Path) -> ReadOutcomes:
    rows, outcomes = tabulated(directory)
    assigned = {row.condition_id: (row.factors, row.blocks) for row in rows}
    return ReadOutcomes(tuple(rows), _columns_of(assigned, dict.fromkeys(outcomes, "")))
