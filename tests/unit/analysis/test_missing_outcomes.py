import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.analysis.missing import OutcomeGaps, demanded_outcomes, is_carried_out, missing_demanded
from pytest_dre.analysis.outcomes import outcome_reader, outcome_readers
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.model.study import Study

RESULT = RunResult("s", "cond-1", "run-1", 1, None, None, 1, RunStatus.SUCCESS)
SCORE = {
    "name": "score",
    "source_table": "runs",
    "column": "score",
    "aggregation": "mean",
    "primary": True,
}


def _study(*outcomes) -> Study:
    return Study(study_id="s", title="t", outcomes=[{**SCORE, **item} for item in outcomes])


def _with(score) -> RunResult:
    return replace(RESULT, metrics={"score": score})


def _failed(reason, score=None) -> RunResult:
    return replace(_with(score), status=RunStatus.FAILED, status_reason=reason)


def _gaps(results, **outcome) -> OutcomeGaps:
    gaps = OutcomeGaps(outcome_reader(_study(outcome)))
    for result in results:
        gaps.add(result)
    return gaps


MIXED = [
    _with(3.0),
    _with("abc"),
    _failed("timeout", 1.0),
    _with(7.0),
    _failed("interrupted"),
    replace(RESULT, status=RunStatus.SKIPPED),
]


@pytest.mark.parametrize(
    ("outcome", "value"),
    [
        ({"goal": "maximize"}, 3.0),
        ({"goal": "minimize"}, 7.0),
        ({"goal": "maximize", "range": [-2.0, 10.0]}, -2.0),
        ({"goal": "minimize", "range": [-2.0, 10.0]}, 10.0),
        ({"goal": "maximize", "expected_type": "bool"}, 0.0),
        ({"goal": "minimize", "expected_type": "Boolean"}, 1.0),
        ({"goal": "minimize", "expected_type": "bool", "range": [0.0, 5.0]}, 5.0),
        ({"goal": None, "range": [0.0, 1.0]}, None),
    ],
)
def test_the_worst_value_is_the_bad_end_of_what_is_possible_or_was_observed(outcome, value) -> None:
    gaps = _gaps(MIXED, missing_data_policy="worst", **outcome)
    assert gaps.value == value
    missing = 4 if outcome.get("expected_type") else 2  # neither 3 nor 7 is true or false
    assert (gaps.missing, gaps.imputed) == (missing, 0 if value is None else missing)


@pytest.mark.parametrize("policy", ["drop", "fail"])
def test_other_policies_count_and_impute_nothing(policy) -> None:
    gaps = _gaps(MIXED, missing_data_policy=policy, goal="maximize", range=[0.0, 1.0])
    assert (gaps.missing, gaps.imputed, gaps.value) == (2, 0, None)


def test_without_range_and_values_there_is_no_worst() -> None:
    gaps = _gaps([_failed("timeout")], missing_data_policy="worst", goal="maximize")
    assert (gaps.missing, gaps.imputed, gaps.value) == (1, 0, None)


def test_the_number_of_a_failed_run_is_no_outcome() -> None:
    gaps = OutcomeGaps(outcome_reader(_study({})))
    assert [gaps.add(result) for result in MIXED] == [3.0, None, None, 7.0, None, None]


@given(st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), max_size=20))
def test_every_run_has_a_number_or_is_missing_and_none_becomes_zero(values) -> None:
    gaps = OutcomeGaps(outcome_reader(_study({"missing_data_policy": "worst", "goal": "minimize"})))
    numbers = [gaps.add(_with(value)) for value in values]
    found = [number for number in numbers if number is not None]
    assert len(found) + gaps.missing == len(values)
    assert gaps.value == (max(found) if found else None)
    assert all(number is None for number, value in zip(numbers, values, strict=True) if value is None)


@pytest.mark.parametrize(
    ("status", "reason", "carried_out"),
    [
        ("success", "", True),
        ("failed", "crashed", True),
        ("failed", "", True),
        ("failed", "interrupted", False),
        ("failed", "budget", False),
        ("skipped", "skipped", False),
        ("pending", "", False),
    ],
)
def test_which_runs_were_carried_out(status, reason, carried_out) -> None:
    result = replace(RESULT, status=RunStatus(status), status_reason=reason)
    assert is_carried_out(result) is carried_out


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "the outcome 'score' is missing"),
        ("abc", "the outcome 'score' is 'abc', no number"),
        (math.nan, "the outcome 'score' is nan, no number"),
        ("\x1b[31m" + "x" * 500, None),
        ({"a": ["b"] * 9_999}, "the outcome 'score' is {'a': ['b', 'b', 'b', 'b', 'b', 'b', ...]}, no number"),
    ],
)
def test_a_demanded_outcome_that_is_no_number_is_told(value, said) -> None:
    message = missing_demanded(_study({"missing_data_policy": "fail"}), _with(value))
    assert message is not None
    assert message.endswith(" (missing_data_policy: fail)")
    assert len(message) < 150
    assert message.isprintable()
    assert said is None or message == f"{said} (missing_data_policy: fail)"


@pytest.mark.parametrize("value", [0, False, 1.5, math.inf, 10**400])
def test_a_number_is_what_was_demanded(value) -> None:
    assert missing_demanded(_study({"missing_data_policy": "fail"}), _with(value)) is None


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [("int", 2.5, "is 2.5, no whole number"), ("boolean", 2, "is 2, not true or false"), ("int", "4", "is '4', no")],
)
def test_a_demanded_outcome_of_another_type_is_told(kind, value, said) -> None:
    message = missing_demanded(_study({"missing_data_policy": "fail", "expected_type": kind}), _with(value))
    assert message is not None
    assert f"the outcome 'score' {said}" in message


def test_every_outcome_that_is_demanded_counts_not_only_the_primary() -> None:
    study = _study(
        {"missing_data_policy": "fail"},
        {"name": "cost", "column": "cost_usd", "primary": False, "missing_data_policy": "fail"},
        {"name": "spare", "column": "spare", "primary": False},
        {"name": "derived", "derivation": "1 - score", "primary": False, "missing_data_policy": "fail"},
    )
    assert [reader.name for reader in demanded_outcomes(study)] == ["score", "cost", "derived"]
    assert missing_demanded(study, RESULT) == (
        "the outcome 'score' is missing; the outcome 'cost' is missing; the outcome 'derived' is missing "
        "(missing_data_policy: fail)"
    )
    assert missing_demanded(_study({}), RESULT) is None


def test_all_outcomes_that_can_be_read_are_read() -> None:
    study = _study(
        {},
        {"name": "derived", "derivation": "1 - score", "primary": False},
        {"name": "odd", "source_table": "evaluations", "aggregation": "p95", "primary": False},
        {"name": "tools", "source_table": "events", "column": "tool_call", "aggregation": "count", "primary": False},
    )
    read = [(reader.name, reader.read(_with(2))) for reader in outcome_readers(study)]
    assert read == [("score", 2), ("derived", -1), ("tools", 0)]


def test_where_the_runs_own_outcome_stands_in_its_declaration_holds() -> None:
    own = {"name": "quality", "column": "primary_outcome", "missing_data_policy": "worst", "goal": "maximize"}
    reader = outcome_reader(_study(own, {"name": "other"}))
    assert (reader.name, reader.goal, reader.policy) == ("primary_outcome", "maximize", "worst")
    assert outcome_reader(_study(own, {**own, "name": "twice"})).policy == "drop"
