"""The outcome table: one row a planned run, with its factors and each outcome."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from pytest_dre.analysis.aggregation import outcome_number
from pytest_dre.analysis.derivations import derived_reader
from pytest_dre.analysis.missing import OutcomeGaps, is_carried_out
from pytest_dre.analysis.outcomes import OutcomeReader, outcome_reader, outcome_readers
from pytest_dre.model.runs import Plan, RunResult, RunSpec
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

MISSING = "missing"
Suits = Callable[[float], bool]

_SUITS: dict[str, Suits] = {
    "bool": lambda number: number in (0.0, 1.0),
    "boolean": lambda number: number in (0.0, 1.0),
    "int": float.is_integer,
    "integer": float.is_integer,
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What one run gave: whether it was carried out, its status, and a number an outcome (None if it lacks it)."""

    carried_out: bool
    status: str
    numbers: tuple[float | None, ...]


def outcome_rows(
    study: Study, plan: Plan, results: Iterable[RunResult], stale: Collection[str] = ()
) -> list[OutcomeRow]:
    """Return a row for each planned run, in plan order.

    The outcomes are the declared ones, or `primary_outcome` if none is. An outcome is missing where a run failed or is
    missing, where its value is no number, and where it is not of the `expected_type`; `missing_data_policy: worst`
    puts the worst value in for runs that were carried out. Results of runs not planned are passed over.

    Args:
        study: The study.
        plan: Its plan.
        results: The results that count, at most one a run, in any order.
        stale: Ids of planned runs that have results of other versions only.
    """
    gaps = [OutcomeGaps(_typed(reader)) for reader in table_readers(study, plan)]
    found = {result.run_id: _taken(result, gaps) for result in results}
    names, worst = [item.reader.name for item in gaps], [item.value for item in gaps]
    return [_row(run, found.get(run.run_id), names, worst, run.run_id in stale) for run in plan.runs]


def table_readers(study: Study, plan: Plan) -> list[OutcomeReader]:
    """Return the readers of the table's outcomes, derived ones included; those that cannot be read are left out."""
    plain = {reader.name: reader for reader in outcome_readers(study)}
    conditions = {condition.condition_id: condition for condition in plan.conditions}
    readers = [derived_reader(spec, conditions) if spec.derivation else plain.get(spec.name) for spec in study.outcomes]
    return [reader for reader in readers if reader is not None] or [outcome_reader(study)]


def _typed(reader: OutcomeReader) -> OutcomeReader:
    suits = _SUITS.get(reader.spec.expected_type.lower()) if reader.spec is not None else None
    if suits is None:
        return reader

    def read(result: RunResult) -> float | None:
        number = outcome_number(reader.read(result))
        return number if number is not None and suits(number) else None

    return replace(reader, read=read)


def _taken(result: RunResult, gaps: list[OutcomeGaps]) -> _Found:
    return _Found(is_carried_out(result), str(result.status), tuple(item.add(result) for item in gaps))


def _row(run: RunSpec, found: _Found | None, names: list[str], worst: list[float | None], stale: bool) -> OutcomeRow:
    values: dict[str, float | None] = dict.fromkeys(names)
    if found is not None:
        for name, number, bad in zip(names, found.numbers, worst, strict=True):
            values[name] = bad if number is None and found.carried_out else number
    return OutcomeRow(
        run_id=run.run_id,
        condition_id=run.condition_id,
        factors=run.condition.factor_assignments,
        blocks=run.condition.block_assignments,
        agent_id=run.agent_id,
        problem_id=run.problem_id,
        replicate=run.replicate,
        seed=run.seed,
        status=MISSING if found is None else found.status,
        stale=stale and found is None,
        values=values,
    )
