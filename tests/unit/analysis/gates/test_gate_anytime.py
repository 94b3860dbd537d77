"""Gates whose verdicts hold however often one looks while replicates are added."""

from typing import Any

import numpy as np
import pytest

from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.model.verdicts import OutcomeRow, Verdict

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
MOST = 40  # replicates, looked at from 5 on


def gate(claim: str, outcome: str, **more: Any) -> dict[str, Any]:
    arms = {} if claim.startswith("at_") else {"contrast": CONTRAST}
    return {"gate_id": "g", "claim": claim, "outcome": outcome, **arms, **more}


def up_to(data: list[OutcomeRow], replicates: int) -> list[OutcomeRow]:
    return [row for row in data if row.replicate <= replicates]


def looks_that_pass(study: Any, data: list[OutcomeRow]) -> list[int]:
    verdicts = {n: judge_gates(study, up_to(data, n), remedies=False)["g"] for n in range(5, MOST + 1, 5)}
    return [n for n, verdict in verdicts.items() if verdict.verdict is Verdict.PASS]


def wrong_passes(study: Any, rows: Any, outcome: str, studies: int, *, anytime: bool) -> int:
    """Return how many studies exactly at the margin pass at one of eight looks at least."""
    found = study(gate("at_least", outcome, value=0.5, alpha=0.1, anytime=anytime))
    rng, wrong = np.random.default_rng(3), 0
    for _ in range(studies):
        values = rng.integers(0, 2, MOST).astype(float) if outcome == "ok" else rng.beta(0.5, 0.5, MOST)
        wrong += bool(looks_that_pass(found, rows(outcome, {"new": values.tolist()})))
    return wrong


@pytest.mark.parametrize("outcome", ["ok", "score"])
def test_looking_again_and_again_passes_no_more_often(outcome: str, study: Any, rows: Any) -> None:
    assert wrong_passes(study, rows, outcome, 50, anytime=True) <= 11  # 5 at the most; 12 or more have 0.3 %


def test_without_it_looking_again_passes_more_often(study: Any, rows: Any) -> None:
    assert wrong_passes(study, rows, "ok", 300, anytime=False) > 45  # 30 are what alpha promises


def test_clear_effects_pass_and_fail(study: Any, rows: Any) -> None:
    data = rows("ok", {"new": [1.0] * 40, "old": [0.0, 0.0, 1.0, 0.0] * 10})
    better = judge_gates(study(gate("superior", "ok", anytime=True)), data)["g"]
    assert (better.verdict, better.method, better.approximate) == (Verdict.PASS, "betting (anytime)", False)
    assert better.n == 40
    assert better.low is not None
    assert 0 < better.low < 0.75 == better.estimate
    worse = gate("superior", "ok", anytime=True, contrast={**CONTRAST, "treatment": "old", "control": "new"})
    assert judge_gates(study(worse), data)["g"].verdict is Verdict.FAIL


def test_the_order_of_replicates_does_not_matter(study: Any, rows: Any) -> None:
    found = study(gate("at_least", "score", value=0.4, anytime=True))
    values = np.random.default_rng(5).beta(4, 2, 30)
    verdicts = {judge_gates(found, rows("score", {"new": list(some)}))["g"].low for some in (values, values[::-1])}
    (one, *others) = verdicts
    assert all(other == pytest.approx(one) for other in others)
