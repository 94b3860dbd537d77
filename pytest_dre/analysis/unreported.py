"""Declared outcomes that successful runs have no value of: most often a misspelt column, and said so.

An outcome is asked of results until one has it. So where all is well this costs one look at the first success.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pytest_dre.analysis.aggregation import outcome_number
from pytest_dre.analysis.derivations import FIELDS
from pytest_dre.analysis.missing import value_fault
from pytest_dre.analysis.outcomes import METRIC_VALUE, OutcomeReader, outcome_readers
from pytest_dre.derivation_expressions import compile_derivation
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.runs import Condition, RunResult, RunStatus
from pytest_dre.model.study import Study
from pytest_dre.references import SHOWN_NAMES, nearest

MAX_NAMES = 200  # different metrics that are kept: runs may name them as they like
MAX_NAME = 60  # characters of one that are shown
_EVALUATIONS, _EVENTS = "evaluations", "events"
# Metrics that every run has. They may be meant, but to list them would tell nobody what the runs report.
_COUNTS = ("tool_call_count", "step_event_count", "unique_actor_count", "latency_s")
_SPENDING = ("cost_usd", "input_tokens", "output_tokens")  # 0 where a run does not tell


class Unreported:
    """Takes in results as they stream by, and tells which outcomes none of the successes has a value of."""

    def __init__(self, study: Study, conditions: Iterable[Condition] = ()) -> None:
        self._study = study
        self._open = list(outcome_readers(study, conditions))
        self._values: dict[str, Any] = {}  # outcome → a value that is not what is declared
        self._names: dict[str, dict[str, bool]] = {"runs": {}, _EVALUATIONS: {}}  # metric → whether it is worth telling
        self._odd: dict[str, Any] = {}  # metric of an evaluation → a value that is no number
        self._successes = 0

    def add(self, result: RunResult) -> None:
        """Take in a result."""
        if not self._open or result.status is not RunStatus.SUCCESS:
            return
        self._successes += 1
        self._open = [reader for reader in self._open if self._lacks(reader, result)]
        if self._open:
            self._note(result)

    def watched(self, results: Iterable[RunResult]) -> Iterator[RunResult]:
        """Yield the results, each taken in first."""
        for result in results:
            self.add(result)
            yield result

    def texts(self) -> dict[str, str]:
        """Return what is wrong with each outcome that no success has a value of, by its name; nothing without any."""
        return {reader.name: self._text(reader) for reader in self._open} if self._successes else {}

    def _lacks(self, reader: OutcomeReader, result: RunResult) -> bool:
        if reader.number(result) is not None:
            return False
        if reader.name not in self._values:
            value = reader.read(result)
            if value is not None:
                self._values[reader.name] = str(value) if isinstance(value, str) else value  # not an enum's repr
        return True

    def _note(self, result: RunResult) -> None:
        for name, value in result.metrics.items():
            _keep(self._names["runs"], name, name not in _COUNTS and (bool(value) or name not in _SPENDING))
        for row in result.evaluations:
            metric, value = row.get("metric_name"), row.get("metric_value")
            _keep(self._names[_EVALUATIONS], metric, True)
            if metric in self._names[_EVALUATIONS] and value is not None and outcome_number(value) is None:
                self._odd.setdefault(str(metric), value)

    def _text(self, reader: OutcomeReader) -> str:
        spec = reader.spec
        assert spec is not None, "outcomes that are declared"
        odd = self._odd if spec.source_table == _EVALUATIONS and spec.derivation is None else {}
        found = self._values.get(reader.name, odd.get(_wanted(spec)))
        if found is not None:
            return f"no run has a value of {_quoted(spec.name)}: it {value_fault(found, reader.kind)}"
        if spec.derivation is None and spec.column in self._names.get(spec.source_table, ()):
            return f"no run has a value of {_quoted(spec.name)}: {_quoted(spec.column)} is reported without one"
        if spec.derivation is not None:
            return self._underived(spec)
        if spec.source_table == _EVENTS:
            return f"no event of a run says {_quoted(spec.column)}"
        has = "has an evaluation" if spec.source_table == _EVALUATIONS else "reports"
        wanted = _wanted(spec)
        return f"no run {has} {_quoted(wanted)}; {self._reported(spec.source_table)}{self._meant(spec, wanted)}"

    def _underived(self, spec: OutcomeSpec) -> str:
        """Return which names of a derivation nothing has, as far as that can be told."""
        text = f"no run has all that {_quoted(spec.name)} is derived from"
        study = self._study
        known = {*FIELDS, *(item.name for items in (study.outcomes, study.factors, study.blocks) for item in items)}
        for table in self._names.values():
            known |= table.keys()
        nowhere = sorted(compile_derivation(spec.derivation or "").names - known)
        if nowhere:
            verb = "is" if len(nowhere) == 1 else "are"
            text = f"{text}: {_some([_quoted(name) for name in nowhere])} {verb} nowhere"
        return f"{text}; {self._reported('runs')}"

    def _reported(self, table: str) -> str:
        """Return "they report score, cost_usd"."""
        names = [name for name, telling in self._names.get(table, {}).items() if telling]
        if not names:
            return "they have none" if table == _EVALUATIONS else "they report no metrics"
        verb = "theirs are" if table == _EVALUATIONS else "they report"
        return f"{verb} {_some([name[:MAX_NAME] for name in names])}"

    def _meant(self, spec: OutcomeSpec, wanted: str) -> str:
        """Return ": did you mean 'score'?", of the other table if the name is there; "" if nothing is like it."""
        other = "runs" if spec.source_table == _EVALUATIONS else _EVALUATIONS
        if wanted in self._names[other]:
            return f": did you mean 'source_table: {other}'?"
        close = nearest(wanted[:MAX_NAME], self._names.get(spec.source_table, ()))
        if close is not None:
            return f": did you mean {_quoted(close)}?"
        close = nearest(wanted[:MAX_NAME], self._names[other])
        return "" if close is None else f": did you mean {_quoted(close)} of 'source_table: {other}'?"


def _wanted(spec: OutcomeSpec) -> str:
    """Return the name of the metric that an outcome is about: where its column is the values', its own name."""
    return spec.name if spec.source_table == _EVALUATIONS and spec.column == METRIC_VALUE else spec.column


def _keep(names: dict[str, bool], name: object, telling: bool) -> None:
    if isinstance(name, str) and (name in names or len(names) < MAX_NAMES):
        names[name] = names.get(name, False) or telling


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"{', '.join(names[:SHOWN_NAMES])}{more}"


def _quoted(name: str) -> str:
    return f"'{name[:MAX_NAME]}'"
