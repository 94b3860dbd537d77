"""What a study is likely to cost and take, before anything is spent."""

import pytest

STUDY = """
study_id: dear
title: T
factors: [{name: number, levels: [0, 1, 2, 3]}]
agents: {a: "./dear.py:dear"}
limits: {expected: {cost_usd: 2.5, latency_s: 60, tokens: 1000}}
"""


@pytest.fixture
def dear(lab):
    agent = "def dear(number):\n    return {'output': number, 'metrics': {'cost_usd': 0.5, 'input_tokens': 10}}\n"
    lab.write("studies/dear.py", agent)
    lab.write("studies/dear.study.yaml", STUDY)
    return lab


def test_the_plan_says_what_the_study_expects(dear, mode):
    output = dear.run("studies", "--dre-plan", *mode).stdout.str()
    assert "$10.00" in output
    assert "limits.expected" in output


def test_the_plan_goes_by_stored_runs(dear, mode):
    dear.run("studies", "-k", "0 or 1").assert_outcomes(passed=2, deselected=2)
    output = dear.run("studies", "--dre-plan", *mode).stdout.str()
    assert "$2.00" in output
    assert "2 stored runs" in output
    output = dear.run("studies", "--dre-plan", "--dre-resume", *mode).stdout.str()
    assert "$1.00" in output, "what is stored is not paid for again"


def test_nothing_is_known_of_new_agents(dear):
    dear.write("studies/dear.study.yaml", STUDY[: STUDY.index("limits")])
    output = dear.run_here("studies", "--dre-plan").stdout.str()
    assert "unknown" in output
    assert "$" not in output


def test_the_header_tells_it_above_a_sum(dear, mode):
    dear.write("pytest.ini", "[pytest]\ndre_confirm_above_usd = 9\n")
    assert "$10.00" in dear.words(dear.run("studies", *mode))
    dear.write("pytest.ini", "[pytest]\ndre_confirm_above_usd = 11\n")
    assert "$10.00" not in dear.run("studies", *mode).stdout.str()
