"""What a summary says of analysis plans: that tests could not be carried out."""

from pytest_dre.analysis.undone import UndoneTests
from pytest_dre.reporting.closing import Whereabouts, closing_entries
from pytest_dre.reporting.statistics import TallyCounter

UNDONE = UndoneTests(2, 3, "the test fisher does not suit the outcome 'x\x1b'")


def _entries(make_study, make_plan, undone, *, compact=False):
    study = make_study(level=[1])
    tally = TallyCounter(study, make_plan(study), (), ()).study
    about = Whereabouts("artifacts/s", None, undone=undone)
    return {entry.label: entry for entry in closing_entries(tally, about, compact=compact)}


def test_tests_that_could_not_be_carried_out_are_told_with_the_first_reason(make_study, make_plan) -> None:
    entry = _entries(make_study, make_plan, UNDONE)["analysis"]
    assert entry.words == (
        "2 of 3 tests could not be carried out: the test fisher does not suit the outcome 'x\\x1b' (analysis.json)"
    )
    assert _entries(make_study, make_plan, UNDONE, compact=True)["analysis"].lines == 1


def test_if_all_were_carried_out_nothing_is_said(make_study, make_plan) -> None:
    assert "analysis" not in _entries(make_study, make_plan, None)
