"""Runs without a number as an outcome, and what that does: a missing outcome is never a zero.

A run *lacks* an outcome if it was carried out, but failed or gave no number. Runs never carried out lack nothing:
they are missing themselves.
"""

import math
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pytest_dre.analysis.outcomes import OutcomeReader, outcome_readers
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import Condition, RunResult, RunStatus
from pytest_dre.model.study import Study

FAIL = "fail"
WORST = "worst"
MAX_VALUE = 60  # characters of a text that is no number
_KINDS = {"bool": "true or false", "int": "whole number", "float": "number"}
_NOT_CARRIED_OUT = frozenset(
    {
        StatusReason.SKIPPED,
        StatusReason.INTERRUPTED,
        StatusReason.BUDGET,
        StatusReason.FAIL_FAST,
        StatusReason.NOT_NEEDED,
        StatusReason.RUNNING_ELSEWHERE,
        StatusReason.STORE_FAILED,
        StatusReason.STALE,
    }
)


def is_carried_out(result: RunResult) -> bool:
    """Return whether the run came to an end of its own, a success or a failure."""
    if result.status is RunStatus.FAILED:
        return result.status_reason not in _NOT_CARRIED_OUT
    return result.status is RunStatus.SUCCESS


@dataclass(slots=True)
class OutcomeGaps:
    """Counts, while results stream by, the runs that lack an outcome.

    Attributes:
        reader: The outcome.
        missing: Runs carried out that give no number as the outcome. A failed run counts whatever it gave.
    """

    reader: OutcomeReader
    missing: int = 0
    _lowest: float = field(default=math.inf, init=False)
    _highest: float = field(default=-math.inf, init=False)

    def add(self, result: RunResult) -> float | None:
        """Count a result and return its outcome; None if it has none."""
        number = self.reader.number(result) if result.status is RunStatus.SUCCESS else None
        if number is not None:
            self._lowest, self._highest = min(self._lowest, number), max(self._highest, number)
        elif is_carried_out(result):
            self.missing += 1
        return number

    @property
    def value(self) -> float | None:
        """What missing outcomes are taken as: the worst value where the policy is "worst", else None.

        The worst is the bad end of the outcome's range, of 0 and 1 for booleans, or of the values observed so far.
        None without a goal, as nothing tells then which end is bad, and if nothing has been observed.
        """
        if self.reader.policy != WORST or self.reader.goal is None:
            return None
        low, high = self._bounds()
        if low > high:  # nothing observed
            return None
        return low if self.reader.goal == "maximize" else high

    @property
    def imputed(self) -> int:
        """How many missing outcomes are taken as `value`."""
        return 0 if self.value is None else self.missing

    def _bounds(self) -> tuple[float, float]:
        spec = self.reader.spec
        if spec is not None and spec.range is not None:
            low, high = spec.range
            return low, high
        if self.reader.kind == "bool":
            return 0.0, 1.0
        return self._lowest, self._highest


def demanded_outcomes(study: Study, conditions: Iterable[Condition] = ()) -> tuple[OutcomeReader, ...]:
    """Return the outcomes without which a run counts as failed: those whose `missing_data_policy` is "fail".

    Outcomes derived from factors or blocks can be demanded only with the plan's `conditions`.
    """
    return tuple(reader for reader in outcome_readers(study, conditions) if reader.policy == FAIL)


def missing_demanded(study: Study, result: RunResult, conditions: Iterable[Condition] = ()) -> str | None:
    """Return why a successful run counts as failed for want of a demanded outcome; None if it does not.

    Every such outcome is named, in the order of the study; values are cut short and harmless to show.
    """
    return lacking(demanded_outcomes(study, conditions), result)


def lacking(demanded: Sequence[OutcomeReader], result: RunResult) -> str | None:
    """Return what `missing_demanded` does, for outcomes that the caller keeps from `demanded_outcomes`."""
    lacked = [reader for reader in demanded if reader.number(result) is None]
    faults = [f"the outcome {reader.name!r} {value_fault(reader.read(result), reader.kind)}" for reader in lacked]
    return f"{'; '.join(faults)} (missing_data_policy: fail)" if faults else None


def value_fault(value: object, kind: str) -> str:
    """Return why a value is no outcome of the kind, such as "is 'n/a', no number"; short and harmless to show."""
    if value is None:
        return "is missing"
    what = _KINDS[kind]
    return f"is {_SHORT.repr(value)}, {'not' if kind == 'bool' else 'no'} {what}"


def _short() -> reprlib.Repr:
    shortener = reprlib.Repr()
    shortener.maxstring = shortener.maxother = MAX_VALUE
    return shortener


_SHORT = _short()
