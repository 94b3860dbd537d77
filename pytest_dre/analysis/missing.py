"""Runs without a number as an outcome, and what that does: a missing outcome is never a zero.

A run *lacks* an outcome if it was carried out, but failed or gave no number. Runs never carried out lack nothing:
they are missing themselves.
"""

import math
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_dre.analysis.aggregation import outcome_number
from pytest_dre.analysis.outcomes import OutcomeReader, outcome_readers
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.model.study import Study

FAIL = "fail"
WORST = "worst"
MAX_VALUE = 60  # characters of a text that is no number
_BOOLEANS = ("bool", "boolean")
_NOT_CARRIED_OUT = frozenset(
    {
        StatusReason.SKIPPED,
        StatusReason.INTERRUPTED,
        StatusReason.BUDGET,
        StatusReason.FAIL_FAST,
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
        number = outcome_number(self.reader.read(result)) if result.status is RunStatus.SUCCESS else None
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
        if spec is not None and spec.expected_type.lower() in _BOOLEANS:
            return 0.0, 1.0
        return self._lowest, self._highest


def demanded_outcomes(study: Study) -> tuple[OutcomeReader, ...]:
    """Return the outcomes without which a run counts as failed: those whose `missing_data_policy` is "fail"."""
    return tuple(reader for reader in outcome_readers(study) if reader.policy == FAIL)


def missing_demanded(study: Study, result: RunResult) -> str | None:
    """Return why a successful run counts as failed for want of a demanded outcome; None if it does not.

    Every such outcome is named, in the order of the study; values are cut short and harmless to show.
    """
    return lacking(demanded_outcomes(study), result)


def lacking(demanded: Sequence[OutcomeReader], result: RunResult) -> str | None:
    """Return what `missing_demanded` does, for outcomes that the caller keeps from `demanded_outcomes`."""
    values = [(reader.name, reader.read(result)) for reader in demanded]
    faults = [f"the outcome {name!r} {_fault(value)}" for name, value in values if outcome_number(value) is None]
    return f"{'; '.join(faults)} (missing_data_policy: fail)" if faults else None


def _fault(value: object) -> str:
    return "is missing" if value is None else f"is {_SHORT.repr(value)}, no number"


def _short() -> reprlib.Repr:
    shortener = reprlib.Repr()
    shortener.maxstring = shortener.maxother = MAX_VALUE
    return shortener


_SHORT = _short()
