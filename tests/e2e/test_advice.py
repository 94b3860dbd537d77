"""Advice under --dre-explain: where the variance comes from, and what more runs would do and cost."""

import json

import pytest

AGENT = """
import os, random


def solve(problem, style):
    hardness = int(problem.brief[1:]) / 20
    answer = random.Random(f"{problem.brief}{style}").uniform(-0.1, 0.1)
    metrics = {"effort": hardness + answer + (style == "rich") * 0.1 + random.uniform(-0.05, 0.05)}
    if "FREE" not in os.environ:
        metrics["cost_usd"] = 0.01
    return {"output": style, "metrics": metrics}


def packet(number):
    return {"brief": f"p{number}"}
"""

STUDY = """
study_id: advised
title: A study with a gate
factors: [{name: style, levels: [rich, plain]}]
agents: {solver: "./solver.py:solve"}
PROBLEMS
run_budget: {replicates: 4}
outcomes:
  - {name: effort, source_table: runs, column: effort, aggregation: mean, primary: true, goal: maximize}
gates:
  - gate_id: better
    outcome: effort
    contrast: {factor: style, treatment: rich, control: plain}
    claim: superior
    margin: 0.1
"""

MANY = (
    "problems: {" + ", ".join(f'p{n}: {{ref: "./solver.py:packet", params: {{number: {n}}}}}' for n in range(12)) + "}"
)
ONE = 'problems: {p1: {ref: "./solver.py:packet", params: {number: 1}}}'


@pytest.fixture
def advised(lab):
    """Writes a study of some problems, with text of its own replaced."""

    def write(problems=MANY, **changes):
        lab.write("studies/solver.py", AGENT)
        text = STUDY.replace("PROBLEMS", problems)
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        lab.write("studies/advised.study.yaml", text)
        return lab

    return write


def advice(lab):
    (gate,) = json.loads((lab.path / "artifacts/advised/gates.json").read_text())
    return gate["advice"]


def test_explained_verdicts_tell_what_limits_them_and_what_more_would_cost(advised, mode):
    lab = advised()
    words = lab.words(lab.run("studies", "--dre-explain", *mode))
    assert "Of the variance of effort, " in words
    assert "between problems, " in words
    assert "in how problems respond to the arms, " in words
    assert "between replicates of a problem (ICC 0." in words
    assert "Twice the replicates would narrow the interval by about " in words
    assert "twice the problems by about 33 %; each about +$0.96 (96 more runs)." in words
    found = advice(lab)
    assert list(found["components"]) == ["condition", "problem", "problem_by_arm", "replicate"]
    assert [(item["what"], item["runs"], round(item["cost_usd"], 6)) for item in found["options"]] == [
        ("replicates", 96, 0.96),
        ("problems", 96, 0.96),
    ]


def test_without_explain_the_summary_stays_short_but_the_remedy_tells_the_better_buy(advised, mode):
    lab = advised()
    result = lab.run("studies", *mode)
    words = lab.words(result)
    assert "Of the variance" not in words
    assert "rather problems than replicates: twice the replicates would narrow the interval by" in words
    assert "Traceback" not in words


def test_advice_is_the_same_in_every_mode(advised):
    lab = advised()
    seen = []
    for mode in (("-p", "no:xdist"), ("-n0",), ("-n2",)):
        lab.run("studies", *mode)
        seen.append((lab.path / "artifacts/advised/gates.json").read_bytes())
    assert seen[0] == seen[1] == seen[2]
    assert advice(lab)["icc"] > 0.5


def test_without_a_recorded_cost_time_is_told(advised, mode, monkeypatch):
    monkeypatch.setenv("FREE", "1")
    lab = advised()
    words = lab.words(lab.run("studies", "--dre-explain", *mode))
    assert "each for 96 more runs (about +" in words
    assert "of run time; no cost recorded)." in words
    assert {item["cost_usd"] for item in advice(lab)["options"]} == {None}


def test_one_problem_says_nothing_of_others(advised, mode):
    lab = advised(ONE, **{"replicates: 4": "replicates: 12"})
    words = lab.words(lab.run("studies", "--dre-explain", *mode))
    assert "between replicates of a condition." in words
    assert "What twice the problems would do cannot be told: the runs are of one problem" in words
    assert "ICC" not in words
    assert advice(lab)["icc"] is None


def test_one_replicate_says_nothing_of_replicates(advised, mode):
    lab = advised(**{"replicates: 4": "replicates: 1"})
    words = lab.words(lab.run("studies", "--dre-explain", *mode))
    assert "What twice the replicates would do cannot be told: with one replicate a cell" in words
    assert "Twice the problems would narrow the interval by about " in words
    assert "residual" in advice(lab)["components"]


def test_outcomes_without_a_gate_are_explained_too(advised, mode):
    lab = advised(**{STUDY[STUDY.index("gates:") :]: ""})
    words = lab.words(lab.run("studies", "--dre-explain", *mode))
    assert "effort: no gate is about it" in words
    assert "in how problems respond to the conditions, " in words
    assert not (lab.path / "artifacts/advised/gates.json").exists()
    assert "no gate is about it" not in lab.words(lab.run("studies", *mode))


def test_gates_that_cannot_be_judged_give_no_advice(advised):
    lab = advised()
    lab.run_here("studies", "-k", "r1")
    words = lab.words(lab.run_here("studies", "-k", "better", "--dre-explain"))
    assert "missing" in words
    assert "Of the variance" not in words
    (gate,) = json.loads((lab.path / "artifacts/advised/gates.json").read_text())
    assert "advice" not in gate
