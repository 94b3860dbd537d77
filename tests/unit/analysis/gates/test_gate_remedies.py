"""What would settle a gate that was left open: the numbers agree with plans, and claim no more than data do."""

import re
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.analysis.power.gates import gate_powers
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
COMMON = {"seed_policy": {"strategy": "common_random_numbers"}}
ALIKE = ", if all are like those so far"
AGAINST = "; the estimate speaks against the claim"
AT_MARGIN = "the estimate is at the margin: more than 10,000 replicates would be needed"
WHATEVER = "more replicates, whatever they show"


def gate(claim: str, outcome: str = "score", **more: Any) -> dict[str, Any]:
    arms = {"where": {"agent": "new"}} if claim.startswith("at_") else {"contrast": CONTRAST}
    return {"gate_id": "g", "claim": claim, "outcome": outcome, **arms, **more}


def judge(study: Study, rows: list[OutcomeRow]) -> GateVerdict:
    verdict = judge_gates(study, rows)["g"]
    assert verdict.verdict == "inconclusive"
    return verdict


def more_in(remedy: str) -> int:
    found = re.match(r"(?:about|at least) ([\d,]+) more ", remedy)
    assert found, remedy
    return int(found[1].replace(",", ""))


def ones(count: int, of: int) -> list[float]:
    return [1.0] * count + [0.0] * (of - count)


@pytest.fixture
def problems(rows: Any) -> Any:
    """Return runs of some problems, of both agents; `value` tells those of an agent and problem."""

    def of(outcome: str, count: int, value: Any, tries: int = 3) -> list[OutcomeRow]:
        return [
            row
            for index in range(count)
            for row in rows(
                outcome,
                {agent: [float(value(agent, index))] * tries for agent in ("new", "old")},
                problem=f"p{index:03}",
            )
        ]

    return of


@pytest.mark.parametrize(
    ("claim", "values", "remedy"),
    [
        (gate("at_least", "ok", value=0.9), [1.0] * 20, f"at least 9 more replicates{ALIKE}"),  # 0.9^29 < 0.05
        (gate("at_most", "ok", value=0.1), [0.0] * 20, f"at least 9 more replicates{ALIKE}"),
        (gate("at_least", "ok", value=0.9), [1.0] * 28, f"at least 1 more replicate{ALIKE}"),
        (gate("at_least", "ok", value=0.99999), [1.0] * 20, "more than 10,000 replicates would be needed"),
        (gate("at_least", "ok", value=0.5), ones(10, 20), AT_MARGIN),
        (gate("at_least", "ok", value=0.9), [1.0] * 3, f"at least 26 {WHATEVER}"),
        (gate("at_most", "cost", statistic="p99", value=5), [1.0] * 100, f"at least 199 more replicates{ALIKE}"),
        (gate("at_most", "cost", statistic="p95", value=5), [1.0] * 2, f"at least 57 {WHATEVER}"),
        (gate("at_most", "cost", statistic="p95", value=5), [1.0] * 19 + [9.0], AT_MARGIN),
        (gate("at_least", "ok", statistic="pass^3", value=0.5), [1.0] * 6, f"at least 7 more replicates{ALIKE}"),
    ],
)  # fmt: skip
def test_shares_of_runs(study: Any, rows: Any, claim: dict[str, Any], values: list[float], remedy: str) -> None:
    assert judge(study(claim), rows(claim["outcome"], {"new": values})).remedy == remedy


def test_shares_between_have_eighty_percent_power(study: Any, rows: Any) -> None:
    """A'Hern (2001), "Sample size tables for exact single-stage phase II designs": 35 runs for 0.2 against 0.4."""
    found = judge(study(gate("at_least", "ok", value=0.2)), rows("ok", {"new": ones(4, 10)}))
    assert found.remedy == "about 25 more replicates for 80 % power"
    less = judge(study(gate("at_least", "ok", value=0.5)), rows("ok", {"new": ones(4, 10)}))
    assert less.remedy.endswith(f"for 80 % power{AGAINST}")
    tries = judge(study(gate("at_least", "ok", statistic="pass@3", value=0.95)), rows("ok", {"new": ones(6, 8)}))
    assert more_in(tries.remedy) == pytest.approx(91, abs=5)  # 0.75 against 0.63 of one try
    slow = judge(
        study(gate("at_most", "cost", statistic="p95", value=5)), rows("cost", {"new": [1.0] * 92 + [9.0] * 8})
    )
    assert slow.remedy.endswith(AGAINST)


@pytest.mark.parametrize("outcome", ["ok", "score"])
@pytest.mark.parametrize(("value", "count"), [(0.9, 9), (0.95, 20), (0.999, 30)])
def test_bets_of_which_all_succeed_need_what_the_plan_says(
    study: Any, problems: Any, outcome: str, value: float, count: int
) -> None:
    made = study(gate("at_least", outcome, value=value))
    data = problems(outcome, count, lambda agent, index: 1)
    found = judge(made, data)
    (planned,) = gate_powers(made, data)
    assert planned.least is not None
    assert found.remedy == f"at least {planned.least - count:,} more problems{ALIKE}"


def test_bets_need_what_gives_eighty_percent_power(study: Any, problems: Any) -> None:
    rng = np.random.default_rng(1)
    made = study(gate("superior"))
    values = rng.random((2, 300))

    def of(agent: str, index: int) -> float:
        return 0.5 * values[int(agent == "old"), index % 20] + 0.1 * (agent == "new")

    found = judge(made, problems("score", 20, of))
    more = more_in(found.remedy)
    assert found.remedy == f"about {more} more problems for 80 % power"
    assert found == judge(made, problems("score", 20, of)), "the same every time"
    passes = 0
    for _ in range(100):
        drawn = rng.integers(0, 20, 20 + more)
        data = problems("score", 20 + more, lambda agent, index, drawn=drawn: of(agent, int(drawn[index])))
        passes += judge_gates(made, data, remedies=False)["g"].verdict == "pass"
    assert 65 <= passes <= 95


def test_few_units_tell_no_more_than_what_is_possible(study: Any, problems: Any) -> None:
    made = study(gate("superior"))
    data = problems("score", 2, lambda agent, index: 0.9 - index / 10 if agent == "new" else 0.1)
    (planned,) = gate_powers(made, data)
    assert judge(made, data).remedy == f"at least {(planned.least or 0) - 2} more problems, whatever they show"


@pytest.mark.parametrize("paired", [True, False])
def test_two_arms_without_a_failure(study: Any, rows: Any, paired: bool) -> None:
    made = study(gate("non_inferior", "ok", margin=0.1), **(COMMON if paired else {}))
    found = judge(made, rows("ok", {"new": [1.0] * 20, "old": [1.0] * 20}, shared=paired))
    more = more_in(found.remedy)
    assert found.remedy == f"at least {more} more replicates an arm{ALIKE}"
    enough = rows("ok", {agent: [1.0] * (20 + more) for agent in ("new", "old")}, shared=paired)
    assert judge_gates(made, enough)["g"].verdict == "pass"
    short = rows("ok", {agent: [1.0] * (19 + more) for agent in ("new", "old")}, shared=paired)
    judge(made, short)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("margin", [0.0, "5%"])
def test_two_arms_with_failures(study: Any, rows: Any, paired: bool, margin: float | str) -> None:
    made = study(gate("superior", "ok", margin=margin), **(COMMON if paired else {}))
    found = judge(made, rows("ok", {"new": ones(15, 20), "old": ones(12, 20)}, shared=paired))
    assert found.remedy.endswith("more replicates an arm for 80 % power")
    factor = (20 + more_in(found.remedy)) / 20
    values = {"new": ones(round(15 * factor), round(20 * factor)), "old": ones(round(12 * factor), round(20 * factor))}
    assert judge_gates(made, rows("ok", values, shared=paired))["g"].verdict == "pass", "what is like it passes surely"


def test_two_quantiles(study: Any, rows: Any) -> None:
    rng = np.random.default_rng(2)
    values = {"new": rng.random(30).tolist(), "old": (rng.random(30) + 0.5).tolist()}
    tail = study(gate("superior", "cost", statistic="p95"))
    (planned,) = gate_powers(tail, rows("cost", values))
    assert planned.least == 72
    assert judge(tail, rows("cost", values)).remedy == "at least 42 more replicates an arm, whatever they show"
    near = {"new": values["new"], "old": (rng.random(30) + 0.15).tolist()}
    found = judge(study(gate("superior", "cost", statistic="median")), rows("cost", near))
    assert found.remedy.endswith("more replicates an arm for 80 % power")
    swapped = {"new": near["old"], "old": near["new"]}
    contrary = judge(study(gate("superior", "cost", statistic="median")), rows("cost", swapped))
    assert contrary.remedy == f"{found.remedy}{AGAINST}"


def test_too_few_units_for_an_approximate_method_count_what_a_quantile_needs(study: Any, rows: Any) -> None:
    made = study(gate("at_most", "cost", statistic="p95", value=5), **COMMON)
    data = [row for style in (1, 2) for row in rows("cost", {"new": [1.0] * 3}, style=style, shared=True)]
    found = judge(made, data)
    assert found.reason.endswith("min_pairs is 10")
    assert more_in(found.remedy) == 27  # 59 runs are 30 replicates of two strata


def test_numbers_of_t_tests_allow_for_their_tails(study: Any, rows: Any) -> None:
    values = {"new": [-1.5, -1.0, -0.5, 0.0, 0.5] * 2, "old": [-1.0, -0.5, 0.0, 0.5, 1.0] * 2}
    (planned,) = gate_powers(
        study(
            gate("superior", "cost", hypothesis="h"),
            hypotheses=[
                {
                    "hypothesis_id": "h",
                    "label": "l",
                    "statement": "s",
                    "dependent_vars": ["cost"],
                    "minimum_effect_of_interest": 0.5,
                }
            ],
        ),
        rows("cost", values),
    )
    assert planned.needed is not None
    assert planned.needed.count is not None
    found = judge(study(gate("superior", "cost")), rows("cost", values))
    assert 10 + more_in(found.remedy) == pytest.approx(planned.needed.count, rel=0.05)


@pytest.mark.parametrize(
    ("claim", "outcome", "more"),
    [
        ("superior", "score", {"margin": 0.001}),
        ("equivalent", "score", {"margin": 0.01, "anytime": True}),
        ("superior", "ok", {}),
        ("at_most", "cost", {"statistic": "p99", "value": 0.99}),
    ],
)
def test_ten_thousand_runs_are_judged_in_time(study: Any, rows: Any, claim: str, outcome: str, more: Any) -> None:
    rng = np.random.default_rng(3)
    values = {agent: rng.random(5000) for agent in ("new", "old")}
    found = {agent: (drawn < 0.5).astype(float) if outcome == "ok" else drawn for agent, drawn in values.items()}
    data = rows(outcome, {agent: drawn.tolist() for agent, drawn in found.items()})
    start = time.perf_counter()
    judge_gates(study(gate(claim, outcome, **more)), data)
    assert time.perf_counter() - start < 3


def test_gates_are_judged_without_importing_scipy_stats() -> None:
    code = "import sys; import pytest_dre.analysis.gates.judging; assert 'scipy.stats' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
