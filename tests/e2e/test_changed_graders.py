"""A baseline of another task or grader is no comparison: its outcomes say nothing about the agent."""

import json

import pytest

AGENT = """
def solve():
    return {"output": 0.5}
"""

GRADER = """
def NAME():
    return {"brief": "how much?", "evaluator": lambda answer: {"score": answer}}
"""

STUDY = """
study_id: graded
title: An agent and its graders
agents: {solver: "./solver.py:solve"}
problems: {easy: "./easy.py:easy", hard: "./hard.py:hard"}
run_budget: {replicates: 12}
outcomes:
  - {name: score, source_table: evaluations, column: score, aggregation: mean, goal: maximize, range: [0, 1]}
gates:
  - {gate_id: no-worse, outcome: score, baseline: main, claim: non_inferior, margin: 0.4}
"""


@pytest.fixture
def graded(lab):
    lab.write("studies/solver.py", AGENT)
    for name in ("easy", "hard"):
        lab.write(f"studies/{name}.py", GRADER.replace("NAME", name))
    lab.write("studies/graded.study.yaml", STUDY)
    lab.run_here("studies", "--dre-save-baseline").assert_outcomes(passed=24, skipped=1)
    lab.write("studies/solver.py", AGENT.replace("0.5", "0.3"))
    return lab


def kinder(lab, *names):
    for name in names:
        lab.write(
            f"studies/{name}.py", GRADER.replace("NAME", name).replace('"score": answer', '"score": answer + 0.6')
        )


def verdict(lab):
    (found,) = json.loads((lab.path / "artifacts/graded/gates.json").read_text())
    return found


def test_another_grader_is_told_and_judged_by_none(graded, mode):
    graded.run("studies", *mode)
    assert (verdict(graded)["estimate"], verdict(graded)["notes"]) == (pytest.approx(-0.2), [])
    kinder(graded, "easy", "hard")
    result = graded.run("studies", *mode)
    result.assert_outcomes(passed=24, failed=1)
    said = (
        "the baseline 'main' is of another version of the problems 'easy', 'hard': outcomes of other tasks or graders"
    )
    assert said in graded.words(result)
    assert (verdict(graded)["verdict"], verdict(graded)["estimate"]) == ("inconclusive", None)


def test_what_has_not_changed_is_compared_and_the_rest_told(graded, mode):
    kinder(graded, "easy")
    graded.run("studies", *mode).assert_outcomes(passed=25)
    found = verdict(graded)
    assert found["estimate"] == pytest.approx(-0.2)
    assert found["n"] == 12
    assert "left out, as they have another version than in the baseline: the problem 'easy'" in found["notes"]


def test_an_exported_directory_tells_its_versions_too(graded):
    graded.run_here("studies", "--dre-output", "before")
    kinder(graded, "easy", "hard")
    words = graded.words(graded.run_here("studies", "--dre-baseline", "before"))
    assert "the baseline 'before' is of another version of the problems 'easy', 'hard'" in words


def test_graders_in_the_agents_file_are_compared_with_a_warning(graded):
    together = STUDY.replace("./easy.py", "./solver.py").replace("./hard.py", "./solver.py")
    graders = GRADER.replace("NAME", "easy") + GRADER.replace("NAME", "hard")
    graded.write("studies/graded.study.yaml", together)
    graded.write("studies/solver.py", AGENT + graders)
    graded.run_here("studies", "--dre-save-baseline")
    graded.write("studies/solver.py", AGENT.replace("0.5", "0.3") + graders)
    graded.run_here("studies")
    assert verdict(graded)["estimate"] == pytest.approx(-0.2)
    (note,) = verdict(graded)["notes"]
    assert note.startswith(
        "the problems 'easy', 'hard' may grade otherwise than in the baseline: they stand in the agent's"
    )


def test_a_look_compares_with_no_other_grader_either(graded):
    study = graded.path / "studies/graded.study.yaml"
    study.write_text(STUDY.replace("margin: 0.4", "margin: 0.4, sequential: {looks: [6, 12], spending: pocock}"))
    kinder(graded, "easy", "hard")
    graded.run_here("studies").assert_outcomes(passed=24, failed=1)
    assert verdict(graded)["verdict"] == "inconclusive"
