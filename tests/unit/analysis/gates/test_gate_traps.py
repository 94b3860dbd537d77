"""Data on which a verdict could claim more than they say."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow, Verdict

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
COMMON = {"seed_policy": {"strategy": "common_random_numbers"}}
Rows = list[OutcomeRow]


def gate(claim: str, outcome: str = "score", **more: Any) -> dict[str, Any]:
    arms = {} if claim.startswith("at_") else {"contrast": CONTRAST}
    return {"gate_id": "g", "claim": claim, "outcome": outcome, **arms, **more}


def judged(study: Any, data: Rows) -> GateVerdict:
    return judge_gates(study, data, remedies=False)["g"]


def test_names_that_tell_how_hard_a_problem_is_prove_nothing(study: Any, rows: Any) -> None:
    """Bets are placed problem after problem; in the order of names, the easy ones alone would win them."""
    claims = {
        "two arms": study(gate("superior")),
        "one arm": study(gate("at_least", value=0.5)),
    }
    for name, found in claims.items():
        rng, wrong = np.random.default_rng(7), 0
        for _ in range(60):
            data: Rows = []
            for number in range(40):
                easy = rng.random() < 0.5
                shift, noise = (0.4 if easy else -0.4), rng.normal(0, 0.03, 2)
                value, other = (0.5 + shift / 2 + noise[0], 0.5 - shift / 2 + noise[1])
                agents = {"new": [value], "old": [other]} if name == "two arms" else {"new": [value]}
                data += rows("score", agents, problem=f"{'easy' if easy else 'hard'}-{number:02}")
            wrong += judged(found, data).verdict is Verdict.PASS
        assert wrong <= 7, name  # 3 expected at the most; 8 or more have a chance of 1 %


def test_a_percentage_of_a_quantile_needs_that_quantile_to_be_positive(study: Any, rows: Any) -> None:
    found = study(gate("non_inferior", "cost", statistic="p25", margin="10%"))
    base = [-10.0] * 30 + [100.0] * 15  # their mean is positive
    data = rows("cost", {"new": [value + 1e-3 * i for i, value in enumerate(base)], "old": base})
    verdict = judged(found, data)
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert verdict.reason == "a margin in percent of the control's p25 means nothing where that is -10"


@pytest.mark.parametrize("claim", ["superior", "at_least"])
def test_skipped_runs_are_no_evidence(claim: str, study: Any, rows: Any) -> None:
    found = study(gate(claim, value=0.1) if claim == "at_least" else gate(claim))
    data = rows("score", {"new": [0.9] * 30, **({"old": [0.1] * 30} if claim == "superior" else {})})
    assert judged(found, data).verdict is Verdict.PASS
    skipped = [replace(row, status="skipped", values={}) if row.replicate > 15 else row for row in data]
    verdict = judged(found, skipped)
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert verdict.reason == f"{len(data) // 2} of {len(data)} runs were skipped"
    assert verdict.remedy == "remove the skip, or leave such runs out by the gate's 'where'"


@pytest.mark.parametrize("margin", [0.05, 0.1, 0.2, 0.3])
def test_rounding_is_no_variance(margin: float, study: Any, rows: Any) -> None:
    """All pairs differ by the margin itself: the claim, that they differ by less, is not shown."""
    rng = random.Random(1)
    old = [round(rng.random(), 2) for _ in range(12)]
    data = rows("cost", {"new": [value + margin for value in old], "old": old}, shared=True)
    verdict = judged(study(gate("non_inferior", "cost", margin=margin), **COMMON), data)
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert judged(study(gate("non_inferior", "cost", margin=1.01 * margin), **COMMON), data).verdict is Verdict.PASS
    assert judged(study(gate("non_inferior", "cost", margin=0.99 * margin), **COMMON), data).verdict is Verdict.FAIL


def test_equal_values_but_for_rounding_vary_as_equal_ones(study: Any, rows: Any) -> None:
    arms = {"new": [0.1 + 0.2, 0.3] * 10, "old": [0.3] * 20}
    assert arms["new"][0] != arms["new"][1]
    assert judged(study(gate("superior", "cost")), rows("cost", arms)).verdict is Verdict.INCONCLUSIVE


def test_a_comparison_without_anything_to_compare_with_is_not_judged(study: Any, rows: Any) -> None:
    alone = {"gate_id": "g", "claim": "superior", "outcome": "score"}
    verdict = judged(study(alone), rows("score", {"new": [0.9] * 20, "old": [0.1] * 20}))
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert verdict.reason == "the claim superior compares, but the gate names nothing to compare with"
