"""Faults of derivations, as a user sees them."""

import pytest

from pytest_dre.loading import validate_study
from pytest_dre.model.study import Study


def _faults(*derivations: str) -> list[str]:
    where = {"source_table": "runs", "column": "x", "aggregation": "mean"}
    outcomes = [{**where, "name": f"o{index}", "derivation": text} for index, text in enumerate(derivations)]
    return [str(fault) for fault in validate_study(Study(study_id="s", title="t", runner="a:b", outcomes=outcomes))]


@pytest.mark.parametrize("text", ["score / cost_usd", "1 - o0", "x if feasible else 0", "any_metric + any_other"])
def test_what_may_have_a_value_is_sound(text):
    assert _faults(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mean of all scores", "outcomes[0].derivation: "),
        ("1 -", "outcomes[0].derivation: "),
        ("", "outcomes[0].derivation: the expression is empty; a derivation computes with metrics"),
        ("mean(score)", "'mean' is no function here"),
        ("score.real", "an attribute of a value is not allowed"),
        ("__import__('os').system('ls')", "is no function here"),
        ("true and feasible", "unknown name 'true'; write True"),
    ],
)
def test_what_cannot_be_evaluated_is_told_with_its_place(text, said):
    (fault,) = _faults(text)
    assert said in fault
    assert fault.startswith("outcomes[0].derivation: ")


def test_a_circle_is_told_once():
    assert _faults("score", "o2 + 1", "o3", "o1 * 2", "o1 + score") == [
        "outcomes[1].derivation: the derivations of 'o1', 'o2', 'o3' read each other in a circle; "
        "let one of them read metrics only"
    ]
