"""How long gates over 10,000 runs take, from the outcome table to the verdict with its advice."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from figures import Figure

from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.analysis.variance.advice import advise
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

RUNS = 10_000
LIMIT_S = 3.0
ARMS = {"contrast": {"factor": "agent", "treatment": "new", "control": "old"}, "claim": "superior"}
LOOKS = [0.25, 0.5, 1.0]  # shares of the replicates


def measure(directory: Path, repeats: int, scale: float) -> list[Figure]:  # noqa: ARG001 - nothing is written
    """Return the seconds of one gate of each kind: judged, and its variance components taken apart."""
    count = int(RUNS * scale)
    return [_figure(f"{count:,} runs, {name}", study, rows, repeats) for name, (study, rows) in _cases(count).items()]


def _figure(name: str, study: Study, rows: list[OutcomeRow], repeats: int) -> Figure:
    taken = [_timed(lambda: advise(study, rows, {}, judge_gates(study, rows), {})) for _ in range(repeats)]
    return Figure(name, min(taken), LIMIT_S, unit="s", detail=f"worst of {repeats}: {max(taken):.2f} s")


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _cases(count: int) -> dict[str, tuple[Study, list[OutcomeRow]]]:
    half = count // 2
    looks = [max(1, round(half * share)) for share in LOOKS]
    one = _rows(half, problems=1)
    return {
        "a number": (_study("number", ARMS, half), one),
        "a bounded number": (_study("share", ARMS, half), one),
        "true or false": (_study("ok", ARMS, half), one),
        "a quantile": (_study("number", {**ARMS, "statistic": "p95"}, half), one),
        "100 problems": (_study("number", ARMS, half // 100), _rows(half // 100, problems=100)),
        "pass@5 of 100 problems": (_study("ok", {**ARMS, "statistic": "pass@5"}, half // 100), _rows(half // 100, 100)),
        "a number at three looks": (_study("number", {**ARMS, "sequential": {"looks": looks}}, half), one),
        "a bounded number at three looks": (_study("share", {**ARMS, "sequential": {"looks": looks}}, half), one),
    }


def _study(outcome: str, gate: dict[str, Any], replicates: int) -> Study:
    common = {"source_table": "runs", "aggregation": "mean", "goal": "maximize"}
    return Study.model_validate(
        {
            "study_id": "measured",
            "title": "A gate over many runs",
            "agent_specs": ["new", "old"],
            "run_budget": {"replicates": replicates},
            "outcomes": [
                {"name": "number", "column": "number", "primary": True, **common},
                {"name": "share", "column": "share", "range": [0, 1], **common},
                {"name": "ok", "column": "ok", "expected_type": "boolean", **common},
            ],
            "gates": [{"gate_id": "g", "outcome": outcome, **gate}],
        }
    )


def _rows(replicates: int, problems: int) -> list[OutcomeRow]:
    """Return runs of two agents, alike but for chance."""
    rng = np.random.default_rng(1)
    return [
        OutcomeRow(
            run_id=f"{agent}-{problem}-{replicate}",
            condition_id="c",
            factors={},
            blocks={},
            agent_id=agent,
            problem_id=f"p{problem}" if problems > 1 else None,
            replicate=replicate,
            seed=int(seed),
            status="success",
            values={"number": float(number), "share": float(share), "ok": float(share > 0.5)},
        )
        for agent in ("new", "old")
        for problem in range(problems)
        for replicate, (seed, number, share) in enumerate(
            zip(rng.integers(0, 2**31, replicates), rng.normal(size=replicates), rng.random(replicates), strict=True), 1
        )
    ]
