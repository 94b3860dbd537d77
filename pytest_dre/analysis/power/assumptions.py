"""How the outcomes of a gate are taken to vary: as in stored runs, as stated, or in the worst way."""

import math
from dataclasses import dataclass

from pytest_dre.analysis.gates.arms import Arms
from pytest_dre.analysis.gates.layout import Layout
from pytest_dre.analysis.gates.question import Question
from pytest_dre.analysis.gates.testers import Units
from pytest_dre.analysis.power.expectations import expected_deviation, expected_of, largest_deviation
from pytest_dre.analysis.power.pilots import Pilot
from pytest_dre.analysis.power.statements import Basis, Source
from pytest_dre.model.running import ExpectedOutcome
from pytest_dre.model.study import Study

UNIT_NAMES = {"pair": "a pair", "replicate": "a replicate", "problem": "a problem"}
UNRELATED = "pairs taken as unrelated"
ALL_BETWEEN = "all of it between problems"


@dataclass(frozen=True, slots=True)
class Level:
    """The control's mean and where it is from; NaN if nothing tells."""

    mean: float
    source: Source


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations, NaN if nothing tells them.

    Attributes:
        unit: Of one unit, of two arms treatment - weight * control.
        runs: Of a run of either arm.
        basis: Where they are from.
    """

    unit: float
    runs: tuple[float, float]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is known of a gate's outcomes before it is judged.

    Attributes:
        study: The study.
        question: What the gate asks.
        arms: Its planned runs.
        layout: How they will be laid out.
        pilot: Stored runs, None if there are none.
    """

    study: Study
    question: Question
    arms: Arms
    layout: Layout
    pilot: Pilot | None

    @property
    def weight(self) -> float:
        """The control's weight, of two sides the larger."""
        return max(side.weight for side in self.question.sides)

    def expected(self, arm: int) -> ExpectedOutcome:
        """Return what the study expects of the treatment (0) or the control (1)."""
        return expected_of(self.study, self.question.outcome, {row.agent_id for row in self.arms.rows[arm]})

    def control(self) -> Level:
        """Return the control's mean: of stored runs, as stated, or the middle of the range.

        That is the worst case of a proportion; of a margin in percent there is none.
        """
        if self.pilot is not None and (stored := self.pilot.control_mean()) is not None:
            low, high = self.question.range or (-math.inf, math.inf)
            return Level(min(max(stored, low), high), "stored")
        stated = self.expected(1).mean
        if stated is not None:
            return Level(stated, "expected")
        if self.question.range is not None and not self.question.relative:
            return Level(sum(self.question.range) / 2, "worst")
        return Level(math.nan, "unknown")

    def correlation(self) -> float | None:
        """Return the correlation of the runs of a pair in stored runs."""
        return None if self.pilot is None else self.pilot.correlation()

    def spread(self) -> Spread:
        """Return the deviations, by the first of: stored runs, what is stated, the worst case."""
        return self._stored() or self._stated() or self._worst()

    def _stored(self) -> Spread | None:
        pilot, unit = self.pilot, self.layout.unit
        if pilot is None:
            return None
        if (found := self._stored_units(pilot)) is not None:
            return Spread(found, (found, found), Basis("stored", found, UNIT_NAMES.get(unit, "a run"), runs=pilot.runs))
        run = pilot.run_deviation()
        if run is None or unit == "problem":  # runs of a problem do not tell how problems differ
            return None
        notes = (UNRELATED,) if self.arms.paired else ()
        return Spread(self._composed((run, run)), (run, run), Basis("stored", run, runs=pilot.runs, notes=notes))

    def _stored_units(self, pilot: Pilot) -> float | None:
        if not self._of_units:
            return None
        if self.layout.unit == "problem":
            return pilot.problem_deviation(self.weight, self.arms)
        return pilot.unit_deviation(self.weight, len(self.arms.strata))

    @property
    def _of_units(self) -> bool:
        """Whether a stored deviation is one of whole units: their runs are not independent."""
        arms, unit = self.arms, self.layout.unit
        if unit in ("pair", "problem"):
            return True
        together = arms.paired or (arms.shared and len(arms.strata) > 1)
        return together and isinstance(self.layout.tester, Units)

    def _stated(self) -> Spread | None:
        if self.question.statistic.kind == "pass":
            return None  # nothing stated tells how the problems' chances vary
        arms = (0,) if self.question.one_armed else (0, 1)
        expected = [self.expected(arm) for arm in arms]
        known = [found for item in expected if (found := expected_deviation(item, self.question.spec)) is not None]
        if not known:
            return None
        sds = (known[0], known[-1])
        between = next((item.problem_sd for item in expected if item.problem_sd is not None), None)
        return Spread(self._composed(sds, between), sds, Basis("expected", max(sds), notes=self._notes(between)))

    def _worst(self) -> Spread:
        limits = self.question.range
        if limits is None:
            return Spread(math.nan, (math.nan, math.nan), Basis("unknown"))
        # where a mean is stated the deviation cannot be larger than that mean leaves room for
        stated = None if self.question.statistic.kind == "pass" else self.expected(len(self.arms.names) - 1).mean
        found = largest_deviation(limits, stated)
        return Spread(self._composed((found, found)), (found, found), Basis("worst", found, notes=self._notes(None)))

    def _notes(self, between: float | None) -> tuple[str, ...]:
        notes = (UNRELATED,) if self.arms.paired else ()
        return (*notes, ALL_BETWEEN) if self.layout.unit == "problem" and between is None else notes

    def _composed(self, sds: tuple[float, float], between: float | None = None) -> float:
        """Return a unit's deviation where runs of the deviations `sds` are independent.

        Of problems: with the deviation `between` them (of their effects, of two arms); without it all of a run's
        deviation counts as between problems, so that no replicate averages it out.
        """
        variance = sds[0] ** 2 + (0.0 if self.question.one_armed else (self.weight * sds[1]) ** 2)
        if self.layout.unit == "problem":
            return math.sqrt(variance if between is None else between**2 + variance / self._runs_of_problem)
        strata = 1 if self.layout.unit == "stratum" else len(self.arms.strata)
        return math.sqrt(variance / strata)

    @property
    def _runs_of_problem(self) -> float:
        return len(self.arms.rows[0]) / max(1, len(self.arms.problems))
