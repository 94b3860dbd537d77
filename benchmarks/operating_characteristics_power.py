"""Whether gates have the power that plans state: studies at the effect that is said to pass in 80 %."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from operating_characteristics_cells import exceeds
from operating_characteristics_gates import SUPERIOR
from operating_characteristics_studies import COMMON, CONTRAST, Planned, planned
from operating_characteristics_units import Values

from pytest_dre.analysis.power.study import study_power
from pytest_dre.canonical import seed_from
from pytest_dre.model.verdicts import Verdict

STATED = 0.8
TOLERANCE = 0.05
MEAN, SD = 0.6, 0.15
BETWEEN = 0.1  # deviation of the effects of problems
RATE = 0.4
LOOKS = {"looks": (5, 10, 20), "spending": "obrien_fleming"}

Draw = Callable[[np.random.Generator, float], Values]


@dataclass(frozen=True, slots=True)
class Power:
    """Studies at the effect that the plan of a gate states; `least` says that their power may only be higher."""

    design: str
    n: int
    outcome: str
    gate: Mapping[str, Any]
    draw: Draw
    expected: Mapping[str, Any]
    more: Mapping[str, Any]
    least: bool = False

    @property
    def name(self) -> str:
        return f"power of {self.design}, n={self.n}"

    def planned(self, alpha: float) -> Planned:
        gate = {"gate_id": "g", "outcome": self.outcome, "alpha": alpha, **self.gate}
        limits = {"expected": {"outcomes": {self.outcome: dict(self.expected)}}}
        return planned([gate], limits=limits, **{"n": self.n, **self.more})


@dataclass(frozen=True, slots=True)
class PowerFound:
    """What share of the studies passed."""

    cell: str
    columns: tuple[str, ...]
    studies: int
    power: float
    least: bool

    def broken(self, _alpha: float, errors: float) -> bool:
        """Return whether the power is more than 5 points off, beyond simulation error."""
        low = exceeds(1 - self.power, self.studies, 1 - STATED + TOLERANCE, errors)
        return low or (not self.least and exceeds(self.power, self.studies, STATED + TOLERANCE, errors))

    def row(self, alpha: float, errors: float) -> str:
        mark = " **off**" if self.broken(alpha, errors) else ""
        stated = f"at least {100 * STATED:.0f}" if self.least else f"{100 * STATED:.0f}"
        return "| " + " | ".join([*self.columns, stated, f"{100 * self.power:.1f}"]) + mark + " |"


def simulate_power(cell: Power, studies: int, alpha: float) -> PowerFound:
    """Return the share of studies that pass at the effect that the plan states, seeded by the cell's name."""
    plan = cell.planned(alpha)
    (said,) = study_power(plan.study, plan.rows).gates
    if said.effect is None:
        raise ValueError(f"the plan of {cell.name} states no effect")
    rng = np.random.default_rng(seed_from({"cell": cell.name}))
    draws = (cell.draw(rng, said.effect) for _ in range(studies))
    passed = sum(plan.judged({cell.outcome: values})["g"].verdict is Verdict.PASS for values in draws)
    columns = (cell.design, str(cell.n), f"{said.effect:.3g}", said.how)
    return PowerFound(cell.name, columns, studies, passed / studies, cell.least)


def power_cells() -> Iterator[Power]:
    """Yield gates of each kind of method."""
    yield from _numbers()
    yield from _bounded()
    yield from _binary()


def _numbers() -> Iterator[Power]:
    cell = functools.partial(_cell, "gain", _normal, {"mean": MEAN, "sd": SD})
    yield cell("paired t, superior", 14, SUPERIOR, **COMMON)
    yield cell("Welch t, superior", 20, SUPERIOR)
    yield cell("Welch t over 2 strata, superior", 10, SUPERIOR, strata=2)
    yield cell("Welch t, not worse by 20 %", 20, {"claim": "non_inferior", "contrast": CONTRAST, "margin": "20%"})
    yield cell("Welch t, equivalent within 0.2", 30, {"claim": "equivalent", "contrast": CONTRAST, "margin": 0.2})
    yield cell("paired t with looks, superior", 20, {**SUPERIOR, "sequential": LOOKS}, least=True, **COMMON)
    yield cell("medians, superior", 40, {**SUPERIOR, "statistic": "median"})


def _bounded() -> Iterator[Power]:
    cell = functools.partial(_cell, "score", _beta, {"mean": MEAN, "sd": SD})
    yield cell("betting, superior", 30, SUPERIOR)
    yield cell("betting with looks, superior", 20, {**SUPERIOR, "sequential": LOOKS}, least=True)
    yield cell("betting of one arm, at least 0.4", 30, {"claim": "at_least", "value": 0.4})
    problems = {"mean": 0.5, "sd": SD, "problem_sd": BETWEEN}
    yield Power("betting over problems, superior", 20, "score", SUPERIOR, _of_problems, problems, _problems(20))


def _binary() -> Iterator[Power]:
    cell = functools.partial(_cell, "ok", _flags, {"mean": RATE})
    yield cell("two proportions, superior", 15, SUPERIOR)
    yield cell("pairs of successes, superior", 15, SUPERIOR, **COMMON)
    yield cell("one proportion, at least 0.8", 40, {"claim": "at_least", "value": 0.8})


def _cell(
    outcome: str,
    draw: Callable[[np.random.Generator, Values], Values],
    expected: Mapping[str, float],
    design: str,
    n: int,
    gate: Mapping[str, Any],
    *,
    least: bool = False,
    **more: Any,
) -> Power:
    strata = more.get("strata", 1)

    def drawn(rng: np.random.Generator, effect: float) -> Values:
        means = [expected["mean"] + effect, expected["mean"]] if "contrast" in gate else [effect]
        return draw(rng, np.broadcast_to(np.array(means)[:, None, None], (len(means), strata, n)))

    return Power(design, n, outcome, gate, drawn, expected, more, least)


def _problems(count: int) -> dict[str, int]:
    return {"problems": count, "n": 2}


def _normal(rng: np.random.Generator, means: Values) -> Values:
    return rng.normal(means, SD)


def _beta(rng: np.random.Generator, means: Values) -> Values:
    size = means * (1 - means) / SD**2 - 1
    return rng.beta(means * size, (1 - means) * size)


def _flags(rng: np.random.Generator, means: Values) -> Values:
    return (rng.random(means.shape) < means).astype(float)


def _of_problems(rng: np.random.Generator, effect: float) -> Values:
    """Return 20 problems with 2 replicates an arm, whose effects differ."""
    effects = np.stack([effect + rng.normal(0, BETWEEN, 20), np.zeros(20)])
    means = (0.5 + effects).clip(0.03, 0.97)
    return _beta(rng, np.repeat(means[:, :, None], 2, axis=2))
