"""The outcomes that a study declares, and the one that decides it, read from its runs' results."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from pytest_dre.analysis.aggregation import COUNT, aggregate, is_known, outcome_number
from pytest_dre.analysis.derivations import Read, by_id, derived_read
from pytest_dre.derivation_expressions import circle, compile_derivation, reads_variables
from pytest_dre.expressions import CompiledExpression, ExpressionError
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.runs import Condition, RunResult
from pytest_dre.model.study import Study

Goal = Literal["maximize", "minimize"]
MissingDataPolicy = Literal["drop", "fail", "worst"]

PRIMARY_OUTCOME = "primary_outcome"
# Columns of runs.csv that are fields of a result; the others are metrics of it. A cost that a run does not tell is
# 0 in the table, but no outcome: a missing outcome is never a zero.
_FIELDS = (
    *("study_id", "condition_id", "run_id", "problem_id", "problem_family", "agent_id", "agent_kind"),
    *("pattern_name", "model_name", "seed", "replicate", "status", "start_time", "end_time", "latency_s"),
    *("error_info", "status_reason"),
)
# Columns of the other tables: an outcome that names one is about all rows.
METRIC_VALUE = "metric_value"
_EVALUATION_COLUMNS = (METRIC_VALUE, "metric_name", "metric_unit", "evaluator_id", "aggregation_level")
_EVENT_COLUMNS = ("timestamp", "record_id", "text", "session_id", "actor_id", "event_type", "level")
_DEFAULT_EVENT = "assistant_output"
INTEGERS = ("int", "integer")


@dataclass(frozen=True, slots=True)
class OutcomeReader:
    """How a run's value of an outcome is read.

    Attributes:
        name: What the outcome is called.
        goal: Whether high or low values are good, None if the study does not say.
        read: Returns a result's value, of any type; `number` tells which of them count.
        spec: The outcome as the study declares it, None if it does not.
        kind: What values the outcome has: "bool", "int" or "float".
    """

    name: str
    goal: Goal | None
    read: Read
    spec: OutcomeSpec | None = None
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", _kind(self.spec))  # asked for with each of many results

    @property
    def policy(self) -> MissingDataPolicy:
        """What a missing outcome does: "drop" unless the study says otherwise."""
        return "drop" if self.spec is None else self.spec.missing_data_policy

    def number(self, result: RunResult) -> float | None:
        """Return a result's value as a number, booleans as 0 and 1; None for what is none, or not of the `kind`."""
        number = outcome_number(self.read(result))
        if number is None or self.kind == "float":
            return number
        return number if (number in (0.0, 1.0) if self.kind == "bool" else number.is_integer()) else None


def _kind(spec: OutcomeSpec | None) -> str:
    if spec is None:
        return "float"
    return "bool" if spec.is_boolean else "int" if spec.expected_type.lower() in INTEGERS else "float"


def outcome_reader(study: Study, conditions: Iterable[Condition] = ()) -> OutcomeReader:
    """Return the reader of the study's one primary outcome.

    Of an outcome of the runs table the column is a field of that table, else a metric. Of the evaluations table it is
    the name of a metric, whose rows are aggregated; a column of that table takes the rows of the metric named as the
    outcome, else all, but no values of several metrics. Of the events table it is what events say under that name,
    aggregated over those that do; a count is also of events of that type. A derivation computes the value from these.

    The run's own `primary_outcome` stands in where no or several outcomes are primary, and where the one that is
    cannot be read (see `outcome_readers`).
    """
    primary = [item for item in study.outcomes if item.primary]
    if len(primary) == 1:
        found = [reader for reader in outcome_readers(study, conditions) if reader.spec is primary[0]]
        if found:
            return found[0]
    return OutcomeReader(PRIMARY_OUTCOME, _goal_of_column(primary), _primary_outcome, _spec_of_column(primary))


def outcome_readers(study: Study, conditions: Iterable[Condition] = ()) -> tuple[OutcomeReader, ...]:
    """Return the readers of the declared outcomes, in their order.

    Outcomes that cannot be read are left out: those whose aggregation is not known, or whose derivation is malformed.
    Derivations that read factors or blocks need the plan's `conditions`, and are left out without them.
    """
    known = by_id(conditions)
    compiled = _derivations(study, with_variables=bool(known))
    read: dict[str, Read] = {}
    readers = []
    for outcome in study.outcomes:
        reader = _reader(outcome, compiled, read, known)
        if reader is not None:
            readers.append(reader)
            read[outcome.name] = reader.number
    return tuple(readers)


def _derivations(study: Study, *, with_variables: bool) -> dict[str, CompiledExpression]:
    """Return the derivations that can be evaluated, by outcome; those that read one that cannot are left out, too."""
    compiled: dict[str, CompiledExpression] = {}
    dropped: set[str] = set()
    for outcome in study.outcomes:
        if outcome.derivation is None:
            continue
        try:
            expression = compile_derivation(outcome.derivation)
        except ExpressionError:
            dropped.add(outcome.name)
            continue
        if with_variables or not reads_variables(study, expression.names):
            compiled[outcome.name] = expression
        else:
            dropped.add(outcome.name)
    while found := circle(compiled) or [name for name in compiled if (compiled[name].names - {name}) & dropped]:
        dropped.update(found)
        compiled = {name: item for name, item in compiled.items() if name not in dropped}
    return compiled


def _reader(
    outcome: OutcomeSpec,
    compiled: Mapping[str, CompiledExpression],
    others: Mapping[str, Read],
    conditions: Mapping[str, Condition],
) -> OutcomeReader | None:
    read = _READERS[outcome.source_table](outcome)
    if outcome.derivation is not None:
        if outcome.name not in compiled:
            return None
        own = {} if read is None else {outcome.name: read, outcome.column: read}
        read = derived_read(compiled[outcome.name], own, others, conditions)
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
    rows = [row for row in result.evaluations if row.get("metric_name") == outcome.name]
    if not rows:
        rows = list(result.evaluations)
        if (
            outcome.column == METRIC_VALUE
            and outcome.aggregation != COUNT
            and len({row.get("metric_name") for row in rows}) > 1
        ):
            return None  # what several metrics come to together is no outcome: most often the name is misspelt
    return aggregate([row.get(outcome.column) for row in rows], outcome.aggregation)


def _of_events(outcome: OutcomeSpec) -> Read | None:
    if not is_known(outcome.aggregation):
        return None
    if outcome.aggregation == COUNT:
        return _count_events if outcome.column in _EVENT_COLUMNS else partial(_count_some_events, outcome.column)
    return partial(_event_field, outcome)


def _count_events(result: RunResult) -> int:
    return len(result.events)


def _count_some_events(column: str, result: RunResult) -> int:
    return sum(
        (event.get("event_type") or _DEFAULT_EVENT) == column or _said(event, column) is not None
        for event in result.events
    )


def _event_field(outcome: OutcomeSpec, result: RunResult) -> Any:
    said = (_said(event, outcome.column) for event in result.events)
    return aggregate([value for value in said if value is not None], outcome.aggregation)


def _said(event: Mapping[str, Any], name: str) -> Any:
    """Return what an event says under a name; what events.csv has no column for comes back from its `meta_json`."""
    if name in event:
        return event[name]
    maps = (event.get(key) for key in ("meta_json", "meta"))
    return next((found[name] for found in maps if isinstance(found, Mapping) and name in found), None)


_READERS: dict[str, Callable[[OutcomeSpec], Read | None]] = {
    "runs": _of_runs,
    "evaluations": _of_evaluations,
    "events": _of_events,
}
