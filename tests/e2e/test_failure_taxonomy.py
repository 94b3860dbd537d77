"""Each kind of failure has its name, in tables, summary and manifest."""

import pytest

AGENT = """
import os
import time


def agent(kind):
    if kind == "agent_error":
        raise ValueError("no")
    if kind == "dependency_missing":
        import a_module_that_nobody_has
    if kind == "timeout":
        time.sleep(60)
    if kind == "evaluation_error":
        return {"output": {"x": "bad"}}
    if kind == "invalid_output":
        return {"output": {"x": 1}, "metrics": {"score": "high"}}
    return {"output": {"x": 1}, "metrics": {"score": 1.5}}


def problem():
    def evaluate(x):
        return {"doubled": x + 1}
    return {"brief": "b", "evaluator": evaluate}
"""

STUDY = """
study_id: kinds
title: T
factors: [{name: kind, levels: [fine, agent_error, dependency_missing, timeout, evaluation_error, invalid_output]}]
agents: {a: "./kinds.py:agent"}
problems: {p: "./kinds.py:problem"}
limits: {timeout_s: 1}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, missing_data_policy: fail}
"""

KINDS = ("agent_error", "dependency_missing", "evaluation_error", "invalid_output", "timeout")


@pytest.fixture
def kinds(lab):
    lab.write("studies/kinds.py", AGENT)
    lab.write("studies/kinds.study.yaml", STUDY)
    return lab


def test_each_failure_is_named(kinds, mode):
    result = kinds.run("studies", *mode)
    result.assert_outcomes(passed=1, failed=5)
    rows = kinds.table("kinds", "runs")
    assert sorted(row["status_reason"] for row in rows) == ["", *KINDS]
    manifest = kinds.manifest("kinds")
    assert manifest["failure_reasons"] == dict.fromkeys(KINDS, 1)
    assert sorted(item["reason"] for item in manifest["failures"]) == list(KINDS)
    assert {item["agent_id"] for item in manifest["failures"]} == {"a"}
    output = " ".join(result.stdout.str().split())
    assert "the outcome 'score' is 'high', no number" in output
    for kind in KINDS[:3]:
        assert f"{kind} 1: kind = {kind}" in output
    assert "… 2 more reasons (2 runs)" in output


def test_a_missing_outcome_is_never_a_zero(kinds):
    study = STUDY.replace("missing_data_policy: fail", "missing_data_policy: {}, goal: maximize, range: [0, 10]")
    for policy, counted in (("drop", {"imputed": 0, "value": None}), ("worst", {"imputed": 5, "value": 0.0})):
        kinds.write("studies/kinds.study.yaml", study.replace("policy: {}", f"policy: {policy}"))
        kinds.run_here("studies").assert_outcomes(passed=2, failed=4)
        found = kinds.manifest("kinds")["missing_outcomes"]["score"]
        assert found == {"policy": policy, "missing": 5, **counted}


def test_an_interrupted_run_is_missing_with_its_reason(lab):
    lab.write(
        "studies/stop.py", "def stop(number):\n    if number == 1:\n        raise KeyboardInterrupt\n    return 1\n"
    )
    lab.write(
        "studies/stop.study.yaml",
        """
        study_id: stop
        title: T
        factors: [{name: number, levels: [0, 1, 2]}]
        agents: {stop: "./stop.py:stop"}
        """,
    )
    result = lab.pytester.runpytest_subprocess("studies", "-p", "no:xdist", timeout=60)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    manifest = lab.manifest("stop")
    assert manifest["missing_reasons"] == {"interrupted": 1, "not_started": 1}
    assert manifest["failed_runs"] == 0
    assert "2 missing (interrupted 1, not started 1)" in lab.words(result)
