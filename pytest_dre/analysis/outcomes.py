"""The outcomes that a study declares, and the one that decides it, read from its runs' results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pytest_dre.analysis.aggregation import COUNT, aggregate, is_known
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.runs import RunResult
from pytest_dre.model.study import Study

Goal = Literal["maximize", "minimize"]
MissingDataPolicy = Literal["drop", "fail", "worst"]
Read = Callable[[RunResult], Any]

PRIMARY_OUTCOME = "primary_outcome"
# Columns of runs.csv that are fields of a result; the others are metrics of it. A cost that a run does not tell is
# 0 in the table, but no outcome: a missing outcome is never a zero.
_FIELDS = (
    *("study_id", "condition_id", "run_id", "problem_id", "problem_family", "agent_id", "agent_kind"),
    *("pattern_name", "model_name", "seed", "replicate", "status", "start_time", "end_time", "latency_s"),
    *("error_info", "status_reason"),
)
# Columns of the other tables: an outcome that names one is about all rows.
_EVALUATION_COLUMNS = ("metric_value", "metric_name", "metric_unit", "evaluator_id", "aggregation_level")
_EVENT_COLUMNS = ("timestamp", "record_id", "text", "session_id", "actor_id", "event_type", "level")
_DEFAULT_EVENT = "assistant_output"


@dataclass(frozen=True, slots=True)
class OutcomeReader:
    """How a run's value of an outcome is read.

    Attributes:
        name: What the outcome is called.
        goal: Whether high or low values are good, None if the study does not say.
        read: Returns a result's value, of any type; `outcome_number` tells which are numbers.
        spec: The outcome as the study declares it, None if it does not.
    """

    name: str
    goal: Goal | None
    read: Read
    spec: OutcomeSpec | None = None

    @property
    def policy(self) -> MissingDataPolicy:
        """What a missing outcome does: "drop" unless the study says otherwise."""
        return "drop" if self.spec is None else self.spec.missing_data_policy


def outcome_reader(study: Study) -> OutcomeReader:
    """Return the reader of the study's one primary outcome.

    Of an outcome of the runs table the column is a field of that table, else a metric. Of the evaluations table it is
    the name of a metric, whose rows are aggregated; a column of that table takes all rows, or those of the metric named
    as the outcome. Of the events table it is an event type, whose events are counted.

    The run's own `primary_outcome` stands in where no or several outcomes are primary, where an outcome has a
    derivation, and where its aggregation is not known.
    """
    primary = [item for item in study.outcomes if item.primary]
    if len(primary) == 1:
        reader = _reader(primary[0])
        if reader is not None:
            return reader
    return OutcomeReader(PRIMARY_OUTCOME, _goal_of_column(primary), _primary_outcome, _spec_of_column(primary))


def outcome_readers(study: Study) -> tuple[OutcomeReader, ...]:
    """Return the readers of the declared outcomes, in their order.

    Outcomes with a derivation, and those whose aggregation is not known, cannot be read and are left out.
    """
    readers = (_reader(outcome) for outcome in study.outcomes)
    return tuple(reader for reader in readers if reader is not None)


def _reader(outcome: OutcomeSpec) -> OutcomeReader | None:
    read = None if outcome.derivation else _READERS[outcome.source_table](outcome)
    return None if read is None else OutcomeReader(outcome.name, outcome.goal, read, outcome)


def _goal_of_column(primary: Sequence[OutcomeSpec]) -> Goal | None:
    """Return the goal of what the column `primary_outcome` holds; a derivation may turn it round, so it is left out."""
    goals = {item.goal for item in primary if item.column == PRIMARY_OUTCOME and not item.derivation}
    return goals.pop() if len(goals) == 1 else None


def _spec_of_column(primary: Sequence[OutcomeSpec]) -> OutcomeSpec | None:
    """Return the one primary outcome that is the column `primary_outcome` as it stands."""
    found = [
        item
        for item in primary
        if item.column == PRIMARY_OUTCOME and item.source_table == "runs" and not item.derivation
    ]
    return found[0] if len(found) == 1 else None


def _primary_outcome(result: RunResult) -> Any:
    return result.primary_outcome


def _of_runs(outcome: OutcomeSpec) -> Read:
    return partial(_field if outcome.column in _FIELDS else _metric, outcome.column)


def _field(name: str, result: RunResult) -> Any:
    return getattr(result, name)


def _metric(name: str, result: RunResult) -> Any:
    return result.metrics.get(name)


def _of_evaluations(outcome: OutcomeSpec) -> Read | None:
    if not is_known(outcome.aggregation):
        return None
    if outcome.column in _EVALUATION_COLUMNS:
        return partial(_evaluation_column, outcome)
    return partial(_evaluation_metric, outcome)


def _evaluation_metric(outcome: OutcomeSpec, result: RunResult) -> Any:
    values = [row.get("metric_value") for row in result.evaluations if row.get("metric_name") == outcome.column]
    return aggregate(values, outcome.aggregation)


def _evaluation_column(outcome: OutcomeSpec, result: RunResult) -> Any:
    named = [row for row in result.evaluations if row.get("metric_name") == outcome.name]
    return aggregate([row.get(outcome.column) for row in named or result.evaluations], outcome.aggregation)


def _of_events(outcome: OutcomeSpec) -> Read | None:
    if outcome.aggregation != COUNT:
        return None
    return _count_events if outcome.column in _EVENT_COLUMNS else partial(_count_events_of_type, outcome.column)


def _count_events(result: RunResult) -> int:
    return len(result.events)


def _count_events_of_type(event_type: str, result: RunResult) -> int:
    return sum((event.get("event_type") or _DEFAULT_EVENT) == event_type for event in result.events)


_READERS: dict[str, Callable[[OutcomeSpec], Read | None]] = {
    "runs": _of_runs,
    "evaluations": _of_evaluations,
    "events": _of_events,
}
