"""Runs: order, bindings, budgets, ids and seeds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.canonical import canonical_json, identifier, seed_from
from pytest_dre.designs import build_design, plan_runs, plan_study
from pytest_dre.designs.identity import RunIdentity
from pytest_dre.designs.texts import map_text, value_text
from pytest_dre.errors import StudyError
from pytest_dre.model.running import SeedPolicy
from pytest_dre.model.runs import Condition
from pytest_dre.model.study import Study

X = {"name": "x", "levels": [{"name": "one", "value": 1}, {"name": "two", "value": 2}]}


def study_of(**parts: Any) -> Study:
    return Study.model_validate({"study_id": "s", "title": "t", "factors": [X], **parts})


def error_of(study: Study) -> str:
    with pytest.raises(StudyError) as caught:
        plan_study(study)
    return str(caught.value)


def test_order_is_condition_replicate_agent_problem() -> None:
    study = study_of(run_budget={"replicates": 2}, agent_specs=["a", "b"], problem_ids=["p", "q"])
    runs = plan_study(study).runs
    keys = [(run.condition.assignments["x"], run.replicate, run.agent_id, run.problem_id) for run in runs]
    assert keys == [(x, r, a, p) for x in (1, 2) for r in (1, 2) for a in "ab" for p in "pq"]
    assert runs[0].condition is runs[1].condition


def test_without_agents_and_problems_a_condition_runs_once() -> None:
    assert [(run.agent_id, run.problem_id) for run in plan_study(study_of()).runs] == [(None, None)] * 2


def test_a_runner_has_no_agent_and_no_problem() -> None:
    agent = {"name": "agent", "levels": [{"name": "a", "value": "alpha"}]}
    study = study_of(factors=[X, agent], runner="m:run", agent_specs=["a"], problem_ids=["p", "q"])
    assert [(run.agent_id, run.problem_id) for run in plan_study(study).runs] == [(None, None)] * 2


def test_agents_and_problems_defined_in_the_study_are_planned() -> None:
    study = study_of(agents={"a": "m:a", "b": "m:b"}, problems={"p": "m:p"})
    assert [(run.agent_id, run.problem_id) for run in plan_study(study).runs] == [("a", "p"), ("b", "p")] * 2


@pytest.mark.parametrize("name", ["agent", "agent_id", "agent_spec"])
def test_an_agent_factor_replaces_the_list(name: str) -> None:
    levels = [{"name": "n", "value": 7}, {"name": "none", "value": None}]
    study = study_of(factors=[{"name": name, "levels": levels}], agent_specs=["a", "b"], problem_ids=["p"])
    assert [run.agent_id for run in plan_study(study).runs] == ["7", None]


@pytest.mark.parametrize(("spec", "runs"), [({}, 6), ({"kind": "frac2"}, 12), ({"replicates": 2}, 6)])
def test_the_larger_number_of_replicates_counts_for_runs(spec: dict[str, Any], runs: int) -> None:
    factors = [X] if spec.get("kind") != "frac2" else [X, {**X, "name": "y"}]
    assert len(plan_study(study_of(factors=factors, design_spec=spec, run_budget={"replicates": 3})).runs) == runs


def test_replicates_of_the_design_alone() -> None:
    assert [run.replicate for run in plan_study(study_of(design_spec={"replicates": 3})).runs] == [1, 2, 3] * 2


def test_a_plan_over_budget_names_both_numbers() -> None:
    message = "run_budget.max_runs: the plan has 2 runs, max_runs allows 1; raise max_runs"
    assert error_of(study_of(run_budget={"max_runs": 1})).startswith(message)
    constrained = study_of(run_budget={"max_runs": 1}, constraints=[{"constraint_id": "c", "expression": "x > 0"}])
    assert error_of(constrained).startswith(message)
    fits = study_of(run_budget={"max_runs": 1}, constraints=[{"constraint_id": "c", "expression": "x > 1"}])
    assert len(plan_study(fits).runs) == 1


def test_a_plan_over_budget_is_refused_before_it_is_made() -> None:
    factors = [{**X, "name": f"f{index}"} for index in range(40)]
    assert "1,099,511,627,776 runs, max_runs allows 100" in error_of(
        study_of(factors=factors, run_budget={"max_runs": 100})
    )
    assert "2,000,000,000 runs, at most 100,000" in error_of(study_of(run_budget={"replicates": 10**9}))


def test_runs_of_one_id_are_explained() -> None:
    message = error_of(study_of(agent_specs=["a", "b", "a"], problem_ids=["p", "p"]))
    assert "agent_specs[2]: the agent 'a' is listed twice; remove one" in message
    assert "problem_ids[1]: the problem 'p' is listed twice" in message
    (condition, _) = build_design(study_of())
    with pytest.raises(StudyError, match=rf"two runs of condition {condition.condition_id} have the id run-"):
        plan_runs(study_of(), [condition, condition])


def test_factors_of_one_name_are_found_even_so() -> None:
    assert "two conditions have the id cond-" in error_of(study_of(factors=[X, X]))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_texts_are_canonical_json(values: dict[str, Any]) -> None:
    assert map_text(values) == canonical_json(values)
    assert value_text(values) == canonical_json(values)


IDS = st.none() | st.text()


@given(
    IDS, IDS, st.text(), st.integers(1, 99), st.integers(), st.integers(), st.dictionaries(st.text(), JSON, max_size=2)
)
def test_ids_and_seeds_are_hashes_of_their_documented_payloads(
    agent: str | None,
    problem: str | None,
    study_id: str,
    replicate: int,
    base: int,
    offset: int,
    blocks: dict[str, Any],
) -> None:
    condition = Condition("cond-1", {"x": 1}, blocks, metadata={"copy": replicate % 2})
    run = {"replicate": replicate, "study_id": study_id}
    own = RunIdentity(study_id, SeedPolicy(base_seed=base, per_run_offset=offset))
    full = {**run, "condition_id": "cond-1", "agent_id": agent, "problem_id": problem}
    assert own.run_id(condition, replicate, agent, problem) == identifier("run", full)
    seeds = {**run, "base_seed": base, "per_run_offset": offset}
    ours = {**seeds, "strategy": "condition_replicate", "condition_id": "cond-1", "salt": f"{agent}:{problem}"}
    assert own.seed(condition, replicate, agent, problem) == seed_from(ours)
    policy = SeedPolicy(base_seed=base, per_run_offset=offset, strategy="common_random_numbers")
    common = {**seeds, "strategy": "common_random_numbers", "blocks": blocks, "salt": str(problem)}
    copy = {"copy": 1} if replicate % 2 else {}
    assert RunIdentity(study_id, policy).seed(condition, replicate, agent, problem) == seed_from({**common, **copy})


COMMON = {"strategy": "common_random_numbers"}


def test_common_random_numbers_are_shared_by_arms_and_by_nothing_else() -> None:
    blocks = [{"name": "day", "levels": ["mon", "tue"]}]
    study = study_of(
        blocks=blocks, agent_specs=["a", "b"], problem_ids=["p", "q"], run_budget={"replicates": 2}, seed_policy=COMMON
    )
    seeds: dict[tuple[Any, ...], set[int]] = {}
    for run in plan_study(study).runs:
        key = (run.condition.block_assignments["day"], run.problem_id, run.replicate)
        seeds.setdefault(key, set()).add(run.seed)
    assert {len(shared) for shared in seeds.values()} == {1}
    assert len(set.union(*seeds.values())) == len(seeds) == 8


def test_repeated_points_have_seeds_of_their_own_under_common_random_numbers() -> None:
    spec = {"kind": "frac2", "replicates": 2, "center_points": 2}
    plan = plan_study(study_of(factors=[X, {**X, "name": "y"}], design_spec=spec, seed_policy=COMMON))
    first, second, centre, other = {r.seed for r in plan.runs[:4]}, {r.seed for r in plan.runs[4:8]}, *plan.runs[8:]
    assert (len(first), len(second)) == (1, 1)
    assert first != second
    assert {centre.seed} == first
    assert {other.seed} == second
    assert [condition.metadata.get("copy") for condition in plan.conditions] == [None] * 4 + [1] * 4 + [None, 1]
