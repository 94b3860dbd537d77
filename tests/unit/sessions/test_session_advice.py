"""Verdicts with advice, and the money it is about."""

from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow, Verdict
from pytest_dre.sessions.advice import Purse, advised, ungated

OUTCOME = {"name": "score", "source_table": "runs", "column": "score", "aggregation": "mean", "primary": True}


def study(*gates):
    return Study.model_validate({"study_id": "s", "title": "t", "outcomes": [OUTCOME], "gates": gates})


def rows():
    """Return runs of twelve problems, which differ more than their replicates."""
    return [
        OutcomeRow(f"p{p}r{r}", "c", {}, {}, "a", f"p{p}", r, 10 * p + r, "success", values={"score": p + 0.01 * r})
        for p in range(12)
        for r in (1, 2)
    ]


def result(row, cost):
    return RunResult(
        study_id="s",
        condition_id="c",
        run_id=row.run_id,
        replicate=row.replicate,
        agent_id="a",
        problem_id=row.problem_id,
        seed=row.seed,
        status=RunStatus.SUCCESS,
        metrics={"cost_usd": cost},
        latency_s=1.0,
        lost_usd=0.01,
        lost_s=0.5,
    )


def test_an_inconclusive_gate_gains_the_better_buy_and_what_it_costs():
    made = study({"gate_id": "g", "outcome": "score", "claim": "at_least", "value": 5.0})
    purse = Purse()
    assert len(list(purse.watched(result(row, 0.02) for row in rows()))) == 24
    verdict = GateVerdict("g", Verdict.INCONCLUSIVE, "claim", estimate=5.5, low=3.0, high=8.0, remedy="more problems")
    found = advised(made, rows(), {}, {"g": verdict}, purse)["g"]
    assert found.remedy.startswith("more problems; rather problems than replicates")
    assert [(item.what, item.runs) for item in found.advice.options] == [("replicates", 24), ("problems", 24)]
    assert {round(item.cost_usd, 9) for item in found.advice.options} == {0.72}, "failed attempts cost too"
    assert {round(item.seconds, 9) for item in found.advice.options} == {36.0}
    passed = GateVerdict("g", Verdict.PASS, "claim", estimate=5.5, low=3.0, high=8.0)
    assert advised(made, rows(), {}, {"g": passed}, purse)["g"].remedy == ""


def test_a_verdict_without_an_estimate_is_left_as_it_is():
    made = study({"gate_id": "g", "outcome": "score", "claim": "at_least", "value": 5.0})
    blank = GateVerdict("g", Verdict.INCONCLUSIVE, "claim", reason="why", remedy="do that")
    assert advised(made, rows(), {}, {"g": blank}, Purse())["g"] == blank


def test_outcomes_without_gates_are_read_only_if_there_are_any():
    (found,) = ungated(study(), rows)
    assert found.outcome == "score"
    gated = study({"gate_id": "g", "outcome": "score", "claim": "at_least", "value": 5.0})
    assert ungated(gated, lambda: 1 / 0) == []
    assert ungated(study(), list) == []
