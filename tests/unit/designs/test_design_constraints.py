"""Constraints: expressions and callables, both severities, and what goes wrong in them."""

from pathlib import Path
from typing import Any

import pytest

from pytest_dre.designs import build_design, plan_study
from pytest_dre.errors import Fault, StudyError
from pytest_dre.model.study import Study


def study_of(*constraints: dict[str, Any], **more: Any) -> Study:
    data: dict[str, Any] = {
        "study_id": "s",
        "title": "t",
        "factors": [{"name": "x", "levels": [{"name": f"x{value}", "value": value} for value in (0, 1, 2)]}],
        "blocks": [{"name": "day", "levels": ["mon", "tue"]}],
        "constraints": [{"constraint_id": f"c{index}", **item} for index, item in enumerate(constraints)],
        **more,
    }
    return Study.model_validate(data)


def faults_of(study: Study, base_dir: Path | None = None) -> tuple[Fault, ...]:
    with pytest.raises(StudyError) as caught:
        build_design(study, base_dir)
    return caught.value.faults


def test_messages_of_both_severities() -> None:
    study = study_of(
        {"expression": "x > 0 or day == 'mon'", "description": "No zero on Tuesday."},
        {"expression": "factors['x'] < 2", "severity": "warning"},
    )
    conditions = build_design(study)
    assert [condition.admissible for condition in conditions] == [True, False, True, True, True, True]
    assert conditions[1].constraint_messages == ("c0: No zero on Tuesday.",)
    assert conditions[4].constraint_messages == ("c1: factors['x'] < 2",)
    assert len(plan_study(study).runs) == 5


def test_a_callable_is_given_copies_and_may_join_an_expression(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text(
        "def rule(factors, blocks):\n    factors.clear() if factors['x'] == 2 else None\n    return bool(factors)\n"
    )
    study = study_of({"callable_ref": "./rules.py:rule", "expression": "x > 0"})
    conditions = build_design(study, tmp_path)
    assert [condition.admissible for condition in conditions[::2]] == [False, True, False]
    assert conditions[4].factor_assignments == {"x": 2}
    alone = build_design(study_of({"callable_ref": "./rules.py:rule"}), tmp_path)
    assert alone[4].constraint_messages == ("c0: ./rules.py:rule",)


def test_every_fault_is_found_before_anything_is_judged(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("rule = 3\n")
    study = study_of(
        {"expression": "False and xx"},
        {"expression": "blocks['dya'] == 1"},
        {"callable_ref": "./rules.py:rule"},
        {"callable_ref": "./rules.py:ruel"},
    )
    faults = [str(fault) for fault in faults_of(study, tmp_path)]
    assert faults[0] == "constraints[0].expression: unknown name 'xx'; did you mean 'x'?"
    assert faults[1] == "constraints[1].expression: blocks has no 'dya'; did you mean 'day'?"
    assert faults[2] == "constraints[2].callable_ref: './rules.py:rule' is no function, but int"
    assert "has no attribute 'ruel'; did you mean 'rule'?" in faults[3]
    assert len(faults) == 4


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1 / x > 0", "constraint 'c0' fails for x=0, day=\"mon\": division by zero"),
        ("x == 3 or x", "its value is 0, neither true nor false; write a comparison, such as x > 0"),
        ("x == 3 or 'a' * 99", f"its value is '{'a' * 38}…, neither true nor false"),
    ],
)
def test_an_expression_that_fails_names_the_condition_once(expression: str, message: str) -> None:
    (fault,) = faults_of(study_of({"expression": expression}))
    assert message in str(fault)
    assert fault.path == ("constraints", 0, "expression")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise KeyError('q')", "it raised KeyError: 'q'"),
        ("raise SystemExit(3)", "it raised SystemExit: 3"),
        ("return 1", "its value is 1, neither true nor false; return bool(...)"),
    ],
)
def test_a_callable_that_fails(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "rules.py").write_text(f"def rule(factors, blocks):\n    {body}\n")
    (fault,) = faults_of(study_of({"callable_ref": "./rules.py:rule"}), tmp_path)
    assert message in str(fault)
    assert fault.path == ("constraints", 0, "callable_ref")


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("x", "a level of 'x'"),
        ("day", "a level of 'day'"),
        ("factors['x']", "a level of 'x'"),
        ("blocks['day']", "a level of 'day'"),
        ("factors", "a map"),
        ("x + 1", "a computed number or text"),
        ("-x", "a number"),
        ("1", "1"),
        ("'yes'", "'yes'"),
        ("[x == 1]", "a list"),
        ("{x}", "a set"),
        ("len(day)", "what len() gives"),
        ("x if x > 0 else 1", "a level of 'x'"),
    ],
)
def test_what_cannot_be_a_boolean_is_seen_before_anything_is_judged(expression: str, kind: str) -> None:
    (fault,) = faults_of(study_of({"expression": expression}))
    assert str(fault) == (
        f"constraints[0].expression: its value is {kind}, neither true nor false; write a comparison, such as x > 0"
    )


@pytest.mark.parametrize("expression", ["flag", "factors['flag']", "True", "not x", "bool(x)", "flag if x else True"])
def test_what_may_be_a_boolean_is_judged(expression: str) -> None:
    factors = [
        {"name": "x", "levels": [{"name": "one", "value": 1}]},
        {"name": "flag", "levels": [{"name": "yes", "value": True}, {"name": "no", "value": False}]},
    ]
    assert len(build_design(study_of({"expression": expression}, factors=factors))) == 4


def test_a_factor_named_factors_hides_the_map() -> None:
    factors = [{"name": "factors", "levels": [{"name": "a", "value": 1}, {"name": "b", "value": 2}]}]
    conditions = build_design(study_of({"expression": "factors == 1"}, factors=factors))
    assert [condition.admissible for condition in conditions[::2]] == [True, False]
