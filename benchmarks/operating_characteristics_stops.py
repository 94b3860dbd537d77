"""Cells of gates that may stop early: judged at looks, or curtailed."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from operating_characteristics_cells import Cell, Trial
from operating_characteristics_gates import SUPERIOR, Draw, half_shared, trial_of
from operating_characteristics_studies import COMMON, Planned, planned
from operating_characteristics_units import BINARY, BOUNDED, HEAVY, LEFT, NORMAL, U_SHAPED, Distribution, Values

from pytest_dre.analysis.gates.curtailment import NOT_NEEDED
from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.model.verdicts import OutcomeRow

LOOKS = (5, 10, 20)
SPENDINGS = ("obrien_fleming", "pocock")


def sequential_cells() -> Iterator[Cell]:
    """Yield gates that are judged after 5, 10 and 20 replicates."""
    for spending in SPENDINGS:
        for shape in (NORMAL, LEFT, HEAVY):
            yield _paired_numbers(shape, spending)
        for shape in (BOUNDED, U_SHAPED):
            yield _one_arm(shape, "score", spending)
            yield _two_arms(shape, "score", spending)
        for shape in BINARY:
            yield _one_arm(shape, "ok", spending)
            yield _two_arms(shape, "ok", spending)
    yield _two_arms(NORMAL, "gain", SPENDINGS[0])
    for shape, outcome in ((BOUNDED, "score"), (U_SHAPED, "score"), *((shape, "ok") for shape in BINARY)):
        yield _again(shape, outcome)


def curtailed_cells() -> Iterator[Cell]:
    """Yield gates that skip what can no longer change their verdict."""
    for shape in BINARY:
        one = {"claim": "at_least", "value": shape.mean}
        yield _curtailed(shape, "one arm, at least", 30, one, functools.partial(_drawn, shape, 1, 30))
        yield _curtailed(shape, "two arms, superior", 10, SUPERIOR, functools.partial(_drawn, shape, 2, 10))
        pairs = functools.partial(half_shared, shape, 10)
        yield _curtailed(shape, "paired, superior", 10, SUPERIOR, pairs, **COMMON)


def _drawn(shape: Distribution, arms: int, n: int, rng: np.random.Generator) -> Values:
    return shape.draw(rng, (arms, n))


def _paired_numbers(shape: Distribution, spending: str) -> Cell:
    def draw(rng: np.random.Generator) -> Values:
        control = rng.normal(0, 1, LOOKS[-1])
        return np.stack([control + shape.centred(rng, LOOKS[-1]), control])

    return _looked(shape, "paired, superior", "gain", spending=spending, gate=SUPERIOR, draw=draw, effect=0.0, **COMMON)


def _one_arm(shape: Distribution, outcome: str, spending: str) -> Cell:
    gate = {"claim": "at_least", "value": shape.mean}
    draw = functools.partial(_drawn, shape, 1, LOOKS[-1])
    return _looked(shape, "one arm, at least", outcome, spending=spending, gate=gate, draw=draw, effect=shape.mean)


def _two_arms(shape: Distribution, outcome: str, spending: str) -> Cell:
    draw = functools.partial(_drawn, shape, 2, LOOKS[-1])
    return _looked(shape, "two arms, superior", outcome, spending=spending, gate=SUPERIOR, draw=draw, effect=0.0)


def _looked(
    shape: Distribution,
    design: str,
    outcome: str,
    *,
    spending: str,
    gate: Mapping[str, Any],
    draw: Draw,
    effect: float,
    **more: Any,
) -> Cell:
    n = LOOKS[-1]

    @functools.cache
    def plan(alpha: float) -> Planned:
        looks = {"looks": LOOKS, "spending": spending}
        return planned([{"gate_id": "g", "outcome": outcome, "alpha": alpha, "sequential": looks, **gate}], n, **more)

    def study(rng: np.random.Generator, alpha: float) -> Trial:
        verdict = plan(alpha).judged({outcome: draw(rng)})["g"]
        # without a decision all runs are carried out, so the last look is the one that counts
        skipped = 0.0 if verdict.look is None else 1 - verdict.look.replicates / n
        return trial_of(verdict, effect, skipped=skipped)

    return Cell("looks", shape.name, f"{design}; {spending}", n, "", study, shape.skewed)


def _again(shape: Distribution, outcome: str) -> Cell:
    """Return studies that grow from look to look without a plan, judged at any time: any wrong verdict counts."""
    n = LOOKS[-1]

    @functools.cache
    def plan(replicates: int, alpha: float) -> Planned:
        gate = {"claim": "at_least", "value": shape.mean, "anytime": True}
        return planned([{"gate_id": "g", "outcome": outcome, "alpha": alpha, **gate}], replicates)

    def study(rng: np.random.Generator, alpha: float) -> Trial:
        values = shape.draw(rng, (1, n))
        judged = [plan(count, alpha).judged({outcome: values[:, :count]})["g"] for count in LOOKS]
        trials = [trial_of(verdict, shape.mean) for verdict in judged]
        return Trial(
            any(trial.passed for trial in trials),
            any(trial.failed for trial in trials),
            all(trial.covered for trial in trials),
            any(trial.approximate for trial in trials),
            trials[-1].method,
        )

    return Cell("looks", shape.name, f"one arm, at any time: {LOOKS[0]} to {n} runs", n, "", study, shape.skewed)


def _curtailed(shape: Distribution, design: str, n: int, gate: Mapping[str, Any], draw: Draw, **more: Any) -> Cell:
    effect = shape.mean if gate["claim"] == "at_least" else 0.0

    @functools.cache
    def plan(alpha: float) -> Planned:
        return planned([{"gate_id": "g", "outcome": "ok", "alpha": alpha, "stop": "curtail", **gate}], n, **more)

    def study(rng: np.random.Generator, alpha: float) -> Trial:
        case = plan(alpha)
        rows = case.filled({"ok": draw(rng)})
        full = judge_gates(case.study, rows, remedies=False)["g"]
        for replicates in range(n // 3, n):
            verdict = judge_gates(case.study, _up_to(rows, replicates), remedies=False)["g"]
            if NOT_NEEDED in verdict.notes:
                unlike = verdict.verdict is not full.verdict
                return trial_of(verdict, effect, skipped=1 - replicates / n, unlike=unlike)
        return trial_of(full, effect)

    return Cell("curtailed", shape.name, design, n, "", study)


def _up_to(rows: list[OutcomeRow], replicates: int) -> list[OutcomeRow]:
    """Return the rows as if only so many replicates had been carried out."""
    return [row if row.replicate <= replicates else replace(row, status="missing", values={}) for row in rows]
