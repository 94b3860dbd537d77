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
    assert lab.run("studies", *mode).ret == 0
    out = lab.path / "artifacts/planned"
    with (out / "analysis.csv").open(newline="") as file:
        rows = {row["test"]: row for row in csv.DictReader(file)}
    welch = rows["welch"] if "welch" in rows else rows["difference_in_means"]
    assert 0.5 < float(welch["estimate"]) < 1.5
    assert float(welch["adjusted_p"]) < 0.01
    assert welch["supported"] == "True"
    assert "divination" in rows["divination"]["error"]
    assert len(json.loads((out / "analysis.json").read_text())) > 0
    study.write_text(study.read_text()[: study.read_text().index("analysis_plans:")])
    assert lab.run("studies", "--dre-resume", *mode).ret == 0
    assert not (out / "analysis.csv").exists(), "an analysis that is not planned any more goes"
