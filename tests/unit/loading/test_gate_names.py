"""Values that gates name and no run has, told before anything is run."""

from typing import Any

import pytest

from pytest_dre.loading.validation import validate_study
from pytest_dre.model.study import Study


def faults(gate: dict[str, Any], **more: Any) -> list[str]:
    study = Study.model_validate(
        {
            "study_id": "s",
            "title": "t",
            "factors": [
                {"name": "style", "levels": [{"name": "plain", "value": 1}, {"name": "rich", "value": 2}]},
                {"name": "note", "default": "none"},
            ],
            "blocks": [{"name": "day", "levels": ["mon", 2]}],
            "agent_specs": ["quick", "slow"],
            "problem_ids": ["beam", "truss"],
            "outcomes": [
                {"name": "score", "source_table": "runs", "column": "score", "aggregation": "mean", "goal": "maximize"}
            ],
            "gates": [{"gate_id": "g", "outcome": "score", "claim": "at_least", "value": 1, **gate}],
            **more,
        }
    )
    return [str(fault) for fault in validate_study(study)]


def arms(factor: str, treatment: Any, control: Any) -> dict[str, Any]:
    contrast = {"factor": factor, "treatment": treatment, "control": control}
    return {"claim": "superior", "value": None, "contrast": contrast}


@pytest.mark.parametrize(
    "gate",
    [
        {"where": {"style": "rich", "day": "mon", "agent": "slow", "problem": ["beam", "truss"], "note": "any"}},
        {"where": {"style": [1, 2], "day": 2, "agent_id": "quick"}},
        arms("agent", "quick", "slow"),
        arms("problem_id", "beam", "truss"),
        arms("day", "mon", 2),
        {"where": {"day": ["2", 2.0], "style": "2"}},
    ],
)
def test_values_that_runs_have_are_no_fault(gate: dict[str, Any]) -> None:
    assert faults(gate) == []


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (arms("agent", "quik", "slow"), "gates[0].contrast.treatment: there is no agent 'quik'; did you mean 'quick'?"),
        (
            arms("problem", "beam", "trus"),
            "gates[0].contrast.control: there is no problem 'trus'; did you mean 'truss'",
        ),
        (arms("day", "mon", "tue"), "gates[0].contrast.control: there is no level 'tue'"),
        (arms("style", "rich", 3), "gates[0].contrast.control: there is no level '3'"),
        (arms("day", "2", 2), "gates[0].contrast.control: treatment and control are the same"),
        (arms("style", "rich", 2.0), "gates[0].contrast.control: treatment and control are the same"),
        ({"where": {"day": "3"}}, "gates[0].where.day: there is no level '3'; known: 2, mon"),
        ({"where": {"day": True}}, "gates[0].where.day: there is no level 'true'"),
        ({"where": {"style": True}}, "gates[0].where.style: there is no level 'true'"),
        ({"where": {"agent": "slwo"}}, "gates[0].where.agent: there is no agent 'slwo'; did you mean 'slow'?"),
        ({"where": {"problem_id": ["beam", "trus"]}}, "gates[0].where.problem_id: there is no problem 'trus'"),
        ({"where": {"style": "ritch"}}, "gates[0].where.style: there is no level 'ritch'; did you mean 'rich'?"),
    ],
)
def test_values_that_no_run_has_are_told(gate: dict[str, Any], expected: str) -> None:
    (found,) = faults(gate)
    assert found.startswith(expected)


def test_designs_that_make_values_of_their_own_admit_any() -> None:
    design = {"kind": "latin_hypercube", "n_samples": 4}
    factors = [{"name": "size", "levels": [{"name": "low", "value": 0}, {"name": "high", "value": 1}]}]
    assert faults({"where": {"size": 0.5}}, design_spec=design, factors=factors, blocks=[]) == []


def test_agents_may_be_levels_of_a_factor() -> None:
    levels = [{"name": "fast", "value": "quick"}, {"name": "slow", "value": "slow"}]
    factors = [{"name": "agent_id", "levels": levels}]
    assert faults(arms("agent", "quick", "slow"), factors=factors, agent_specs=[]) == []
    assert faults(arms("agent_id", "fast", "slow"), factors=factors, agent_specs=[]) == []


@pytest.mark.parametrize("level", ["quick", 7, "7", 2.0])
def test_data_that_contains_itself_is_a_fault_and_no_crash(level: Any) -> None:
    endless: list[Any] = []
    endless.append(endless)
    blocks = [{"name": "day", "levels": [endless, 1]}]
    gates = ({"where": {"day": level}}, arms("day", level, 1))
    assert all(any("contains itself" in fault for fault in faults(gate, blocks=blocks)) for gate in gates)
