"""The values of a gate's or an outcome's runs, with the condition, problem, arm and seed of each."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pytest_dre.analysis.aggregation import LARGEST
from pytest_dre.analysis.gates.arms import COMMON, Arms
from pytest_dre.analysis.gates.matching import PROBLEM, Key, Runs, Stratum, Try, grouped, problem_of
from pytest_dre.analysis.variance.quadratics import Codes, Values, codes_of
from pytest_dre.model.factors import PROBLEM_FACTORS
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

PROBLEM_COMPONENT = "problem"
ARM_COMPONENT = "problem_by_arm"
CELL_COMPONENT = "problem_by_condition"
SEED_COMPONENT = "seed"

Side: TypeAlias = dict[Try, tuple[float, int]]  # value and seed of an arm's runs in a stratum


@dataclass(frozen=True, slots=True)
class Observations:
    """Runs with a value, one a place; groups are numbered from 0.

    Attributes:
        values: The outcome.
        arm: 0 for the treatment, 1 for the control.
        stratum: What is matched.
        other: What strata differ in beside the problem.
        problem: The problem; 0 everywhere if there is none, or it is what is contrasted.
        seed: Runs of one problem with one seed; None where every run has its own.
    """

    values: Values
    arm: Codes
    stratum: Codes
    other: Codes
    problem: Codes
    seed: Codes | None

    @property
    def problems(self) -> int:
        """How many problems there are."""
        return int(self.problem.max()) + 1

    @property
    def arms(self) -> int:
        """How many arms there are."""
        return int(self.arm.max()) + 1

    @property
    def condition(self) -> Codes:
        """Each run's condition: all that is not problem or replicate."""
        return codes_of(self.other, self.arm)

    @property
    def cell(self) -> Codes:
        """Each run's problem and condition."""
        return codes_of(self.stratum, self.arm)

    @property
    def groupings(self) -> dict[str, Codes]:
        """The random effects that the design has, coarsest first."""
        found = {}
        if self.problems > 1:
            found[PROBLEM_COMPONENT] = self.problem
            if self.arms > 1:
                found[ARM_COMPONENT] = codes_of(self.problem, self.arm)
            if self.other.max() > 0:
                found[CELL_COMPONENT] = self.cell
        if self.seed is not None:
            found[SEED_COMPONENT] = self.seed
        return found


def of_arms(outcome: str, arms: Arms) -> Observations | None:
    """Return the values that a gate's arms are compared by; None if there are none.

    As the gate takes them: of strata with values of every arm, and complete pairs where replicates are paired.
    """
    cells: list[tuple[Stratum, Side, Side]] = []
    for stratum in arms.strata:
        first, second = _known(stratum.treatment, outcome), _known(stratum.control or {}, outcome)
        if arms.paired:
            first, second = _common(first, second), _common(second, first)
        if first and (second or stratum.control is None):
            cells.append((stratum, first, second))
    return _observations(cells, arms.paired or arms.shared) if cells else None


def of_rows(study: Study, outcome: str, rows: Sequence[OutcomeRow]) -> Observations | None:
    """Return an outcome's values over all planned runs; None if there are none."""
    strata = [Stratum(key, runs, None, problem_of(runs)) for key, runs in grouped(rows, None).items()]
    cells: list[tuple[Stratum, Side, Side]] = [(item, _known(item.treatment, outcome), {}) for item in strata]
    cells = [cell for cell in cells if cell[1]]
    return _observations(cells, study.seed_policy.strategy == COMMON) if cells else None


def _known(runs: Runs, outcome: str) -> Side:
    found = ((place, row.values.get(outcome), row) for place, row in runs.items() if not row.stale)
    return {
        place: (float(value), row.seed) for place, value, row in found if value is not None and abs(value) <= LARGEST
    }


def _common(side: Side, other: Side) -> Side:
    return {place: found for place, found in side.items() if place in other}


def _observations(cells: Sequence[tuple[Stratum, Side, Side]], shared: bool) -> Observations:
    sizes = [(len(first), len(second)) for _, first, second in cells]
    runs = [found for _, *sides in cells for side in sides for found in side.values()]
    problem = _repeated([stratum.problem for stratum, *_ in cells], sizes)
    seed = codes_of(problem, _numbered([seed for _, seed in runs]))
    return Observations(
        values=np.array([value for value, _ in runs]),
        arm=np.repeat(np.tile([0, 1], len(cells)), np.ravel(sizes)).astype(np.intp),
        stratum=_repeated([stratum.key for stratum, *_ in cells], sizes),
        other=_repeated([_without_problem(stratum) for stratum, *_ in cells], sizes),
        problem=problem,
        seed=seed if shared and len(np.unique(seed)) < len(seed) else None,
    )


def _repeated(labels: Sequence[Hashable], sizes: Sequence[tuple[int, int]]) -> Codes:
    """Return the number of each cell's label, for each of its runs."""
    return np.repeat(_numbered(labels), [sum(pair) for pair in sizes])


def _numbered(labels: Sequence[Hashable]) -> Codes:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.intp)


def _without_problem(stratum: Stratum) -> Key:
    names = (PROBLEM, *PROBLEM_FACTORS) if stratum.problem is not None else ()
    return tuple(item for item in stratum.key if item[0] not in names)
