"""What a session replays and what it carries out."""

import pytest

from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.sessions.resuming import Action, Resumption

RUN, REPLAY, HOLD = Action.RUN, Action.REPLAY, Action.HOLD_BACK


def stored(status):
    return RunResult("s", "c", "r", 1, "a", None, 0, RunStatus(status))


@pytest.mark.parametrize(
    ("rerun", "missing", "done", "failed", "stale"),
    [
        ((), RUN, REPLAY, RUN, RUN),
        (("stale",), RUN, REPLAY, REPLAY, RUN),
        (("failed",), RUN, REPLAY, RUN, HOLD),
        (("failed", "stale"), RUN, REPLAY, RUN, RUN),
        (("all",), RUN, RUN, RUN, RUN),
    ],
)
def test_what_is_carried_out_again(rerun, missing, done, failed, stale):
    resumption = Resumption(resume=True, rerun=frozenset(rerun))
    assert resumption.action(None) is missing
    assert resumption.action(stored("success")) is done
    assert resumption.action(stored("failed")) is failed
    assert resumption.action(stored("success"), stale=True) is stale


def test_without_resume_everything_runs():
    assert Resumption().action(stored("success")) is RUN


@pytest.mark.parametrize(
    ("rerun", "status", "action"),
    [
        ((), "success", REPLAY),
        ((), "failed", RUN),
        (("stale",), "success", RUN),
        (("failed",), "success", REPLAY),
        (("all",), "success", RUN),
    ],
)
def test_stale_results_that_are_allowed_count_as_the_others(rerun, status, action):
    resumption = Resumption(resume=True, rerun=frozenset(rerun), allow_stale=True)
    assert resumption.action(stored(status), stale=True) is action
