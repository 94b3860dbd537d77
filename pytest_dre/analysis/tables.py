"""The outcome table: one row a planned run, with its factors and each outcome."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pytest_dre.analysis.missing import OutcomeGaps, is_carried_out
from pytest_dre.analysis.outcomes import outcome_reader, outcome_readers
from pytest_dre.model.runs import Plan, RunResult, RunSpec
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

MISSING = "missing"


@dataclass(frozen=True, slots=True)
class _Found:
    """What one run gave: whether it was carried out, its status, and a number an outcome (None if it lacks it)."""

    carried_out: bool
    status: str
    numbers: tuple[float | None, ...]


class OutcomeTable:
    """Takes in results as they stream by, and keeps of each its outcomes only.

    Attributes:
        declared: The outcomes of the study that can be read, with the runs counted that lack them.
        names: The outcomes of the table: these or, where there are none, the one that is read all the same.
    """

    def __init__(self, study: Study, plan: Plan) -> None:
        self._plan = plan
        self.declared = tuple(map(OutcomeGaps, outcome_readers(study, plan.conditions)))
        self._gaps = self.declared or (OutcomeGaps(outcome_reader(study, plan.conditions)),)
        self._found: dict[str, _Found] = {}
        self.names = tuple(item.reader.name for item in self._gaps)

    def add(self, result: RunResult) -> None:
        """Take in a result."""
        numbers = tuple(item.add(result) for item in self._gaps)
        self._found[result.run_id] = _Found(is_carried_out(result), str(result.status), numbers)

    def watched(self, results: Iterable[RunResult]) -> Iterator[RunResult]:
        """Yield the results, each taken in first."""
        for result in results:
            self.add(result)
            yield result

    def rows(self, stale: Collection[str] = ()) -> list[OutcomeRow]:
        """Return a row for each planned run, in plan order; those without results named in `stale` are stale."""
        worst = [item.value for item in self._gaps]
        return [
            _row(run, self._found.get(run.run_id), self.names, worst, run.run_id in stale) for run in self._plan.runs
        ]


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
    planned = {run.run_id for run in plan.runs}
    table = OutcomeTable(study, plan)
    for result in results:
        if result.run_id in planned:
            table.add(result)
    return table.rows(stale)


def _row(
    run: RunSpec, found: _Found | None, names: Collection[str], worst: list[float | None], stale: bool
) -> OutcomeRow:
    values: dict[str, float | None] = dict.fromkeys(names)
    imputed = set()
    if found is not None:
        for name, number, bad in zip(names, found.numbers, worst, strict=True):
            lacks = number is None and found.carried_out
            values[name] = bad if lacks else number
            if lacks and bad is not None:
                imputed.add(name)
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
        imputed=frozenset(imputed),
    )
