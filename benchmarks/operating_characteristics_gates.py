"""Cells of whole gates: studies in the layouts that users have, judged as sessions judge them."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from operating_characteristics_cells import SLACK, Cell, Trial
from operating_characteristics_studies import COMMON, CONTRAST, Planned, planned
from operating_characteristics_units import (
    BINARY,
    BOUNDED,
    HEAVY,
    LEFT,
    LOPSIDED,
    NORMAL,
    RIGHT,
    U_SHAPED,
    Distribution,
    Values,
    lognormal,
)

from pytest_dre.model.verdicts import GateVerdict, Verdict

SIZES = (5, 10, 30)
TABLE = "gates"
P95_OF_LOGNORMAL = float(np.exp(1.6448536269514722))

Draw = Callable[[np.random.Generator], Values]
SUPERIOR = {"claim": "superior", "contrast": CONTRAST}


def gate_cells() -> Iterator[Cell]:
    """Yield every cell, by the number of replicates (of problems, where these are the units)."""
    for n in SIZES:
        for shape in BINARY:
            yield from _binary(shape, n)
        for shape in (BOUNDED, U_SHAPED, LOPSIDED):
            yield from _bounded(shape, n)
        for shape in (NORMAL, RIGHT, LEFT, HEAVY):
            yield from _numbers(shape, n)
        yield from _problems(n)
        yield _sorted_problems(n)
        yield from _quantiles(n)
        yield from _tries(n)
        yield from _several(n)
    yield from _large()


def gate_cell(
    units: str,
    design: str,
    n: int,
    *,
    outcome: str,
    gate: Mapping[str, Any],
    draw: Draw,
    effect: float,
    tolerated: bool = False,
    replicates: int | None = None,
    **more: Any,
) -> Cell:
    """Return a cell of studies with one gate; `draw` gives outcomes by arm, cell and replicate."""

    @functools.cache
    def plan(alpha: float) -> Planned:
        return planned([{"gate_id": "g", "outcome": outcome, "alpha": alpha, **gate}], replicates or n, **more)

    def study(rng: np.random.Generator, alpha: float) -> Trial:
        return trial_of(plan(alpha).judged({outcome: draw(rng)})["g"], effect)

    return Cell(TABLE, units, design, n, "", study, tolerated)


def trial_of(verdict: GateVerdict, effect: float, *, skipped: float = 0.0, unlike: bool = False) -> Trial:
    """Return what a verdict on a gate came to, whose claim just does not hold, nor its contrary."""
    return Trial(
        verdict.verdict is Verdict.PASS,
        verdict.verdict is Verdict.FAIL,
        _covers(verdict, effect),
        verdict.approximate,
        verdict.method,
        skipped,
        unlike,
    )


def _covers(verdict: GateVerdict, effect: float) -> bool | None:
    if verdict.estimate is None:
        return None
    slack = SLACK * max(1.0, abs(effect))
    low = -np.inf if verdict.low is None else verdict.low
    high = np.inf if verdict.high is None else verdict.high
    return bool(low < effect - slack and high > effect + slack)


def _binary(shape: Distribution, n: int) -> Iterator[Cell]:
    p = shape.mean
    cell = functools.partial(gate_cell, shape.name, n=n, outcome="ok")
    one = {"claim": "at_least", "value": p}
    yield cell("one arm, at least", gate=one, draw=lambda rng: shape.draw(rng, n), effect=p)
    yield cell("two arms, superior", gate=SUPERIOR, draw=lambda rng: shape.draw(rng, (2, n)), effect=0.0)
    yield cell("paired, superior", gate=SUPERIOR, draw=lambda rng: half_shared(shape, n, rng), effect=0.0, **COMMON)
    if p < 0.1:
        return
    worse = {"claim": "non_inferior", "contrast": CONTRAST, "margin": 0.1}
    yield cell(
        "two arms, not worse by 0.1",
        gate=worse,
        draw=lambda rng: (rng.random((2, n)) < [[p - 0.1], [p]]).astype(float),
        effect=-0.1,
    )
    if p < 0.9:
        return
    yield cell(
        "paired, not worse by 10 %",
        gate={**worse, "margin": "10%"},
        draw=lambda rng: (rng.random((2, n)) < [[0.9 * p], [p]]).astype(float),
        effect=-0.1 * p,
        **COMMON,
    )
    # two strata with other rates, the same in both arms
    yield cell(
        "two arms over 2 strata, superior",
        gate=SUPERIOR,
        draw=lambda rng: (rng.random((2, 2, n)) < [[p], [p / 2]]).astype(float),
        effect=0.0,
        strata=2,
    )


def half_shared(shape: Distribution, n: int, rng: np.random.Generator) -> Values:
    """Return pairs, half of which share what decides them."""
    control, other = shape.draw(rng, n), shape.draw(rng, n)
    return np.stack([np.where(rng.random(n) < 0.5, control, other), control])


def _bounded(shape: Distribution, n: int) -> Iterator[Cell]:
    cell = functools.partial(gate_cell, shape.name, n=n, outcome="score")
    yield cell("two arms, superior", gate=SUPERIOR, draw=lambda rng: shape.draw(rng, (2, n)), effect=0.0)
    if shape is BOUNDED:
        yield cell(
            "two arms, equivalent within 0.1",
            gate={"claim": "equivalent", "contrast": CONTRAST, "margin": 0.1},
            draw=lambda rng: np.array([[1.0], [0.85]]) * shape.draw(rng, (2, n)),
            effect=0.15 * shape.mean,
        )
        return
    at_least = {"claim": "at_least", "value": shape.mean}
    yield cell("one arm, at least", gate=at_least, draw=lambda rng: shape.draw(rng, n), effect=shape.mean)
    yield cell(
        "two arms over 2 strata, superior",
        gate=SUPERIOR,
        draw=lambda rng: np.array([[1.0], [0.5]]) * shape.draw(rng, (2, 2, n)),
        effect=0.0,
        strata=2,
    )
    yield cell(
        "baseline, not worse by 10 %",
        gate={"claim": "non_inferior", "baseline": "main", "margin": "10%"},
        draw=lambda rng: np.array([[0.9], [1.0]]) * shape.draw(rng, (2, n)),
        effect=-0.1 * shape.mean,
    )


def _numbers(shape: Distribution, n: int) -> Iterator[Cell]:
    cell = functools.partial(gate_cell, shape.name, n=n, outcome="gain", tolerated=shape.skewed)

    def differing(rng: np.random.Generator) -> Values:
        control = rng.normal(0, 1, n)
        return np.stack([control + shape.centred(rng, n), control])

    yield cell("paired, superior", gate=SUPERIOR, draw=differing, effect=0.0, **COMMON)
    if shape.skewed:
        yield cell(
            "two arms, superior; control normal",
            gate=SUPERIOR,
            draw=lambda rng: np.stack([shape.centred(rng, n), rng.normal(0, 1, n)]),
            effect=0.0,
        )
    else:
        yield cell("two arms, superior", gate=SUPERIOR, draw=lambda rng: shape.draw(rng, (2, n)), effect=0.0)
    if shape is HEAVY:
        return
    yield cell(
        "two arms over 3 strata, superior",
        gate=SUPERIOR,
        draw=lambda rng: shape.draw(rng, (2, 3, n)) + np.array([[0.0], [1.0], [5.0]]),
        effect=0.0,
        strata=3,
    )
    yield cell(
        "two arms, not worse by 10 %",
        gate={"claim": "non_inferior", "contrast": CONTRAST, "margin": "10%"},
        draw=lambda rng: shape.centred(rng, (2, n)) + np.array([[9.0], [10.0]]),
        effect=-1.0,
    )
    if shape is not NORMAL:
        return
    at_least = {"claim": "at_least", "value": shape.mean}
    yield cell("one arm, at least", gate=at_least, draw=lambda rng: shape.draw(rng, n), effect=shape.mean)
    yield cell(
        "two arms, equivalent within 1.5",
        gate={"claim": "equivalent", "contrast": CONTRAST, "margin": 1.5},
        draw=lambda rng: shape.draw(rng, (2, n)) + np.array([[1.5], [0.0]]),
        effect=1.5,
    )


def _problems(n: int) -> Iterator[Cell]:
    """Yield studies of n problems with 3 replicates an arm; problems differ, also in the effect (mean 0)."""

    def differing(shape: Distribution, rng: np.random.Generator) -> Values:
        effects = np.stack([shape.centred(rng, n), np.zeros(n)])
        return rng.normal(0, 2, n)[:, None] + effects[:, :, None] + rng.normal(0, 1, (2, n, 3))

    for shape in (NORMAL, RIGHT, LEFT):
        yield gate_cell(
            shape.name,
            "problems with other effects, superior",
            n,
            outcome="gain",
            gate=SUPERIOR,
            draw=functools.partial(differing, shape),
            effect=0.0,
            tolerated=shape.skewed,
            replicates=3,
            problems=n,
        )

    def rates(rng: np.random.Generator) -> Values:
        return (rng.random((2, n, 3)) < rng.beta(0.5, 0.5, (2, n))[:, :, None]).astype(float)

    name = "binary, problems U-shaped"
    cell = functools.partial(gate_cell, name, n=n, outcome="ok", replicates=3, problems=n)
    yield cell("problems with other effects, superior", gate=SUPERIOR, draw=rates, effect=0.0)
    at_least = {"claim": "at_least", "value": 0.5}
    yield cell("problems, at least", gate=at_least, draw=lambda rng: rates(rng)[0], effect=0.5)


def _sorted_problems(n: int) -> Cell:
    """Return studies of n problems, easy for the new agent or hard, whose names sort by that.

    The gate has another name in each study: so has the order drawn for the problems, as other names would give it.
    """

    def study(rng: np.random.Generator, alpha: float) -> Trial:
        effects = np.sort(rng.choice([-0.4, 0.4], n))[::-1]
        middle = 0.5 + np.stack([effects, -effects])[:, :, None] / 2
        values = (middle + rng.normal(0, 0.03, (2, n, 3))).clip(0, 1)
        name = f"g{rng.integers(1_000_000)}"
        gate = {"gate_id": name, "outcome": "score", "alpha": alpha, **SUPERIOR}
        return trial_of(planned([gate], 3, problems=n).judged({"score": values})[name], 0.0)

    return Cell(TABLE, "bounded, of two kinds", "problems sorted by kind, superior", n, "", study)


def _quantiles(n: int) -> Iterator[Cell]:
    cell = functools.partial(gate_cell, RIGHT.name, n=n, outcome="gain")
    median = {"claim": "at_most", "statistic": "median", "value": 1.0}
    yield cell("median of one arm, at most", gate=median, draw=lambda rng: lognormal(rng, n), effect=1.0)
    yield cell(
        "median of two arms, superior",
        gate={**SUPERIOR, "statistic": "median"},
        draw=lambda rng: lognormal(rng, (2, n)),
        effect=0.0,
    )
    yield cell("p95 of one arm, at most", gate=_p95(), draw=lambda rng: lognormal(rng, n), effect=P95_OF_LOGNORMAL)


def _p95() -> dict[str, Any]:
    return {"claim": "at_most", "statistic": "p95", "value": P95_OF_LOGNORMAL}


def _tries(n: int) -> Iterator[Cell]:
    """Yield studies of n problems with 4 tries; a try succeeds with a chance from Beta(2, 1), of mean cube 0.4."""

    def tries(rng: np.random.Generator, arms: int) -> Values:
        return (rng.random((arms, n, 4)) < rng.beta(2, 1, (arms, n))[:, :, None]).astype(float)

    cell = functools.partial(gate_cell, "binary, problems Beta(2, 1)", n=n, outcome="ok", replicates=4, problems=n)
    for statistic, value in (("pass@2", 5 / 6), ("pass^3", 0.4)):
        at_least = {"claim": "at_least", "statistic": statistic, "value": value}
        yield cell(f"{statistic}, at least", gate=at_least, draw=lambda rng: tries(rng, 1), effect=value)
    yield cell(
        "pass^3 of two arms, superior",
        gate={**SUPERIOR, "statistic": "pass^3"},
        draw=lambda rng: tries(rng, 2),
        effect=0.0,
    )
    value = 0.8**3
    yield gate_cell(
        "binary 0.8",
        "pass^3 of one problem, at least",
        n,
        outcome="ok",
        gate={"claim": "at_least", "statistic": "pass^3", "value": value},
        draw=lambda rng: (rng.random(n) < 0.8).astype(float),
        effect=value,
        problems=1,
    )


def _several(n: int) -> Iterator[Cell]:
    """Yield studies with three gates, each of an outcome of its own: any wrong verdict counts."""
    yield _family("3 gates by Holm, independent", n, (0.0, 0.0, 0.0), 0.0)
    yield _family("3 gates by Holm, correlated 0.8", n, (0.0, 0.0, 0.0), 0.8)
    yield _family("3 gates by Holm, one claim true", n, (0.0, 0.0, 3.0), 0.0)


def _family(design: str, n: int, effects: Sequence[float], correlation: float) -> Cell:
    names = ("gain", "gain_2", "gain_3")

    @functools.cache
    def plan(alpha: float) -> Planned:
        gates = [{"gate_id": name, "outcome": name, "alpha": alpha, **SUPERIOR} for name in names]
        return planned(gates, n)

    def study(rng: np.random.Generator, alpha: float) -> Trial:
        shared = np.sqrt(correlation) * rng.normal(0, 1, (2, n))
        outcomes = {}
        for name, effect in zip(names, effects, strict=True):
            own = np.sqrt(1 - correlation) * rng.normal(0, 1, (2, n))
            outcomes[name] = shared + own + np.array([[effect], [0.0]])
        verdicts = plan(alpha).judged(outcomes)
        trials = [trial_of(verdicts[name], 0.0) for name, effect in zip(names, effects, strict=True) if not effect]
        return _joined(trials)

    return Cell(TABLE, NORMAL.name, design, n, "", study)


def _joined(trials: Sequence[Trial]) -> Trial:
    first = trials[0]
    # one gate's interval is as good as another's: coverage is that of the first
    return Trial(
        any(trial.passed for trial in trials),
        any(trial.failed for trial in trials),
        first.covered,
        any(trial.approximate for trial in trials),
        first.method,
    )


def _large() -> Iterator[Cell]:
    """Yield cells that need many runs: an upper bound of a p95, and binary arms beyond the exact test."""
    n = 100
    cell = functools.partial(gate_cell, RIGHT.name, n=n, outcome="gain")
    yield cell("p95 of one arm, at most", gate=_p95(), draw=lambda rng: lognormal(rng, n), effect=P95_OF_LOGNORMAL)
    yield cell(
        "p95 of two arms, superior",
        gate={**SUPERIOR, "statistic": "p95"},
        draw=lambda rng: lognormal(rng, (2, n)),
        effect=0.0,
    )
    many = 150
    for shape in BINARY:
        draw = functools.partial(_two, shape, many)
        yield gate_cell(shape.name, "two arms, superior", many, outcome="ok", gate=SUPERIOR, draw=draw, effect=0.0)


def _two(shape: Distribution, n: int, rng: np.random.Generator) -> Values:
    return shape.draw(rng, (2, n))
