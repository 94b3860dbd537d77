"""Expected outcomes that are none, or that cannot be."""

import pytest

from pytest_dre.errors import StudyError
from pytest_dre.loading import parse_study
from pytest_dre.loading.validation import validate_study

STUDY = """
study_id: s
title: T
agents: {a: "m:a"}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, range: [0, 10]}
  - {name: ok, source_table: runs, column: ok, aggregation: mean, expected_type: boolean}
  - {name: cost, source_table: runs, column: cost, aggregation: mean}
limits:
"""


def faults(limits: str) -> list[str]:
    try:
        source = parse_study(STUDY + f"  {limits}\n")
    except StudyError as error:
        return [str(fault) for fault in error.faults]
    return [str(fault) for fault in validate_study(source.study)]


@pytest.mark.parametrize(
    "stated",
    [
        "score: {mean: 9, sd: 3}",
        "score: {sd: 5}",
        "ok: {mean: 0.5, sd: 0.5}",
        "ok: {mean: 1}",
        "cost: {mean: -1e9, sd: 1e9, problem_sd: 3}",
        "",
    ],
)
def test_what_can_be_is_no_fault(stated: str) -> None:
    assert faults(f"expected: {{outcomes: {{{stated}}}}}") == []


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("scor: {sd: 1}", "did you mean 'score'?"),
        ("score: {mean: 11}", "the mean 11 lies outside the outcome's range; write a number from 0 to 10"),
        ("score: {sd: 5.1}", "values in the outcome's range have a standard deviation of at most 5"),
        ("score: {mean: 9, sd: 3.1}", "range with the mean 9 have a standard deviation of at most 3; write a smaller"),
        ("ok: {mean: 1.2}", "write a number from 0 to 1"),
        ("cost: {sd: -1}", "sd"),
        ("cost: {std: 1}", "std"),
    ],
)
@pytest.mark.parametrize("place", ["expected", "agent"])
def test_what_cannot_be_is_told_with_its_place(stated: str, said: str, place: str) -> None:
    expected = f"expected: {{outcomes: {{{stated}}}}}"
    found = faults(expected if place == "expected" else f"agents: {{a: {{{expected}}}}}")
    assert len(found) == 1
    assert said in found[0]
    assert "outcomes" in found[0]


def test_an_empty_range_is_one_fault() -> None:
    text = STUDY.replace("[0, 10]", "[10, 0]") + "  expected: {outcomes: {score: {mean: 5}}}\n"
    with pytest.raises(StudyError) as caught:
        parse_study(text)
    assert len(caught.value.faults) == 1
