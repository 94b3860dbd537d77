"""Plans say what gates and hypotheses can show, before anything is spent."""

import pytest

AGENT = """
import random


def solve(style):
    base = {"good": 0.8, "bad": 0.5}[style]
    return {"output": style, "metrics": {"score": base + random.uniform(-0.1, 0.1), "ok": random.random() < base}}
"""

STUDY = """
study_id: powerful
title: T
factors: [{name: style, levels: [good, bad]}]
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 20}
limits: {expected: {outcomes: {score: {sd: 0.2}}}}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, goal: maximize}
  - {name: ok, source_table: runs, column: ok, aggregation: mean, goal: maximize, expected_type: boolean}
hypotheses:
  - hypothesis_id: h1
    label: l
    statement: s
    independent_vars: [style]
    dependent_vars: [score]
    contrast: {left: good, right: bad}
analysis_plans:
  - {analysis_plan_id: p, hypothesis_ids: [h1], tests: [t]}
gates:
  - {gate_id: better, outcome: score, contrast: {factor: style, treatment: good, control: bad}, claim: superior}
  - {gate_id: feasible, outcome: ok, claim: at_least, value: 0.95, where: {style: good}, alpha: 0.1}
"""

COMMAND = "from pytest_dre.cli import main; main(['plan', 'studies/powerful.study.yaml'])"


@pytest.fixture
def powerful(lab):
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/powerful.study.yaml", STUDY)
    return lab


def test_the_plan_says_what_can_be_shown_and_what_cannot_pass(powerful, mode):
    result = powerful.run("studies", "--dre-plan", "-v", *mode)
    assert result.ret == 0
    said = powerful.words(result)
    assert "feasible: cannot pass with 20 runs: needs at least 59, whatever they show" in said
    assert "better: 80 % power to pass from a difference of 0.182 up" in said
    assert "(n = 20 runs an arm, sd of a run 0.2 from limits.expected, simulated)" in said
    assert "h1 by t on score: 80 % power from d = 0.909, 0.182" in said


def test_a_pilot_takes_the_place_of_what_was_expected(powerful, mode):
    powerful.run("studies", "-k", "r1 or r2 or r3", *mode)
    said = powerful.words(powerful.run("studies", "--dre-plan", "-v", *mode))
    assert "limits.expected" not in said.partition("power ")[2]
    assert "from 28 stored runs" in said  # replicates 1, 2, 3, 20, and 10 to 19 of both arms


def test_the_figures_are_those_of_the_command(powerful, mode):
    planned = powerful.run("studies", "--dre-plan", "-v", *mode)
    commanded = powerful.pytester.runpython_c(COMMAND)
    assert commanded.ret == 0
    sections = [
        powerful.words(result).partition(" power ")[2].partition("style good")[0] for result in (planned, commanded)
    ]
    assert "80 % power" in sections[0]
    assert sections[0].strip() == sections[1].strip()


def test_a_mistake_in_what_is_expected_has_its_place(powerful):
    powerful.write("studies/powerful.study.yaml", STUDY.replace("outcomes: {score: ", "outcomes: {scor: "))
    result = powerful.run_here("studies", "--dre-plan")
    assert "powerful.study.yaml:6:" in result.stdout.str()
    assert "did you mean 'score'?" in powerful.words(result)


def test_a_damaged_store_tells_nothing(powerful):
    powerful.write("artifacts/powerful/store.sqlite", "no database")
    result = powerful.run_here("studies", "--dre-plan", "-v")
    assert result.ret == 0
    assert "from limits.expected, simulated" in powerful.words(result)
