"""What is told of tests that could not be carried out."""

from pytest_dre.analysis.undone import UndoneTests


def test_the_first_reason_is_told() -> None:
    assert UndoneTests.among(["", "no pairs", "no factor"]) == UndoneTests(2, 3, "no pairs")


def test_of_tests_that_all_were_carried_out_nothing_is_told() -> None:
    assert UndoneTests.among(["", ""]) is None
    assert UndoneTests.among([]) is None
