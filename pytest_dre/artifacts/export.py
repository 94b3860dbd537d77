"""The export: one pass over the results makes every artifact of a study."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from pytest_dre.analysis.tables import OutcomeTable
from pytest_dre.analysis.unstarted import TotalSpending, Unstarted
from pytest_dre.artifacts.bundle import write_bundle
from pytest_dre.artifacts.cells import Row, scalar_cell
from pytest_dre.artifacts.csvfile import CsvWriter, FileRecord
from pytest_dre.artifacts.manifest import StoredBeside, build_manifest, with_former_date
from pytest_dre.artifacts.mirror import Mirror, check_column_count, declared_type, type_of_values
from pytest_dre.artifacts.outcomes import write_outcomes
from pytest_dre.artifacts.provenance import Provenance
from pytest_dre.artifacts.rows import condition_row, evaluation_rows, event_rows, run_row
from pytest_dre.artifacts.schema import (
    ANALYSIS_PLAN_FILE,
    BUNDLE_FILE,
    CANONICAL_FILES,
    CONDITIONS,
    EVALUATIONS,
    EVENTS,
    HYPOTHESES_FILE,
    MANIFEST_FILE,
    MIRROR_FILE,
    OUTCOMES,
    PARQUET_FILE,
    RUNS,
    STUDY_FILE,
    TABLES,
    Table,
    block_columns,
    factor_columns,
    outcome_columns,
)
from pytest_dre.artifacts.staging import publish, staging_directory
from pytest_dre.artifacts.tally import Tally, counted
from pytest_dre.artifacts.validation import validate_export
from pytest_dre.canonical import canonical_value
from pytest_dre.encoding import encodable
from pytest_dre.errors import ArtifactError
from pytest_dre.model.runs import Plan, RunResult, RunStatus
from pytest_dre.model.study import Study

WriteRow = Callable[[Row], None]
_NONE: Mapping[str, Unstarted] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What an export wrote.

    Attributes:
        output_dir: Where the artifacts are.
        files: Their names.
        planned: Runs of the plan.
        status_counts: Status → results of it, each status named.
        missing: Planned runs without a result.
        complete: Whether every planned run has succeeded.
        unstarted: Run id → why it has no result, of the missing runs for which that is known.
    """

    output_dir: Path
    files: tuple[str, ...]
    planned: int
    status_counts: Mapping[RunStatus, int]
    missing: int
    complete: bool
    unstarted: Mapping[str, Unstarted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of conditions.csv that depend on the study."""

    factors: tuple[str, ...]
    blocks: tuple[str, ...]
    columns: tuple[str, ...]


def export_study(
    study: Study,
    plan: Plan,
    results: Iterable[RunResult],
    output_dir: Path,
    *,
    study_yaml: str,
    provenance: Provenance,
    sqlite: bool = False,
    bundle: bool = False,
    generated_at: datetime | None = None,
    unstarted: Mapping[str, Unstarted] = _NONE,
    stale: Collection[str] = (),
    orphans: Collection[str] = (),
    stale_included: bool = False,
    spending: TotalSpending | None = None,
) -> ExportSummary:
    """Write the artifacts of `study` into `output_dir`, validate them and say what was written.

    `results` must stand in plan order; they are read once, one at a time. `study_yaml` is the text of study.yaml.
    An SQLite mirror or bundle that an earlier export left is renewed even if not asked for, so that it never
    contradicts the tables. `generated_at` is now, unless given; but what is exported once more keeps its date.

    What the results do not tell: `unstarted`, by run id why runs were not started (those with a result are passed
    over); `stale`, the ids of planned runs with results of another agent, problem or seed only, and whether these are
    among `results` (`stale_included`); `orphans`, the ids of stored runs not planned any more; `spending` in all
    sessions.

    Everything is made aside and moved into place when it is whole: an export that fails leaves the files of the
    one before. Raises ArtifactError for results that are not planned or not in order, for more columns than SQLite
    holds, and if the directory cannot be written.
    """
    stamp = (generated_at or datetime.now(UTC)).isoformat()
    layout = _layout(study, plan)
    stale = frozenset(stale)
    in_order = tuple(run.run_id for run in plan.runs if run.run_id in stale)
    beside = StoredBeside(in_order, stale_included, tuple(sorted(orphans)), spending)
    sqlite = sqlite or (output_dir / MIRROR_FILE).exists()
    bundle = bundle or (output_dir / BUNDLE_FILE).exists()
    if sqlite:
        check_column_count(len(layout.columns))
    try:
        with staging_directory(output_dir) as staging:
            tally = Tally(len(plan.runs), unstarted, stale)
            files = _write_documents(staging, study, study_yaml)
            outcomes = OutcomeTable(study, plan)
            rows = outcomes.watched(counted(plan, results, tally))
            files |= _write_tables(staging, study, plan, rows, layout, stamp=stamp, sqlite=sqlite, stale=stale)
            columns = outcome_columns(layout.factors, layout.blocks, outcomes.names)
            files |= write_outcomes(staging, outcomes.rows(stale), columns, stale)
            manifest = build_manifest(
                study, tally, outcomes.declared, files, provenance, generated_at=stamp, beside=beside, columns=columns
            )
            if generated_at is None:
                manifest = with_former_date(manifest, output_dir / MANIFEST_FILE)
            _write_json(staging / MANIFEST_FILE, manifest)
            _check(staging)
            if bundle:
                write_bundle(staging, staging / BUNDLE_FILE)
            names = _names(files, sqlite, bundle)
            publish(staging, output_dir, names)
            if PARQUET_FILE not in names:  # an earlier export's would contradict the tables
                (output_dir / PARQUET_FILE).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise ArtifactError(f"the artifacts cannot be written to {output_dir}: {error}") from error
    return ExportSummary(
        output_dir=output_dir,
        files=names,
        planned=tally.planned,
        status_counts={status: tally.statuses[status] for status in RunStatus},
        missing=tally.missing,
        complete=tally.complete,
        unstarted=tally.unstarted,
    )


def _names(files: Collection[str], sqlite: bool, bundle: bool) -> tuple[str, ...]:
    """Return the files in the order they are moved into place: the manifest, which vouches for all, last."""
    wanted = (
        (OUTCOMES.file, True),
        (PARQUET_FILE, PARQUET_FILE in files),
        (MIRROR_FILE, sqlite),
        (BUNDLE_FILE, bundle),
    )
    derived = [name for name, is_wanted in wanted if is_wanted]
    return (*(name for name in CANONICAL_FILES if name != MANIFEST_FILE), *derived, MANIFEST_FILE)


def _layout(study: Study, plan: Plan) -> _Layout:
    """Return the columns of the study's factors and blocks, and of any other that its conditions have."""
    factors = dict.fromkeys(factor.name for factor in study.factors)
    blocks = dict.fromkeys(block.name for block in study.blocks)
    for condition in plan.conditions:
        factors.update(dict.fromkeys(condition.factor_assignments))
        blocks.update(dict.fromkeys(condition.block_assignments))
    of_factors, of_blocks = factor_columns(factors, blocks), block_columns(blocks)
    columns = (*CONDITIONS.header, *of_factors.values(), *of_blocks.values())
    return _Layout(tuple(factors), tuple(blocks), columns)


def _write_documents(staging: Path, study: Study, study_yaml: str) -> dict[str, FileRecord]:
    hypotheses = [hypothesis.model_dump() for hypothesis in study.hypotheses]
    plans = [plan.model_dump() for plan in study.analysis_plans]
    return {
        STUDY_FILE: _write_text(staging / STUDY_FILE, study_yaml),
        HYPOTHESES_FILE: _write_json(staging / HYPOTHESES_FILE, hypotheses),
        ANALYSIS_PLAN_FILE: _write_json(staging / ANALYSIS_PLAN_FILE, plans),
    }


def _write_json(path: Path, value: object) -> FileRecord:
    return _write_text(path, json.dumps(canonical_value(value), indent=2) + "\n")


def _write_text(path: Path, text: str) -> FileRecord:
    data = encodable(text).encode()
    path.write_bytes(data)
    return FileRecord(len(data), hashlib.sha256(data).hexdigest())


def _write_tables(
    staging: Path,
    study: Study,
    plan: Plan,
    results: Iterable[RunResult],
    layout: _Layout,
    *,
    stamp: str,
    sqlite: bool,
    stale: Collection[str],
) -> dict[str, FileRecord]:
    with ExitStack() as stack:
        headers = {table: table.header for table in TABLES} | {CONDITIONS: layout.columns}
        writers = {table: stack.enter_context(CsvWriter(staging / table.file, headers[table])) for table in TABLES}
        sinks: dict[Table, WriteRow] = {table: writer.write_cells for table, writer in writers.items()}
        if sqlite:
            mirror = stack.enter_context(Mirror(staging / MIRROR_FILE))
            types = _mirror_columns(plan, layout)
            sinks = {table: _both(sinks[table], mirror.create_table(table.name, types[table])) for table in TABLES}
        for condition in plan.conditions:
            sinks[CONDITIONS](condition_row(study.study_id, condition, layout.factors, layout.blocks))
        _write_results(results, sinks, stamp, stale)
        return {table.file: writer.record() for table, writer in writers.items()}


def _write_results(
    results: Iterable[RunResult], sinks: Mapping[Table, WriteRow], stamp: str, stale: Collection[str]
) -> None:
    write_run, write_event, write_evaluation = sinks[RUNS], sinks[EVENTS], sinks[EVALUATIONS]
    for result in results:
        write_run(run_row(result, stale=result.run_id in stale))
        for row in event_rows(result, stamp):
            write_event(row)
        for row in evaluation_rows(result):
            write_evaluation(row)


def _both(first: WriteRow, second: WriteRow) -> WriteRow:
    def write(row: Row) -> None:
        first(row)
        second(row)

    return write


def _mirror_columns(plan: Plan, layout: _Layout) -> dict[Table, Sequence[tuple[str, str]]]:
    """Return the (column, type) pairs of each table; those of factors and blocks have the type of their values."""
    columns = {table: [(column.name, declared_type(column.kind)) for column in table.columns] for table in TABLES}
    types = [
        type_of_values(scalar_cell(condition.factor_assignments.get(name)) for condition in plan.conditions)
        for name in layout.factors
    ] + [
        type_of_values(scalar_cell(condition.block_assignments.get(name)) for condition in plan.conditions)
        for name in layout.blocks
    ]
    names = layout.columns[len(CONDITIONS.columns) :]
    return {**columns, CONDITIONS: [*columns[CONDITIONS], *zip(names, types, strict=True)]}


def _check(staging: Path) -> None:
    problems = validate_export(staging)
    if problems:
        raise ArtifactError("the export does not hold together, nothing was replaced:\n" + "\n".join(problems))
