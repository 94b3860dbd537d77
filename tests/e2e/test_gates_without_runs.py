"""Where no run is started, results of an agent that has changed since are not taken for those of now."""

import json
import subprocess
import sys

import pytest

from pytest_dre import judge_gates
from pytest_dre.cli import main
from pytest_dre.model.verdicts import Verdict

AGENT = """
from pathlib import Path


def solve():
    if (Path(__file__).parent.parent / "slow").exists():
        import time

        time.sleep(60)
    return {"output": "", "metrics": {"score": 0.9}}
"""

STUDY = """
study_id: current
title: A study whose agent changes
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 20}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, goal: maximize, range: [0, 1]}
gates:
  - {gate_id: high, outcome: score, claim: at_least, value: 0.5}
"""


@pytest.fixture
def changed(lab):
    """A laboratory whose gate has passed, and whose agent is another one now."""
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/current.study.yaml", STUDY)
    lab.run_here("studies").assert_outcomes(passed=21)
    lab.write("studies/solver.py", AGENT.replace("0.9", "0.0"))
    return lab


def test_gates_alone_do_not_judge_what_another_agent_did(changed, mode):
    result = changed.run("studies", "-k", "gate", *mode)
    result.assert_outcomes(failed=1)
    assert "INCONCLUSIVE" in changed.words(result)
    assert "20 of 20 runs are stale" in changed.words(result)
    assert "--dre-rerun stale" in changed.words(result)
    assert changed.manifest("current")["stale_runs"] == 20
    assert changed.table("current", "runs") == []
    verdicts = json.loads((changed.path / "artifacts/current/gates.json").read_text())
    assert [item["verdict"] for item in verdicts] == ["inconclusive"]


def test_a_gate_that_failed_before_is_judged_by_the_agent_of_now(lab, mode):
    lab.write("studies/solver.py", AGENT.replace("0.9", "0.1"))
    lab.write("studies/current.study.yaml", STUDY)
    lab.run("studies", *mode).assert_outcomes(passed=20, failed=1)
    lab.write("studies/solver.py", AGENT)
    result = lab.run("studies", "--lf", *mode)
    result.assert_outcomes(failed=1)
    assert "20 of 20 runs are stale" in lab.words(result), "they are of the agent before"
    lab.run("studies", "--dre-resume", *mode).assert_outcomes(passed=21)


def test_stale_results_are_judged_if_asked_for(changed, mode):
    changed.run("studies", "-k", "gate", "--dre-allow-stale", *mode).assert_outcomes(passed=1)


def test_no_baseline_is_saved_of_another_agent(changed, mode):
    result = changed.run("studies", "-k", "gate", "--dre-save-baseline=x", *mode)
    assert "of its 20 runs 20 stale" in changed.words(result)
    assert result.ret == 1
    assert not list(changed.path.glob(".dre/baselines/**/*.json"))


def test_the_api_judges_by_the_agent_of_now(changed):
    study = changed.path / "studies/current.study.yaml"
    assert judge_gates(study)["high"].verdict is Verdict.INCONCLUSIVE
    assert judge_gates(study, allow_stale=True)["high"].verdict is Verdict.PASS
    changed.write("studies/solver.py", AGENT)
    assert judge_gates(study)["high"].verdict is Verdict.PASS


def test_the_command_says_that_agents_were_not_looked_at(changed, capsys):
    assert main(["export", "studies/current.study.yaml"]) == 0
    assert "as the last session found them" in " ".join(capsys.readouterr().out.split())


def test_gates_are_not_judged_while_another_session_runs_the_study(changed, mode):
    (changed.path / "slow").touch()
    changed.write("studies/solver.py", AGENT.replace("0.9", "0.8"))
    args = [sys.executable, "-m", "pytest", "studies", "-q", "-p", "no:cacheprovider"]
    with subprocess.Popen(args, cwd=changed.path, stdout=subprocess.DEVNULL) as running:
        try:
            while not list(changed.path.glob("artifacts/current/.store.session-*.main.*")):
                assert running.poll() is None
            result = changed.run("studies", "-k", "gate", *mode)
        finally:
            running.kill()
    result.assert_outcomes(failed=1)
    assert "is being run by pid" in changed.words(result)
