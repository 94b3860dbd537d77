"""Results counted and summarised row by row of the summary's table, in one pass."""

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace

from pytest_dre.analysis.aggregation import total
from pytest_dre.analysis.missing import WORST, OutcomeGaps, is_carried_out
from pytest_dre.analysis.outcomes import OutcomeReader, outcome_reader
from pytest_dre.analysis.unreported import Unreported
from pytest_dre.model.runs import Condition, Plan, RunResult, RunStatus
from pytest_dre.model.study import Study
from pytest_dre.reporting.rows import RowKey, plan_rows

UNNAMED_REASON = "no reason given"
OTHER_REASONS = "other reasons"
UNTOLD_SKIP = "skipped"  # the status said again: no reason
MAX_REASONS = 100  # different ones that are counted each: every run may give a reason of its own
MAX_REASON = 200  # characters of a reason that tell it from others


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

    def with_repeated(self, value: float, times: int) -> "Moments":
        """Return these moments with `value`, which must not be NaN, taken in `times` more often, at once.

        Moments of two groups are joined by the formula of Chan, Golub & LeVeque (1979); of one, the spread is zero.
        """
        joined = replace(self)
        joined._finite, joined._mean, joined._squares = self._finite, self._mean, self._squares
        joined.count += times
        if math.isinf(value):
            joined.infinite += value if times else 0.0
        elif times:
            joined._finite += times
            delta = value - self._mean
            joined._mean += delta * times / joined._finite
            joined._squares += delta * delta * self._finite * times / joined._finite
        return joined

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
class RowTally:
    """What became of the runs of one condition, or of one agent under that condition.

    Attributes:
        condition: The condition.
        agent_id: The agent, None if the row is about all (there are none, one, or a factor tells them apart).
        planned: How many runs the plan has.
        done: Runs that succeeded.
        failed: Runs that failed.
        skipped: Runs that were skipped.
        cached: Results that were replayed from the store (they count above as well).
        without_outcome: Runs that succeeded but whose outcome is no number.
        lacking: These, and the runs that were carried out and failed.
        cost_usd: What all its runs cost, US dollars, failed runs and failed attempts included.
        outcome: Mean and deviation of the outcome of runs that succeeded; booleans count as 0 and 1. Where the
            outcome's `missing_data_policy` is "worst", runs that lack it count with the worst value.
        failures: Reason → failed runs.
    """

    condition: Condition
    agent_id: str | None = None
    planned: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    cached: int = 0
    without_outcome: int = 0
    lacking: int = 0
    cost_usd: float = 0.0
    outcome: Moments = field(default_factory=Moments)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def missing(self) -> int:
        """Planned runs without a result."""
        return max(self.planned - self.done - self.failed - self.skipped, 0)


@dataclass(slots=True)
class StudyTally:
    """What became of a study's runs.

    Attributes:
        rows: A tally for each admissible condition and each other with planned runs, in plan order; if conditions have
            several agents, for each of them.
        gaps: The outcome that the rows are about, and how many runs lack it.
        by_agent: Whether the rows tell agents apart.
        problems: How many problems the runs of a row are on; 1 if a factor tells them apart.
        seen_problems: Those that outcomes are of.
        failures: Reason → failed runs.
        skips: Reason → skipped runs.
        retried: Results that took several attempts.
        lost_usd: What the attempts before the last one cost, US dollars.
        earlier_done: Successes of earlier sessions that this one neither repeated nor replayed.
        earlier_failed: The same of failures.
        unplanned: Results of conditions that the plan does not have.
        unreported: Declared outcomes that no success has a value of.
    """

    rows: tuple[RowTally, ...]
    gaps: OutcomeGaps
    unreported: Unreported
    by_agent: bool = False
    problems: int = 1
    seen_problems: set[str | None] = field(default_factory=set)
    failures: Counter[str] = field(default_factory=Counter)
    skips: Counter[str] = field(default_factory=Counter)
    retried: int = 0
    lost_usd: float = 0.0
    earlier_done: int = 0
    earlier_failed: int = 0
    unplanned: int = 0

    @property
    def outcome(self) -> OutcomeReader:
        """The outcome that the rows are about."""
        return self.gaps.reader


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a study's rows; the fields mean what those of `RowTally` do."""

    planned: int
    done: int
    failed: int
    skipped: int
    missing: int
    cached: int
    without_outcome: int
    lacking: int
    outcomes: int
    cost_usd: float


class TallyCounter:
    """Counts results as they come by. A pending or running result counts as missing."""

    def __init__(self, study: Study, plan: Plan, cached: Container[str] = (), earlier: Container[str] = ()) -> None:
        """Start with no results.

        `cached` holds the ids of runs that were replayed, `earlier` of those that only earlier sessions carried out.
        """
        layout = plan_rows(plan)
        self._rows = {key: RowTally(row.condition, key[1], row.planned) for key, row in layout.rows.items()}
        self._cached = cached
        self._earlier = earlier
        gaps = OutcomeGaps(outcome_reader(study, plan.conditions))
        unreported = Unreported(study, plan.conditions)
        self._study = StudyTally(tuple(self._rows.values()), gaps, unreported, layout.by_agent, layout.problems)

    @property
    def study(self) -> StudyTally:
        """The tally so far; missing outcomes are taken as the worst where the outcome's policy says so."""
        worst = self._study.gaps.value
        return self._study if worst is None else replace(self._study, rows=_imputed(self._study.rows, worst))

    def add(self, result: RunResult) -> None:
        """Count a result."""
        row = self._rows.get(self._key(result))
        if row is None:
            self._study.unplanned += 1
            return
        _count(self._study, row, result)
        self._study.unreported.add(result)
        if result.run_id in self._cached:
            row.cached += 1
        elif result.run_id in self._earlier:
            self._study.earlier_done += result.status is RunStatus.SUCCESS
            self._study.earlier_failed += result.status is RunStatus.FAILED

    def watched(self, results: Iterable[RunResult]) -> Iterator[RunResult]:
        """Yield the results, each counted first."""
        for result in results:
            self.add(result)
            yield result

    def _key(self, result: RunResult) -> RowKey:
        return (result.condition_id, result.agent_id if self._study.by_agent else None)


def tally(
    study: Study,
    plan: Plan,
    results: Iterable[RunResult],
    cached: Container[str] = (),
    earlier: Container[str] = (),
) -> StudyTally:
    """Return the tally of `results`, each run's once; `cached` and `earlier` as `TallyCounter` takes them.

    The results are read once and not kept.
    """
    counter = TallyCounter(study, plan, cached, earlier)
    for result in results:
        counter.add(result)
    return counter.study


def totals(study: StudyTally) -> Totals:
    """Return the sums over the study's rows."""
    items = study.rows
    return Totals(
        planned=sum(item.planned for item in items),
        done=sum(item.done for item in items),
        failed=sum(item.failed for item in items),
        skipped=sum(item.skipped for item in items),
        missing=sum(item.missing for item in items),
        cached=sum(item.cached for item in items),
        without_outcome=sum(item.without_outcome for item in items),
        lacking=sum(item.lacking for item in items),
        outcomes=sum(item.outcome.count for item in items),
        cost_usd=total(item.cost_usd for item in items),
    )


def _imputed(rows: Iterable[RowTally], worst: float) -> tuple[RowTally, ...]:
    return tuple(replace(row, outcome=row.outcome.with_repeated(worst, row.lacking)) for row in rows)


def _count(study: StudyTally, row: RowTally, result: RunResult) -> None:
    row.cost_usd += result.spent_usd
    study.lost_usd += result.lost_usd
    study.retried += result.attempts > 1
    _count_outcome(study, row, result)
    match result.status:
        case RunStatus.SUCCESS:
            row.done += 1
        case RunStatus.FAILED:
            row.failed += 1
            row.failures[_count_reason(study.failures, result.status_reason)] += 1
        case RunStatus.SKIPPED:
            row.skipped += 1
            _count_reason(study.skips, result.error_info or result.status_reason or UNTOLD_SKIP)


def _count_outcome(study: StudyTally, row: RowTally, result: RunResult) -> None:
    number = study.gaps.add(result)
    lacking = number is None and is_carried_out(result)
    if number is not None:
        row.outcome.add(number)
    if number is not None or (lacking and study.outcome.policy == WORST):  # what is taken as the worst counts as well
        study.seen_problems.add(result.problem_id)
    row.lacking += lacking
    row.without_outcome += number is None and result.status is RunStatus.SUCCESS


def _count_reason(reasons: Counter[str], reason: str) -> str:
    """Count a reason and return what it is counted as."""
    known = (reason or UNNAMED_REASON)[:MAX_REASON]
    if known not in reasons and len(reasons) >= MAX_REASONS:
        known = OTHER_REASONS
    reasons[known] += 1
    return known
