"""Analysis plans are carried out when a session ends."""

import csv
import json

STUDY = """
study_id: planned
title: A study with an analysis plan
factors: [{name: style, levels: [good, bad]}]
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 12}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, goal: maximize}
hypotheses:
  - hypothesis_id: h1
    label: good is better
    statement: Good style scores higher.
    independent_vars: [style]
    dependent_vars: [score]
    contrast: {left: good, right: bad}
    direction: greater
analysis_plans:
  - analysis_plan_id: main
    hypothesis_ids: [h1]
    tests: [difference_in_means, mann_whitney, divination]
    multiple_comparison_policy: holm
"""

AGENT = """
import random


def solve(style):
    return {"output": style, "metrics": {"score": {"good": 2.0, "bad": 1.0}[style] + random.random()}}
"""


def test_each_test_gives_a_row_and_an_unknown_one_says_so(lab, mode):
    lab.write("studies/solver.py", AGENT)
    study = lab.write("studies/planned.study.yaml", STUDY)
    result = lab.run("studies", *mode)
    assert result.ret == 0
    out = lab.path / "artifacts/planned"
    with (out / "analysis.csv").open(newline="") as file:
        rows = {row["test"]: row for row in csv.DictReader(file)}
    welch = rows["welch"] if "welch" in rows else rows["difference_in_means"]
    assert 0.5 < float(welch["estimate"]) < 1.5
    assert float(welch["adjusted_p"]) < 0.01
    assert welch["supported"] == "True"
    assert "divination" in rows["divination"]["error"]
    assert "analysis 1 of 3 tests could not be carried out: there is no test 'divination'" in lab.words(result)
    assert len(json.loads((out / "analysis.json").read_text())) > 0
    study.write_text(study.read_text()[: study.read_text().index("analysis_plans:")])
    result = lab.run("studies", "--dre-resume", *mode)
    assert result.ret == 0
    assert "could not be carried out" not in result.stdout.str()
    assert not (out / "analysis.csv").exists(), "an analysis that is not planned any more goes"


def test_an_unknown_policy_is_a_fault_with_its_place(lab):
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/planned.study.yaml", STUDY.replace("policy: holm", "policy: holms"))
    result = lab.run_here("studies")
    result.assert_outcomes(errors=1)
    said = lab.words(result)
    assert "planned.study.yaml:20:5: analysis_plans[0].multiple_comparison_policy" in said
    assert "there is no multiple_comparison_policy 'holms'; did you mean 'holm'?" in said


def test_the_plan_tells_which_tests_will_end_in_an_error(lab):
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/planned.study.yaml", STUDY.replace("mann_whitney", "fisher"))
    said = lab.words(lab.run_here("studies", "--dre-plan", "-v"))
    assert "h1 by difference_in_means on score: 80 % power from d = " in said
    assert "h1 by fisher on score: will end in an error: the test fisher does not suit the outcome 'score'" in said
    assert "h1 by divination on score: will end in an error: there is no test 'divination'" in said
