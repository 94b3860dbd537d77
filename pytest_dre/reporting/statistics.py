"""Results counted and summarised condition by condition, in one pass."""

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.model.runs import Condition, Plan, RunResult, RunStatus

UNNAMED_REASON = "no reason given"


@dataclass(slots=True)
class Moments:
    """Running mean and variance of numbers; infinities are counted apart, so that one does not hide how many came.

    The recurrence is Welford's (1962, Technometrics 4(3), 419-420), which loses no digits to cancellation.
    """

    count: int = 0
    infinite: float = 0.0
    _finite: int = field(default=0, init=False)
    _mean: float = field(default=0.0, init=False)
    _squares: float = field(default=0.0, init=False)

    def add(self, value: float) -> None:
        """Take in one number, which must not be NaN."""
        self.count += 1
        if math.isinf(value):
            self.infinite += value  # +inf and -inf together give NaN, as their mean does
            return
        self._finite += 1
        delta = value - self._mean
        self._mean += delta / self._finite
        self._squares += delta * (value - self._mean)

    @property
    def mean(self) -> float | None:
        """The mean; None of no numbers, infinite or NaN if there are infinities."""
        if self.count == 0:
            return None
        return self.infinite if self.infinite else self._mean

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation (n - 1); None below two numbers or with infinities."""
        if self.count < 2 or self._finite < self.count:
            return None
        return math.sqrt(self._squares / (self.count - 1))


@dataclass(slots=True)
class ConditionTally:
    """What became of one condition's runs.

    Attributes:
        condition: The condition.
        planned: How many runs the plan has.
        done: Runs that succeeded.
        failed: Runs that failed.
        skipped: Runs that were skipped.
        cached: Results that were replayed from the store (they count above as well).
        without_outcome: Runs that succeeded but whose primary outcome is no number.
        cost_usd: What all its runs cost, US dollars, failed ones included.
        outcome: Mean and deviation of the primary outcome of runs that succeeded; booleans count as 0 and 1.
    """

    condition: Condition
    planned: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    cached: int = 0
    without_outcome: int = 0
    cost_usd: float = 0.0
    outcome: Moments = field(default_factory=Moments)

    @property
    def missing(self) -> int:
        """Planned runs without a result."""
        return max(self.planned - self.done - self.failed - self.skipped, 0)


@dataclass(slots=True)
class StudyTally:
    """What became of a study's runs.

    Attributes:
        conditions: A tally for each admissible condition and each other with planned runs, in plan order.
        failures: Reason → failed runs.
        skips: Reason → skipped runs.
        unplanned: Results of conditions that the plan does not have.
    """

    conditions: tuple[ConditionTally, ...] = ()
    failures: Counter[str] = field(default_factory=Counter)
    skips: Counter[str] = field(default_factory=Counter)
    unplanned: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a study's conditions; the fields mean what those of `ConditionTally` do."""

    planned: int
    done: int
    failed: int
    skipped: int
    missing: int
    cached: int
    without_outcome: int
    outcomes: int
    cost_usd: float


class TallyCounter:
    """Counts results as they come by; `study` is the tally so far. A pending or running result counts as missing."""

    def __init__(self, plan: Plan, cached: Container[str] = ()) -> None:
        """Start with no results; `cached` holds the ids of runs that were replayed."""
        self._conditions = _planned(plan)
        self._cached = cached
        self.study = StudyTally(tuple(self._conditions.values()))

    def add(self, result: RunResult) -> None:
        """Count a result."""
        counts = self._conditions.get(result.condition_id)
        if counts is None:
            self.study.unplanned += 1
        else:
            _count(self.study, counts, result)
            counts.cached += result.run_id in self._cached

    def watched(self, results: Iterable[RunResult]) -> Iterator[RunResult]:
        """Yield the results, each counted first."""
        for result in results:
            self.add(result)
            yield result


def tally(plan: Plan, results: Iterable[RunResult], cached: Container[str] = ()) -> StudyTally:
    """Return the tally of `results`, each run's once; `cached` holds the ids of runs that were replayed.

    The results are read once and not kept.
    """
    counter = TallyCounter(plan, cached)
    for result in results:
        counter.add(result)
    return counter.study


def totals(study: StudyTally) -> Totals:
    """Return the sums over the study's conditions."""
    items = study.conditions
    return Totals(
        planned=sum(item.planned for item in items),
        done=sum(item.done for item in items),
        failed=sum(item.failed for item in items),
        skipped=sum(item.skipped for item in items),
        missing=sum(item.missing for item in items),
        cached=sum(item.cached for item in items),
        without_outcome=sum(item.without_outcome for item in items),
        outcomes=sum(item.outcome.count for item in items),
        cost_usd=math.fsum(item.cost_usd for item in items),
    )


def outcome_number(value: Any) -> float | None:
    """Return a primary outcome as a number, None for what is none (text, None, NaN)."""
    if not isinstance(value, bool | int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer beyond the floats
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(number) else number


def _planned(plan: Plan) -> dict[str, ConditionTally]:
    tallies = {item.condition_id: ConditionTally(item) for item in plan.conditions if item.admissible}
    for run in plan.runs:
        if run.condition_id not in tallies:
            tallies[run.condition_id] = ConditionTally(run.condition)
        tallies[run.condition_id].planned += 1
    return tallies


def _count(study: StudyTally, counts: ConditionTally, result: RunResult) -> None:
    cost = outcome_number(result.metrics.get("cost_usd"))
    if cost is not None and math.isfinite(cost):
        counts.cost_usd += cost
    match result.status:
        case RunStatus.SUCCESS:
            counts.done += 1
            _count_outcome(counts, result)
        case RunStatus.FAILED:
            counts.failed += 1
            study.failures[result.status_reason or UNNAMED_REASON] += 1
        case RunStatus.SKIPPED:
            counts.skipped += 1
            study.skips[result.status_reason or UNNAMED_REASON] += 1


def _count_outcome(counts: ConditionTally, result: RunResult) -> None:
    number = outcome_number(result.primary_outcome)
    if number is None:
        counts.without_outcome += 1
    else:
        counts.outcome.add(number)
