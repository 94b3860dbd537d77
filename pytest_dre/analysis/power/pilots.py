"""How outcomes vary in runs that are stored already: deviations, correlations and the control's mean.

Nothing here tells what effect those runs show: a plan that is changed after a look at the effect no longer holds its
alpha, whereas deviations and the control's level may be looked at (Wittes and Brittain, 1990, on internal pilots).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_dre.analysis.gates.admission import counts
from pytest_dre.analysis.gates.arms import Arms
from pytest_dre.analysis.gates.layout import lay_out
from pytest_dre.analysis.gates.matching import Runs, Stratum
from pytest_dre.analysis.gates.question import Question, Unanswerable
from pytest_dre.analysis.gates.testers import PairedProportions, Tester, Units
from pytest_dre.analysis.methods.bounds import Values
from pytest_dre.model.verdicts import OutcomeRow

FEWEST = 4  # values (or units) that a figure rests on; fewer say next to nothing
ANY_LEVEL = 0.05  # units do not depend on it


@dataclass(frozen=True, slots=True)
class Pilot:
    """Stored outcomes of a gate's runs; each figure is None where too few runs tell it."""

    question: Question
    arms: Arms

    @property
    def runs(self) -> int:
        """How many stored runs have the outcome."""
        return sum(arm.used for arm in counts(self.question, self.arms))

    @property
    def copied(self) -> bool:
        """Whether all pairs are equal: a baseline saved from these very runs tells nothing of how new ones differ."""
        differences = [value for stratum in self.arms.strata for value in self._differences(stratum, 1.0)]
        return bool(differences) and not any(differences)

    def control_mean(self) -> float | None:
        """Return the control's mean over its cells."""
        cells = [values for stratum in self.arms.strata if (values := self._values(stratum.control))]
        if sum(map(len, cells)) < FEWEST:
            return None
        return _finite(float(np.mean([np.mean(values) for values in cells])))

    def run_deviation(self) -> float | None:
        """Return the standard deviation of runs within their cells, pooled over cells and arms."""
        strata = self.arms.strata
        return _pooled([self._values(runs) for item in strata for runs in (item.treatment, item.control)])

    def unit_deviation(self, weight: float, strata: int) -> float | None:
        """Return the standard deviation of replicates or pairs (treatment - weight * control), each over all strata.

        That over fewer strata than the `strata` planned is scaled, as if these were independent.
        """
        units = self._units(weight)
        return None if units is None else _finite(float(units.std(ddof=1)) * math.sqrt(len(self.arms.strata) / strata))

    def problem_deviation(self, weight: float, planned: Arms) -> float | None:
        """Return the standard deviation of problems, each with its planned number of runs.

        What problems vary beyond the runs within them is between them, and no number of runs averages it out.
        """
        units = self._units(weight)
        if units is None:
            return None
        total = float(units.var(ddof=1))
        within = self._within(weight)
        if within is None:
            return _finite(math.sqrt(total))
        between = max(0.0, total - within * _share(self.arms, lambda runs: len(self._values(runs))))
        return _finite(math.sqrt(between + within * _share(planned, len)))

    def correlation(self) -> float | None:
        """Return the correlation of the two outcomes of a pair."""
        tester = self._tester()
        if not isinstance(tester, PairedProportions) or len(tester.treatment) < FEWEST or self.copied:
            return None
        first, second = tester.treatment, tester.control
        if first.min() == first.max() or second.min() == second.max():
            return 0.0  # an arm that always, or never, succeeds tells nothing of the other
        return _finite(float(np.corrcoef(first, second)[0, 1]))

    def _tester(self) -> Tester | None:
        try:
            return lay_out(self.question, self.arms, ANY_LEVEL).tester
        except Unanswerable:
            return None

    def _units(self, weight: float) -> Values | None:
        tester = self._tester()
        if not isinstance(tester, Units | PairedProportions) or len(tester.treatment) < FEWEST or self.copied:
            return None
        return tester.treatment if tester.control is None else tester.treatment - weight * tester.control

    def _within(self, weight: float) -> float | None:
        """Return the variance of one run of a cell, of two arms that of the difference of one each."""
        if self.arms.paired:
            deviation = _pooled([self._differences(item, weight) for item in self.arms.strata])
            return None if deviation is None else deviation**2
        deviation = self.run_deviation()
        return None if deviation is None else deviation**2 * (1.0 if self.question.one_armed else 1 + weight**2)

    def _differences(self, stratum: Stratum, weight: float) -> list[float]:
        control = stratum.control or {}
        both = [(self._value(row), self._value(control.get(place))) for place, row in stratum.treatment.items()]
        return [first - weight * second for first, second in both if first is not None and second is not None]

    def _values(self, runs: Runs | None) -> list[float]:
        found = (self._value(row) for row in (runs or {}).values())
        return [value for value in found if value is not None]

    def _value(self, row: OutcomeRow | None) -> float | None:
        value = row.values.get(self.question.outcome) if row is not None else None
        return None if value is None or not math.isfinite(value) else float(value)


def _share(arms: Arms, count: Callable[[Runs], int]) -> float:
    """Return which share of a run's variance is left in a problem's mean over its cells, averaged over problems."""
    shares: dict[str | None, list[float]] = {}
    for stratum in arms.strata:
        runs = count(stratum.treatment)
        if runs:
            shares.setdefault(stratum.problem, []).append(1 / runs)
    return float(np.mean([sum(found) / len(found) ** 2 for found in shares.values()])) if shares else 1.0


def _pooled(cells: Sequence[Sequence[float]]) -> float | None:
    known = [np.asarray(cell) for cell in cells if len(cell) > 1]
    freedom = sum(len(cell) - 1 for cell in known)
    if freedom < FEWEST - 1:
        return None
    return _finite(math.sqrt(sum(float(cell.var()) * len(cell) for cell in known) / freedom))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
