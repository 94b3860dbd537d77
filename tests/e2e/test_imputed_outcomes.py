"""Failed runs that count as the worst are told with the verdicts that rest on them."""

import json

AGENT = """
def solve(run_spec, style):
    if style == "bad" and run_spec.replicate <= 3:
        raise ValueError("no")
    return {"output": style, "metrics": {"ok": style == "good"}}
"""

STUDY = """
study_id: imputed
title: A study whose failures count
factors: [{name: style, levels: [good, bad]}]
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 12}
outcomes:
  - {name: ok, source_table: runs, column: ok, aggregation: mean, goal: maximize, primary: true,
     expected_type: boolean, missing_data_policy: worst}
gates:
  - {gate_id: better, outcome: ok, contrast: {factor: style, treatment: good, control: bad}, claim: superior}
"""

NOTE = "style = bad: of 12 values 3 were missing and are taken as the worst, 0 (missing_data_policy: worst)"


def test_how_many_values_were_put_in_is_told(lab, mode):
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/imputed.study.yaml", STUDY)
    result = lab.run("studies", "--dre-explain", *mode)
    said = lab.words(result)
    assert "better: PASS" in said
    assert f"Note: {NOTE}." in said
    (gate,) = json.loads((lab.path / "artifacts/imputed/gates.json").read_text())
    assert gate["notes"] == [NOTE]
