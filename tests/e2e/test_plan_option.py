"""`--dre-plan` shows the plan and runs nothing."""

import pytest


def test_the_plan_is_shown_and_nothing_runs(logged, mode):
    before = logged.files()
    result = logged.run("studies", "--dre-plan", *mode)
    assert result.ret == 0
    output = result.stdout.str()
    assert "logged: A study whose agent logs its calls" in output
    assert "temperature (3): 0.1, 0.4, 0.7" in output
    assert "6 (2 replicates)" in output
    assert logged.calls() == []
    assert logged.files() == before


def test_constraints_say_what_they_exclude(lab):
    lab.write(
        "studies/c.study.yaml",
        """
        study_id: c
        title: Constrained
        factors:
          - {name: budget, levels: [10, 100]}
          - {name: depth, levels: [1, 50]}
        constraints:
          - {constraint_id: affordable, description: Depth needs budget., expression: budget >= depth}
        agents: {a: "./agents.py:root"}
        """,
    )
    output = lab.run_here("studies", "--dre-plan").stdout.str()
    assert "affordable" in output
    assert "3 admissible" in output


def test_a_selection_is_counted(first):
    output = first.run_here("studies", "--dre-plan", "-k", "scaffolded").stdout.str()
    assert "4 selected" in output


def test_faults_are_shown_beside_the_plans_of_other_studies(first):
    first.write("studies/bad.study.yaml", "study_id: bad\ntitle: Bad\nfactor: []\n")
    result = first.run_here("studies", "--dre-plan")
    output = result.stdout.str()
    assert "first: A first study" in output
    assert "bad.study.yaml:3:1: factor: the key 'factor' is unknown; did you mean 'factors'?" in output
    assert result.ret == pytest.ExitCode.INTERRUPTED
