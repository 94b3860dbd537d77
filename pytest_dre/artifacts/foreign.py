"""Outcomes from the tables of schema 0.2.0 alone, as other tools and earlier releases leave them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_dre.analysis.aggregation import outcome_number
from pytest_dre.analysis.tables import OutcomeTable
from pytest_dre.artifacts.cells import read_cell
from pytest_dre.artifacts.reading import TypedRow, read_table
from pytest_dre.artifacts.schema import BLOCK_PREFIX, CONDITIONS, EVALUATIONS, EVENTS, RUNS, STUDY_FILE
from pytest_dre.errors import ArtifactError, StudyError
from pytest_dre.loading import load_study
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.runs import Condition, Plan, RunResult, RunSpec, RunStatus
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

PRIMARY_OUTCOME = "primary_outcome"
_MEASURED = ("latency_s", "input_tokens", "output_tokens", "cost_usd", PRIMARY_OUTCOME)
_DESCRIBING = frozenset(name for name in RUNS.header if name not in _MEASURED)


def tabulated(directory: Path) -> tuple[list[OutcomeRow], tuple[str, ...]]:
    """Return a row for each run of runs.csv, and the names of the outcomes.

    These are what study.yaml declares; if that cannot be read, or declares none: `primary_outcome` and each other
    column of runs.csv that holds numbers. Raises ArtifactError for damaged tables.
    """
    conditions = {found.condition_id: found for found in map(_condition, read_table(directory / CONDITIONS.file))}
    rows = [_typed(row) for row in read_table(directory / RUNS.file)]
    study = _study(directory, rows)
    plan = Plan(tuple(conditions.values()), tuple(_spec(directory, row, conditions) for row in rows))
    measured = {outcome.source_table for outcome in study.outcomes}
    events = _by_run(directory, EVENTS.file) if "events" in measured else {}
    evaluations = _by_run(directory, EVALUATIONS.file)
    table = OutcomeTable(study, plan)
    for row, run in zip(rows, plan.runs, strict=True):
        table.add(_result(row, run, evaluations.get(run.run_id, ()), events.get(run.run_id, ())))
    return table.rows(), table.names


def _condition(row: TypedRow) -> Condition:
    """Return a condition with the exact values of its JSON column, if that has them, else those of its cells."""
    given = row.get("assignment_meta_json")
    assignment = given if isinstance(given, dict) else {}
    factors, blocks = assignment.get("factors"), assignment.get("blocks")
    others = {name: value for name, value in row.items() if name not in CONDITIONS.header}
    if not isinstance(factors, dict):
        factors = {name: _scalar(value) for name, value in others.items() if not name.startswith(BLOCK_PREFIX)}
    if not isinstance(blocks, dict):
        blocks = {
            name.removeprefix(BLOCK_PREFIX): _scalar(value)
            for name, value in others.items()
            if name.startswith(BLOCK_PREFIX)
        }
    return Condition(str(row.get("condition_id")), factors, blocks)


def _scalar(value: Any) -> Any:
    return read_cell("scalar", value) if isinstance(value, str) else value


def _typed(row: TypedRow) -> TypedRow:
    """Give columns that are not ours the type that their text shows."""
    return {name: value if name in RUNS.header else _scalar(value) for name, value in row.items()}


def _study(directory: Path, rows: Sequence[TypedRow]) -> Study:
    study_id = str(rows[0].get("study_id") or "study") if rows else "study"
    try:
        study = load_study(directory / STUDY_FILE).study
    except StudyError:
        study = Study(study_id=study_id, title=study_id)
    return study if study.outcomes else study.model_copy(update={"outcomes": _numeric_outcomes(rows)})


def _numeric_outcomes(rows: Sequence[TypedRow]) -> tuple[OutcomeSpec, ...]:
    columns = [PRIMARY_OUTCOME, *(name for row in rows[:1] for name in row if name != PRIMARY_OUTCOME)]
    numeric = [
        name
        for name in columns
        if name not in _DESCRIBING and any(outcome_number(row.get(name)) is not None for row in rows)
    ]
    return tuple(OutcomeSpec(name=name, source_table="runs", column=name, aggregation="mean") for name in numeric)


def _spec(directory: Path, row: TypedRow, conditions: Mapping[str, Condition]) -> RunSpec:
    try:
        return RunSpec(
            study_id=row["study_id"],
            run_id=row["run_id"],
            condition=conditions[row["condition_id"]],
            replicate=int(row["replicate"]),
            agent_id=row["agent_id"],
            problem_id=row["problem_id"],
            seed=int(row["seed"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        said = f"{type(error).__name__}: {error}"
        raise ArtifactError(
            f"{directory / RUNS.file}: the run {row.get('run_id')!r} cannot be read ({said})"
        ) from error


def _by_run(directory: Path, file: str) -> dict[str, list[TypedRow]]:
    found: defaultdict[str, list[TypedRow]] = defaultdict(list)
    if (directory / file).is_file():
        for row in read_table(directory / file):
            found[row.get("run_id") or row.get("session_id", "")].append(row)
    return found


def _result(
    row: TypedRow, run: RunSpec, evaluations: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]
) -> RunResult:
    given = row.get("metrics_json")
    metrics = given if isinstance(given, dict) else {k: v for k, v in row.items() if k not in _DESCRIBING}
    status = str(row.get("status"))
    if status not in set(RunStatus):
        raise ArtifactError(f"the run {run.run_id!r} has the unknown status {status!r}")
    return RunResult.of(
        run,
        RunStatus(status),
        status_reason=str(row.get("status_reason") or ""),
        latency_s=outcome_number(row.get("latency_s")),
        metrics=metrics,
        evaluations=tuple(evaluations),
        events=tuple(events),
    )
