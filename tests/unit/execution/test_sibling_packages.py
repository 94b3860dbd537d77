"""Agents and problems of the sibling packages, where they are installed."""

import importlib.util

import pytest

from pytest_dre.builtins.siblings import resolve_sibling_agent, resolve_sibling_problem, sibling_problem_ids
from pytest_dre.errors import StudyError
from pytest_dre.execution.run import execute_run

PACKAGES = ("design_research_agents", "design_research_problems")
BASELINE = "SeededRandomBaselineAgent"


@pytest.fixture
def siblings(lab):
    for name in PACKAGES:
        pytest.importorskip(name)
    lab.resolve_agent, lab.resolve_problem = resolve_sibling_agent, resolve_sibling_problem
    return lab


def test_absent_packages_know_nothing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert resolve_sibling_agent(BASELINE) is None
    assert resolve_sibling_problem("wind_farm_grid_qkp_power_max") is None
    assert sibling_problem_ids() == []


def test_names_they_do_not_have(siblings):
    assert resolve_sibling_agent("Nobody") is None
    assert resolve_sibling_agent("execute_agent_run") is None
    assert resolve_sibling_problem("nothing") is None


@pytest.mark.parametrize(
    "problem_id",
    [
        "wind_farm_grid_qkp_power_max",  # answers with a candidate
        "decision_laptop_design_profit_maximization",  # answers with a map of factors
        "decision_mseval_safety_helmet_high_strength",  # answers with a choice
    ],
)
def test_baseline_agent_solves_packaged_problems(siblings, problem_id):
    assert problem_id in sibling_problem_ids()
    bindings = siblings.bind(agent_ids=[BASELINE], problem_ids=[problem_id])
    runs = siblings.runs([BASELINE], [problem_id], count=2)
    first, again, other = (execute_run(run, bindings).result for run in (runs[0], runs[0], runs[1]))
    assert first.status == "success", first.traceback
    assert isinstance(first.primary_outcome, float)
    assert first.evaluations[0]["evaluator_id"] == "problem_evaluator"
    assert (first.outputs, first.evaluations) == (again.outputs, again.evaluations)
    assert first.outputs != other.outputs
    assert first.problem_family in {"optimization", "decision"}
    assert first.versions["agent"].startswith("design-research-agents ")
    assert first.versions["problem"].startswith("design-research-problems ")
    assert first.events[0]["event_type"] == "baseline_candidate_selected"


def test_text_problem_has_no_scores(siblings):
    problem_id = "ideation_milk_frothing_product_toh_miller_2014"
    siblings.write("def agent(brief): return brief[:9]")
    bindings = siblings.bind({"a": "./lab.py:agent"}, problem_ids=[problem_id])
    result = execute_run(siblings.runs(["a"], [problem_id])[0], bindings).result
    assert (result.status, result.evaluations, result.problem_family) == ("success", [], "text")
    assert len(result.outputs["text"]) == 9


def test_agent_that_needs_arguments_is_a_fault_with_advice(siblings):
    with pytest.raises(StudyError, match=r"'DirectLLMCall' cannot be made from its name alone .* under 'agents'"):
        siblings.bind(agent_ids=["DirectLLMCall"])
