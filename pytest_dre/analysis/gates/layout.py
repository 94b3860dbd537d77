"""From matched runs to independent units, and so to the method; chosen by design and type, never by outcomes."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pytest_dre.analysis.gates.admission import WHY_LOST
from pytest_dre.analysis.gates.arms import Arms
from pytest_dre.analysis.gates.matching import Runs, Stratum, Try
from pytest_dre.analysis.gates.question import Question, Unanswerable
from pytest_dre.analysis.gates.testers import (
    OneProblem,
    PairedProportions,
    Proportion,
    Proportions,
    Quantile,
    Strata,
    Tester,
    Units,
)
from pytest_dre.analysis.methods import passk, quantiles
from pytest_dre.analysis.methods.bounds import Values
from pytest_dre.canonical import identifier

Cell = tuple[list[float], list[float]]


@dataclass(frozen=True, slots=True)
class Layout:
    """A method with its units.

    Attributes:
        tester: The method with its data.
        unit: What a unit is: "run", "pair", "replicate" or "problem".
        design: How runs were matched, paired and clustered, in words.
        means: Plain mean of each arm (of a quantile, that of the sample), treatment first.
        per_replicate: Units that one more replicate an arm adds; 0 if only problems add any.
        notes: What was left out.
        approximate: Whether alpha is not guaranteed although the method would.
        sizes: Runs of each of two arms, treatment first, where these are units of their own; empty elsewhere.
    """

    tester: Tester
    unit: str
    design: str
    means: tuple[float, ...]
    per_replicate: float = 1.0
    notes: tuple[str, ...] = ()
    approximate: bool = False
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sample:
    """Values of the strata, complete ones only if paired; the tries that values stem from are kept in order."""

    question: Question
    arms: Arms
    strata: tuple[Stratum, ...]
    values: tuple[tuple[dict[Try, float], dict[Try, float]], ...]
    notes: tuple[str, ...]
    aim: float

    @property
    def two(self) -> bool:
        return not self.question.one_armed

    @property
    def clustered(self) -> bool:
        return len(self.arms.problems) > 1

    def cells(self) -> list[Cell]:
        return [(list(first.values()), list(second.values())) for first, second in self.values]

    def pooled(self) -> tuple[Values, Values]:
        first, second = ([value for pair in self.values for value in pair[arm].values()] for arm in (0, 1))
        return np.array(first, dtype=float), np.array(second, dtype=float)


def lay_out(question: Question, arms: Arms, aim: float) -> Layout:
    """Return the method and units of a gate, for tests at level `aim`.

    Raises Unanswerable if there is nothing to judge.
    """
    sample = _sampled(question, arms, aim)
    kind = question.statistic.kind
    if kind == "quantile":
        return _quantile(sample)
    if kind == "pass":
        return _passes(sample)
    if sample.clustered:
        return _problems(sample)
    return _replicates(sample)


def _sampled(question: Question, arms: Arms, aim: float) -> _Sample:
    strata, values, empty = [], [], 0
    for stratum in arms.strata:
        first, second = _known(stratum.treatment, question), _known(stratum.control or {}, question)
        if arms.paired:
            first, second = _common(first, second), _common(second, first)
        if not first or (stratum.control is not None and not second):
            empty += 1
            continue
        strata.append(stratum)
        values.append((first, second))
    if not strata:
        raise Unanswerable("no stratum has outcomes of every arm", WHY_LOST)
    notes = (f"{empty} strata without outcomes of every arm are left out",) if empty else ()
    return _Sample(question, arms, tuple(strata), tuple(values), notes, aim)


def _known(runs: Runs, question: Question) -> dict[Try, float]:
    found = ((place, row.values.get(question.outcome)) for place, row in runs.items())
    return {place: float(value) for place, value in found if value is not None and not math.isnan(value)}


def _common(values: dict[Try, float], other: dict[Try, float]) -> dict[Try, float]:
    return {place: value for place, value in values.items() if place in other}


def _made(
    sample: _Sample,
    tester: Tester,
    unit: str,
    *,
    per_replicate: float = 1.0,
    notes: tuple[str, ...] = (),
    approximate: bool = False,
    sizes: tuple[int, ...] = (),
) -> Layout:
    first, second = (_mean_of_cells(sample, arm) if arm == 0 or sample.two else None for arm in (0, 1))
    means = tuple(value for value in (first, second) if value is not None)
    design = _words(sample, unit)
    return Layout(tester, unit, design, means, per_replicate, (*sample.notes, *notes), approximate, sizes)


def _mean_of_cells(sample: _Sample, arm: int) -> float:
    return float(np.mean([np.mean(list(pair[arm].values())) for pair in sample.values]))


def _words(sample: _Sample, unit: str) -> str:
    arms = sample.arms
    names = [name for name in arms.varying if unit != "problem" or len(arms.varying) > 1]
    problems = len({stratum.problem for stratum in sample.strata})
    parts = [f"{problems} problems as clusters"] if unit == "problem" else []
    strata = len(sample.strata)
    if strata > 1 and names:
        parts.append(f"{strata} strata ({', '.join(names)})")
    elif unit != "problem":
        parts.append("one stratum" if strata == 1 else f"{strata} strata")
    if unit == "run" and sample.clustered:
        parts.append("problems held fixed")
    if sample.two:
        parts.append("paired by seed" if arms.paired else "unpaired replicates")
    return ", ".join(parts)


def _problems(sample: _Sample) -> Layout:
    """Return problems as units: each the mean over its cells."""
    gathered: dict[str | None, list[tuple[float, float]]] = {}
    for stratum, (first, second) in zip(sample.strata, sample.values, strict=True):
        means = float(np.mean(list(first.values()))), float(np.mean(list(second.values()))) if second else 0.0
        gathered.setdefault(stratum.problem, []).append(means)
    order = _drawn_order(sample.question.gate.gate_id, gathered)
    units = np.array([np.mean(gathered[problem], axis=0) for problem in order])
    return _made(sample, _units(sample, units[:, 0], units[:, 1]), "problem", per_replicate=0.0)


def _units(sample: _Sample, first: Values, second: Values) -> Units:
    question = sample.question
    return Units(first, second if sample.two else None, question.range, sample.aim, question.gate.anytime)


def _drawn_order(gate_id: str, problems: Iterable[str | None]) -> list[str | None]:
    """Return the problems in an order that tells nothing of them.

    Bets are placed unit after unit, and count on each being like those before: names sort by kind or difficulty.
    """
    return sorted(problems, key=lambda problem: identifier("unit", {"gate": gate_id, "problem": problem}))


def _replicates(sample: _Sample) -> Layout:
    question, single = sample.question, len(sample.strata) == 1 == len(sample.arms.strata)
    if question.kind == "binary" and single and not question.gate.anytime:
        return _binary(sample)
    if question.kind == "numbers" and sample.two and not sample.arms.paired and not sample.arms.shared:
        return _welch(sample)
    first, second, notes = _balanced(sample)
    unit = "replicate" if not single else "pair" if sample.arms.paired else "run"
    sizes = (len(first), len(second)) if unit == "run" and sample.two else ()
    return _made(sample, _units(sample, first, second), unit, notes=notes, sizes=sizes)


def _binary(sample: _Sample) -> Layout:
    first, second = sample.pooled()
    counts = [(int(arm.sum()), len(arm)) for arm in (first, second)]
    if not sample.two:
        return _made(sample, Proportion(*counts[0]), "run")
    if sample.arms.paired:
        return _made(sample, PairedProportions(first, second, sample.aim), "pair")
    return _made(sample, Proportions(*counts), "run", sizes=_sizes(sample))


def _welch(sample: _Sample) -> Layout:
    """Return Welch's t over strata; where a cell was planned with one run only, the strata's differences are units."""
    planned = min(len(runs) for item in sample.arms.strata for runs in (item.treatment, item.control or {}))
    cells = sample.cells()
    if planned == 1 and len(sample.arms.strata) > 1:
        first, second = (np.array([np.mean(cell[arm]) for cell in cells]) for arm in (0, 1))
        return _made(sample, Units(first, second, None, sample.aim), "stratum", per_replicate=float(len(cells)))
    tester = Strata(*zip(*cells, strict=True))
    return _made(sample, tester, "run", per_replicate=float(len(cells)), sizes=_sizes(sample))


def _sizes(sample: _Sample) -> tuple[int, ...]:
    """Return how many runs with a value each of two arms has; nothing of one arm."""
    return tuple(sum(len(pair[arm]) for pair in sample.values) for arm in (0, 1)) if sample.two else ()


def _balanced(sample: _Sample) -> tuple[Values, Values, tuple[str, ...]]:
    """Return units that average the strata with equal weight, in the order of replicates.

    Where strata share seeds a unit is a replicate with all its strata; elsewhere the j-th run of every stratum and
    arm that has an outcome. Both orders are independent of the outcomes.
    """
    dropped = 0
    if sample.arms.shared:
        arms = [pair[arm] for pair in sample.values for arm in ((0, 1) if sample.two else (0,))]
        every = sorted({place for values in arms for place in values})
        complete = [place for place in every if all(place in values for values in arms)]
        dropped = len(every) - len(complete)
        sides = [[[pair[arm].get(place, 0.0) for place in complete] for pair in sample.values] for arm in (0, 1)]
    else:
        cells = sample.cells()
        count = min(len(values) for cell in cells for values in (cell if sample.two else cell[:1]))
        dropped = sum(len(values) - count for cell in cells for values in (cell if sample.two else cell[:1]))
        sides = [[cell[arm][:count] for cell in cells] for arm in ((0, 1) if sample.two else (0, 0))]
    what = "replicates" if sample.arms.shared else "runs"
    notes = (f"{dropped} {what} without a counterpart in every stratum and arm are left out",) if dropped else ()
    first, second = (np.array(side, dtype=float).mean(axis=0) for side in sides)
    if not len(first):
        raise Unanswerable("no replicate has outcomes in every stratum and arm", WHY_LOST)
    return first, second, notes


def _strata_share_seeds(strata: Sequence[Stratum]) -> bool:
    """Return whether a seed occurs in two strata: under common random numbers problems have seeds of their own."""
    seeds = [{row.seed for row in stratum.treatment.values()} for stratum in strata]
    return len(set().union(*seeds)) < sum(map(len, seeds))


def _quantile(sample: _Sample) -> Layout:
    first, second = sample.pooled()
    tester = Quantile(first, second if sample.two else None, sample.question.statistic.probability)
    shared = sample.arms.shared and _strata_share_seeds(sample.strata)
    notes = ("strata share seeds, so runs are not quite independent",) if shared else ()
    made = _made(
        sample,
        tester,
        "run",
        per_replicate=float(len(sample.strata)),
        notes=notes,
        approximate=shared,
        sizes=_sizes(sample),
    )
    arms = (first, second) if sample.two else (first,)
    return replace(made, means=tuple(quantiles.sample_quantile(arm, tester.probability) for arm in arms))


def _passes(sample: _Sample) -> Layout:
    statistic = sample.question.statistic
    if sample.question.kind != "binary":
        raise Unanswerable(f"{statistic.text} needs an outcome that is true or false", "write 'expected_type: boolean'")
    fewest = min(len(values) for pair in sample.values for values in (pair if sample.two else pair[:1]))
    if fewest < statistic.tries:
        tries = f"{fewest} " + ("try" if fewest == 1 else "tries")
        raise Unanswerable(f"{statistic.text} needs {statistic.tries} replicates, a cell has {tries}", "plan more")
    if sample.clustered:
        return _problems(_replaced(sample, lambda values: _estimate(sample, values)))
    if sample.two or len(sample.strata) > 1:
        raise Unanswerable(f"{statistic.text} of several cells is compared over problems, there is one", "add problems")
    (values, _), *_rest = sample.values
    tester = OneProblem(int(sum(values.values())), len(values), statistic.tries, statistic.passes)
    return _made(sample, tester, "run")


def _estimate(sample: _Sample, values: Sequence[float]) -> float:
    statistic = sample.question.statistic
    (found,) = passk.estimates([(int(sum(values)), len(values))], statistic.tries, statistic.passes)
    return found


def _replaced(sample: _Sample, of_cell: Callable[[Sequence[float]], float]) -> _Sample:
    """Return the sample with one value a cell."""

    def one(values: dict[Try, float]) -> dict[Try, float]:
        return {(1, 0): of_cell(list(values.values()))} if values else {}

    values = tuple((one(first), one(second)) for first, second in sample.values)
    return _Sample(sample.question, sample.arms, sample.strata, values, sample.notes, sample.aim)
