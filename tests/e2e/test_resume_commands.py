"""The command that a summary offers does what it promises: it completes the study."""

import re
import shlex

import pytest

AGENT = """
import os
from pathlib import Path

ROOT = Path(__file__).parent.parent


def solve(style):
    with (ROOT / "calls.txt").open("a") as calls:
        calls.write(f"{style}\\n")
    if style == "b" and (ROOT / "fatal").exists():
        (ROOT / "fatal").unlink()
        os._exit(3)
    return {"output": style, "metrics": {"score": 0.9, "cost_usd": 0.01}}
"""

STUDY = """
study_id: offered
title: A study that is left incomplete
factors: [{name: style, levels: [a, b]}]
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 10}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, goal: maximize, range: [0, 1]}
"""

GATES = """gates:
  - {gate_id: high, outcome: score, claim: at_least, value: 0.5, max_attrition: 0.2}
"""


@pytest.fixture
def offered(lab):
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/offered.study.yaml", STUDY)
    return lab


def command_of(result):
    """Return the arguments of the offered command; None if there is none."""
    text = result.stdout.str()
    found = re.search(r"^  resume +pytest (.*?[^\\])$", text.replace("\\\n", "\\\n"), re.MULTILINE | re.DOTALL)
    return None if found is None else shlex.split(found[1].replace("\\\n", ""))


def own(args):
    """Leave out what the tests' own runs of pytest add."""
    return [arg for arg in args if not arg.startswith("--basetemp") and arg not in ("-p", "no:xdist")]


def done(lab, base="artifacts"):
    """Return how many runs are exported as successes."""
    return sum(row["status"] == "success" for row in lab.table("offered", "runs", base))


def test_a_selection_that_is_done_leads_to_the_rest_of_the_study(offered, mode):
    result = offered.run("studies", "-k", "not b", "--dre-output", "out")
    command = own(command_of(result))
    assert command == ["studies/offered.study.yaml", "--dre-output", "out", "--dre-resume"]
    offered.calls()
    offered.run(*command, *mode)
    assert offered.calls() == ["b"] * 10
    assert done(offered, "out") == 20


@pytest.mark.parametrize("option", ["--sw", "--stepwise-skip"])
def test_stepwise_is_left_out(offered, mode, option):
    """Runs that another failure follows, or that stepwise passes over, would never be reached."""
    solver = offered.path / "studies/solver.py"
    sound = solver.read_text()
    solver.write_text(
        sound.replace("    return {", "    if (ROOT / 'broken').exists():\n        raise ValueError\n    return {")
    )
    (offered.path / "broken").touch()
    result = offered.run("studies", option, *mode)
    assert own(command_of(result)) == ["studies", *[arg for arg in mode if arg.startswith("-n")], "--lf"]
    (offered.path / "broken").unlink()
    assert offered.run(*own(command_of(result)), *mode).ret == 0
    assert done(offered) == 20


def test_a_spent_budget_of_the_study_needs_a_larger_one(offered, mode):
    result = offered.run("studies", "--dre-limit", "max_cost_usd=0.05", *mode)
    command = own(command_of(result))
    assert command[-3:] == ["--lf", "--dre-limit", "max_cost_usd=LARGER"]
    refused = offered.run(*command)
    assert "'LARGER' does not fit" in offered.words(refused) + " ".join(refused.errlines)
    offered.run(*command[:-1], "max_cost_usd=10")
    assert done(offered) == 20
    assert len(offered.calls()) == 20


def test_a_spent_budget_of_the_session_does_not(offered):
    command = own(command_of(offered.run_here("studies", "--dre-max-cost-usd=0.15")))
    offered.run_here(*command)
    assert command[-1] == "--lf"
    assert done(offered) == 20


def test_stale_runs_that_were_held_back_are_asked_for(offered):
    offered.run_here("studies")
    offered.write("studies/solver.py", AGENT.replace("0.9", "0.8"))
    command = own(command_of(offered.run_here("studies", "--dre-rerun", "failed")))
    assert command[-2:] == ["--dre-rerun", "stale"]
    offered.run_here(*command)
    assert done(offered) == 20


def test_stale_runs_that_no_selected_gate_counts_are_run(offered):
    offered.write("studies/offered.study.yaml", STUDY + GATES)
    offered.run_here("studies")
    offered.write("studies/solver.py", AGENT.replace("0.9", "0.8"))
    command = own(command_of(offered.run_here("studies", "-k", "gate")))
    offered.run_here(*command)
    assert done(offered) == 20


def test_gates_are_judged_again_when_a_missing_run_is_made_up_for(offered):
    offered.write("studies/offered.study.yaml", STUDY + GATES)
    (offered.path / "fatal").touch()
    result = offered.run("studies", "-n2")
    assert "high: PASS" in offered.words(result)
    again = offered.run("studies", "-n2", "--lf")
    assert "high: PASS" in offered.words(again)
    again.assert_outcomes(passed=2)
    assert (offered.path / "artifacts/offered/gates.json").exists()
