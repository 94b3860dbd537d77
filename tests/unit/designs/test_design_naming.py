"""Names of runs."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.designs import plan_study, run_names
from pytest_dre.model.study import Study


def factor(name: str, **levels: Any) -> dict[str, Any]:
    return {"name": name, "levels": [{"name": key, "value": value} for key, value in levels.items()]}


def names_of(*factors: dict[str, Any], **parts: Any) -> list[str]:
    study = Study.model_validate({"study_id": "s", "title": "t", "factors": factors, **parts})
    return run_names(study, plan_study(study))


def test_names_say_what_varies_and_nothing_else() -> None:
    names = names_of(
        factor("style", plain=1, scaffolded=2),
        factor("fixed", only=1),
        blocks=[{"name": "day", "levels": ["mon", 2]}],
        agent_specs=["agent-a", "b"],
        problem_ids=["p", "q"],
        run_budget={"replicates": 2},
    )
    assert len(names) == 32
    assert names[0] == "style=plain-day=mon-agent=agent-a-problem=p-r1"
    assert names[-1] == "style=scaffolded-day=2-agent=b-problem=q-r2"
    assert names_of(factor("style", plain=1, scaffolded=2), agent_specs=["a"]) == ["style=plain", "style=scaffolded"]


def test_a_single_run_and_single_replicates() -> None:
    assert names_of() == ["run"]
    assert names_of(run_budget={"replicates": 2}) == ["r1", "r2"]


def test_what_constraints_leave_out_does_not_vary() -> None:
    constraints = [{"constraint_id": "c", "expression": "x == 1"}]
    assert names_of(factor("x", a=1, b=2), factor("y", c=3, d=4), constraints=constraints) == ["y=c", "y=d"]


@pytest.mark.parametrize("names", [("agent", "problem"), ("agent_id", "problem_id"), ("agent_spec", "problem")])
def test_a_factor_that_is_the_agent_or_problem_is_named_once(names: tuple[str, str]) -> None:
    agent, problem = names
    result = names_of(factor(agent, a="alpha", b="beta"), factor(problem, p="truss", q="capsule"))
    assert result[1] == f"{agent}=a-{problem}=q"


def test_other_characters_and_long_values() -> None:
    names = names_of(factor("my factor", **{"off/ön [x]": 1, "l" * 50: 2}))
    assert names[0] == "my_factor=off__n__x_"
    assert re.fullmatch(r"my_factor=l{25}\+[0-9a-f]{6}", names[1])


def test_values_that_look_alike_once_cleaned_are_told_apart() -> None:
    names = names_of(factor("x", **{"低": 1, "高": 2, "ok": 3}))
    assert all(re.fullmatch(r"x=_\+[0-9a-f]{6}", name) for name in names[:2])
    assert names[2] == "x=ok"
    assert len(set(names)) == 3


def test_values_without_a_level_show_as_text() -> None:
    names = names_of(
        factor("x", lo=0, hi=1), factor("y", lo=0, hi=1), design_spec={"kind": "frac2", "center_points": 1}
    )
    assert names[-1] == "x=0.5-y=0.5"


def test_repeated_rows_are_told_apart_by_their_row() -> None:
    names = names_of(
        factor("x", lo=0, hi=1),
        factor("y", lo=0, hi=1),
        design_spec={"kind": "frac2", "replicates": 2, "center_points": 1},
    )
    assert names[0] == "x=lo-y=lo-row0"
    assert names[4] == "x=lo-y=lo-row4"
    assert names[8] == "x=0.5-y=0.5"


def test_what_still_collides_gets_the_end_of_its_id() -> None:
    names = names_of(factor("a", **{"x-b=y": 1, "x": 2}), factor("b", **{"z": 1, "y-b=z": 2}))
    # a="x-b=y", b="z" reads like a="x", b="y-b=z".
    assert [name[:11] for name in names[::3]] == ["a=x-b=y-b=z"] * 2
    assert re.fullmatch(r"a=x-b=y-b=z-[0-9a-f]{6}", names[0])
    assert len(set(names)) == 4


LEVEL_NAMES = st.lists(st.text(alphabet="ab-=+_é /:[", min_size=1, max_size=40), min_size=1, max_size=4, unique=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(LEVEL_NAMES, max_size=3),
    st.lists(st.text(min_size=1), max_size=3, unique=True),
    st.integers(1, 3),
    st.booleans(),
)
def test_names_are_valid_unique_and_the_same_again(
    levels: list[list[str]], agents: list[str], replicates: int, rows: bool
) -> None:
    factors = [factor(f"f{i}=", **{name: j for j, name in enumerate(names)}) for i, names in enumerate(levels)]
    parts: dict[str, Any] = {"agent_specs": agents, "run_budget": {"replicates": replicates}}
    if rows:
        factors.append(factor("q", lo=0, hi=9))
        parts["design_spec"] = {"kind": "lhs", "n_samples": 3, "replicates": 2}
    names = names_of(*factors, **parts)
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_.=+-]+", name) for name in names)
    assert names == names_of(*factors, **parts)
