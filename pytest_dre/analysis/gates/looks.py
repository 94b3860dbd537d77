"""Group-sequential gates: judged at looks at growing data, with alpha spent over them.

A look uses exactly the runs of its replicates, so what is decided there does not depend on the order in which runs
came in, or on others that were carried out. The level of a look comes from an alpha-spending function (Lan and DeMets,
1983): for approximate methods, from the joint normal distribution of the looks; for exact and bounded ones, what is
newly spent there, which holds whatever the joint distribution is. Intervals are repeated confidence intervals
(Jennison and Turnbull, 1989).
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.cases import LARGEST_ALPHA, Baselines, Case, aim_of, decided, prepared
from pytest_dre.analysis.methods.spending import Spending, increments, normal_levels
from pytest_dre.model.running import Gate, Sequential
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, Look, OutcomeRow, Verdict

LEAST_LEVEL = 1e-9  # smaller p-values decide anything all the same
PRECISION = 1e-3  # of the logarithm of a p-value over several looks, upwards


def latest_look(
    study: Study, gate: Gate, rows: Sequence[OutcomeRow], baselines: Baselines, *, looks: int | None = None
) -> Case | GateVerdict:
    """Return the case of the first look that decides the gate, else of the last (of the first `looks`, if given).

    Its p-values are those of all looks up to it: the least levels at which one of them shows the claim, or its
    contrary. A look that cannot be judged, for example as runs of it are missing, decides nothing.
    """
    assert gate.sequential is not None, "the gate has looks"
    p_value = contrary = 1.0
    found: Case | GateVerdict | None = None
    for number in range(1, (looks or len(gate.sequential.looks)) + 1):
        found = _look(study, gate, rows, baselines, number=number)
        if isinstance(found, Case):
            p_value = min(p_value, overall_p(found.p_value, found.nominal))
            contrary = min(contrary, overall_p(found.contrary, found.nominal))
            found = replace(found, p_value=p_value, contrary=contrary)
            if decided(found, aim_of(study, gate)) is not None:
                break
    assert found is not None, "a gate has at least one look"
    return found


def decision_at(
    study: Study, gate: Gate, rows: Sequence[OutcomeRow], baselines: Baselines, *, looks: int
) -> Verdict | None:
    """Return what the first `looks` looks come to, None if they decide nothing yet."""
    found = latest_look(study, gate, rows, baselines, looks=looks)
    return decided(found, aim_of(study, gate)) if isinstance(found, Case) else None


def up_to(rows: Sequence[OutcomeRow], replicates: int) -> list[OutcomeRow]:
    """Return the rows of the first replicates."""
    return [row for row in rows if row.replicate <= replicates]


def baselines_up_to(baselines: Baselines, replicates: int) -> dict[str, Baseline | None]:
    """Return the baselines with the rows of the first replicates."""
    return {name: _up_to(baseline, replicates) for name, baseline in baselines.items()}


def level_of_look(sequential: Sequential, number: int, level: float, *, approximate: bool) -> float:
    """Return the level of tests at look `number` (from 1) of a gate at `level`."""
    fractions = tuple(count / sequential.looks[-1] for count in sequential.looks[:number])
    return _levels(level, fractions, sequential.spending, approximate)[-1]


def overall_p(p_value: float, nominal: Callable[[float], float]) -> float:
    """Return the least level of the gate at which a look with this p-value decides; 1 if none does."""
    if p_value > nominal(LARGEST_ALPHA):
        return 1.0
    if p_value <= nominal(LEAST_LEVEL):
        return LEAST_LEVEL

    from scipy import optimize  # late: few gates have looks

    def excess(logarithm: float) -> float:
        level = nominal(math.exp(logarithm))
        return math.log(max(level, LEAST_LEVEL**2)) - math.log(p_value)

    least, largest = math.log(LEAST_LEVEL), math.log(LARGEST_ALPHA)
    root = optimize.brentq(excess, least, largest, xtol=PRECISION)
    return math.exp(min(root + PRECISION, largest))  # never below what is right


def _look(
    study: Study, gate: Gate, rows: Sequence[OutcomeRow], baselines: Baselines, *, number: int
) -> Case | GateVerdict:
    sequential = gate.sequential
    assert sequential is not None, "the gate has looks"
    replicates, planned = sequential.looks[number - 1], sequential.looks[-1]
    then = baselines_up_to(baselines, replicates)

    def exact(level: float) -> float:
        return level_of_look(sequential, number, level, approximate=False)

    def normal(level: float) -> float:
        return level_of_look(sequential, number, level, approximate=True)

    found = prepared(study, gate, up_to(rows, replicates), then, exact)
    look = Look(number, len(sequential.looks), replicates, planned, sequential.spending)
    if isinstance(found, GateVerdict):
        return replace(found, look=look)
    approximate = found.layout.approximate or found.layout.tester.bounds(exact(LARGEST_ALPHA)).approximate
    return replace(found, blank=replace(found.blank, look=look), nominal=normal if approximate else exact)


def _up_to(baseline: Baseline | None, replicates: int) -> Baseline | None:
    return None if baseline is None else replace(baseline, rows=up_to(baseline.rows, replicates))


@functools.lru_cache(maxsize=4096)
def _levels(level: float, fractions: tuple[float, ...], spending: Spending, approximate: bool) -> list[float]:
    return (normal_levels if approximate else increments)(level, fractions, spending)
