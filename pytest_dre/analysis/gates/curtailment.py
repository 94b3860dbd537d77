"""Gates that may be curtailed: whether runs that are missing could still change the verdict.

A success more of the treatment, or one less of the control, never makes a one-sided exact test less significant
(Barnard's convexity holds for the tests used here). So a verdict that is the same when all missing runs succeed in one
arm and fail in the other, and the other way round, is that of the full study, whatever outcomes they would have had
(stochastic curtailment with certainty: Lan, Simon and Halperin, 1982). Gates of other outcomes or methods, and those
that approximate, are never curtailed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pytest_dre.analysis.gates.admission import counts
from pytest_dre.analysis.gates.arms import Arms, arms_of
from pytest_dre.analysis.gates.cases import LARGEST_ALPHA, Baselines, Case, aim_of, prepared, sound
from pytest_dre.analysis.gates.claims import Side, against
from pytest_dre.analysis.gates.question import Unanswerable, ask
from pytest_dre.analysis.gates.remedy import remedy
from pytest_dre.analysis.gates.testers import PairedProportions, Proportion, Proportions
from pytest_dre.model.running import Gate
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow, Verdict

MISSING = "missing"
NOT_NEEDED = "no outcome of the missing runs could change the verdict; the interval covers whatever they would give"
OPEN = "whatever the missing runs give, the interval will hold values that meet the claim and values that do not"


@dataclass(frozen=True, slots=True)
class Certain:
    """A verdict that no outcome of the missing runs can change; the p-value is the largest they could give."""

    verdict: GateVerdict
    p_value: float


@dataclass(frozen=True, slots=True)
class _Extremes:
    """A gate with its missing runs filled in: all against the treatment, and all for it; and the level it aims at."""

    against: Case
    favour: Case
    level: float

    def worst(self, side: Side) -> Case:
        """Return the case in which that side is hardest to show."""
        return self.against if side.above else self.favour

    def best(self, side: Side) -> Case:
        """Return the case in which that side is easiest to show."""
        return self.favour if side.above else self.against


def certain_without_missing(
    study: Study, gate: Gate, rows: Sequence[OutcomeRow], baselines: Baselines, *, remedies: bool = False
) -> Certain | None:
    """Return the verdict that the gate will have whatever outcomes its missing runs give.

    None if they may change it, if none is missing, or if the gate's method allows no such word. The verdict holds
    whatever becomes of the study's other gates, and theirs do not depend on the missing runs either. With `remedies`,
    a gate that stays open says what would settle it.
    """
    try:
        question = ask(study, gate)
        arms = arms_of(study, question, rows, baselines)
    except Unanswerable:
        return None
    missing = frozenset(id(row) for arm in arms.rows for row in arm if row.status == MISSING and not row.stale)
    if not missing or question.kind != "binary" or question.statistic.kind != "mean":
        return None
    both = _filled_in(study, gate, rows, baselines, missing, frozenset(id(row) for row in arms.rows[0]))
    if both is None:
        return None
    verdict = _certain(study, both)
    if verdict is None:
        return None
    certain = _told(verdict, arms, both)
    if verdict is not Verdict.INCONCLUSIVE or not remedies:
        return certain
    present = prepared(study, gate, [row for row in rows if id(row) not in missing], baselines)
    return replace(certain, verdict=replace(certain.verdict, remedy=_beyond_the_plan(present, both)))


def _beyond_the_plan(present: Case | GateVerdict, extremes: _Extremes) -> str:
    """Return what would settle a gate, by the runs that are in; nothing if they allow no test."""
    if isinstance(present, GateVerdict):
        return ""
    level = extremes.level
    planned = extremes.against.layout.tester.bounds(level).n
    found = remedy(present.question, present.layout, present.layout.tester.bounds(level), level, planned=planned)
    return f"{found}, beyond those planned"


def _filled_in(
    study: Study,
    gate: Gate,
    rows: Sequence[OutcomeRow],
    baselines: Baselines,
    missing: frozenset[int],
    first: frozenset[int],
) -> _Extremes | None:
    """Return the extremes; None if a test is not exact. Rows go by identity: those missing, those of the first arm."""
    found = []
    outcome = ask(study, gate).outcome
    for treatment in (0.0, 1.0):
        filled = [
            _filled(row, outcome, treatment if id(row) in first else 1 - treatment) if id(row) in missing else row
            for row in rows
        ]
        case = prepared(study, gate, filled, baselines)
        if not isinstance(case, Case) or not _is_exact(case):
            return None
        found.append(case)
    return _Extremes(found[0], found[1], aim_of(study, gate))


def _filled(row: OutcomeRow, outcome: str, value: float) -> OutcomeRow:
    return replace(row, status="success", values={**row.values, outcome: value})


def _is_exact(case: Case) -> bool:
    tester = case.layout.tester
    if not isinstance(tester, Proportion | Proportions | PairedProportions) or case.layout.approximate:
        return False
    if isinstance(tester, PairedProportions) and case.question.relative:
        return False  # judged by betting
    return not tester.bounds(LARGEST_ALPHA).approximate


def _certain(study: Study, extremes: _Extremes) -> Verdict | None:
    sides = extremes.favour.question.sides
    sure = min(aim_of(study, item) for item in study.gates)
    largest = max(min(item.alpha, LARGEST_ALPHA) for item in study.gates)

    def p_value(case: Callable[[Side], Case], side: Side) -> float:
        return sound(case(side).layout.tester.p_value(side))

    contraries = [against(side) for side in sides]
    if all(p_value(extremes.worst, side) <= sure and _bounded(extremes.worst(side), side, sure) for side in sides):
        return Verdict.PASS
    if max(p_value(extremes.best, side) for side in sides) <= largest:
        return None
    if any(p_value(extremes.worst, side) <= sure and _bounded(extremes.worst(side), side, sure) for side in contraries):
        return Verdict.FAIL
    hopeless = min(p_value(extremes.best, side) for side in contraries) > largest
    return Verdict.INCONCLUSIVE if hopeless else None


def _bounded(case: Case, side: Side, level: float) -> bool:
    """Return whether the interval says so as well, which a verdict needs; margins in percent have no such one."""
    if case.question.relative:
        return True
    bounds = case.layout.tester.bounds(level)
    return bounds.low >= side.limit if side.above else bounds.high <= side.limit


def _told(verdict: Verdict, arms: Arms, extremes: _Extremes) -> Certain:
    outcome, blank = extremes.against.question.outcome, extremes.against.blank
    worst, best = (case.layout.tester.bounds(extremes.level) for case in (extremes.against, extremes.favour))
    p_value = max(sound(extremes.worst(side).layout.tester.p_value(side)) for side in extremes.favour.question.sides)
    used = counts(extremes.against.question, arms)
    found = replace(
        blank,
        verdict=verdict,
        estimate=_estimate(arms, outcome),
        low=worst.low,
        high=best.high,
        alpha=extremes.level,
        p_value=p_value,
        n=min(worst.n, *(arm.used for arm in used)),
        n_by_arm=tuple(arm.used for arm in used) if extremes.favour.layout.sizes else (),
        arms=used,
        method=worst.method,
        reason=OPEN if verdict is Verdict.INCONCLUSIVE else "",
        notes=(*blank.notes, NOT_NEEDED),
    )
    return Certain(found, p_value if verdict is Verdict.PASS else 1.0)


def _estimate(arms: Arms, outcome: str) -> float | None:
    means = []
    for rows in arms.rows:
        values = [value for row in rows if (value := row.values.get(outcome)) is not None]
        if not values:
            return None
        means.append(sum(values) / len(values))
    return means[0] - means[1] if len(means) == 2 else means[0]
