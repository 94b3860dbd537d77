"""The outcome table as files: outcomes.csv, and outcomes.parquet where pyarrow is installed."""

import hashlib
import math
from collections.abc import Collection, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from pytest_dre.artifacts.cells import Cell, Row, scalar_cell, text_cell
from pytest_dre.artifacts.csvfile import CsvWriter, FileRecord
from pytest_dre.artifacts.schema import OUTCOMES, PARQUET_FILE, OutcomeColumns
from pytest_dre.encoding import encodable
from pytest_dre.model.verdicts import OutcomeRow

_INT64 = range(-(2**63), 2**63)


def write_outcomes(
    directory: Path, rows: Sequence[OutcomeRow], columns: OutcomeColumns, stale: Collection[str]
) -> dict[str, FileRecord]:
    """Write the outcome tables into `directory` and return file → record.

    Runs named in `stale` are marked as stale also where their results were counted all the same. The Parquet file is
    written only if pyarrow can be imported.
    """
    table = [_cells(row, columns, row.stale or row.run_id in stale) for row in rows]
    with CsvWriter(directory / OUTCOMES.file, columns.header) as writer:
        for cells in table:
            writer.write_cells(cells)
        files = {OUTCOMES.file: writer.record()}
    if _write_parquet(directory / PARQUET_FILE, table, columns):
        data = (directory / PARQUET_FILE).read_bytes()
        files[PARQUET_FILE] = FileRecord(len(data), hashlib.sha256(data).hexdigest(), len(table))
    return files


def _cells(row: OutcomeRow, columns: OutcomeColumns, stale: bool) -> Row:
    return (
        row.run_id,
        row.condition_id,
        *(scalar_cell(row.factors.get(name)) for name in columns.factors),
        *(scalar_cell(row.blocks.get(name)) for name in columns.blocks),
        row.agent_id,
        row.problem_id,
        row.replicate,
        row.seed,
        row.status,
        stale,
        *(row.values.get(name) for name in columns.outcomes),
    )


def _write_parquet(path: Path, table: Sequence[Row], columns: OutcomeColumns) -> bool:
    """Write the table as Parquet and return True; False, and nothing is written, without pyarrow."""
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        return False
    outcomes = len(columns.outcomes)
    names = [encodable(name) for name in columns.header]
    arrays = [
        pyarrow.array(values, pyarrow.float64() if place >= len(names) - outcomes else None)
        for place, values in enumerate(_uniform(table, len(names)))
    ]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, names=names), path)
    return True


def _uniform(table: Sequence[Row], width: int) -> Iterator[list[Any]]:
    """Yield the columns' values; those of a column with several kinds of values, or too large ones, as text."""
    for place in range(width):
        values: list[Cell] = [row[place] for row in table]
        kinds = {type(value) for value in values if value is not None}
        if kinds == {int, float}:
            yield [None if value is None else _float(value) for value in values]
        elif kinds in ({bool}, {float}) or (kinds == {int} and all(value in _INT64 for value in values if value)):
            yield values
        else:
            yield [None if value is None else encodable(text_cell(value)) for value in values]


def _float(value: Cell) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:  # an integer beyond the floats
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]
