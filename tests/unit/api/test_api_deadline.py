"""Time limits."""

import signal
import time
from contextlib import suppress

import pytest

from pytest_dre.api import performing
from pytest_dre.api.deadline import RunTimeout, deadline, limit_fault
from pytest_dre.api.performing import Performer
from pytest_dre.api.preparation import Request, prepare

PATH = ("limits", "timeout_s")


def test_a_block_is_interrupted_and_the_handler_restored():
    handler = signal.getsignal(signal.SIGALRM)
    with pytest.raises(RunTimeout, match=r"longer than 0\.05 s"), deadline(0.05):
        time.sleep(5)
    assert signal.getsignal(signal.SIGALRM) is handler


@pytest.mark.parametrize("seconds", [None, 30.0])
def test_a_quick_block_goes_on(seconds):
    with deadline(seconds) as alarm:
        done = True
    assert done
    assert not alarm.rang


def test_a_block_that_swallows_its_timeout_is_found_out():
    with deadline(0.05) as alarm, suppress(RunTimeout):
        time.sleep(5)
    assert alarm.rang


def test_a_timer_that_was_running_is_set_again():
    rung = []
    handler = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    outer = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with deadline(30):
            pass
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 0.2
        time.sleep(0.3)
        assert rung == [True]
    finally:
        signal.setitimer(signal.ITIMER_REAL, *outer)
        signal.signal(signal.SIGALRM, handler)


def test_an_alarm_that_comes_after_the_block_does_no_harm():
    with deadline(30):
        ring = signal.getsignal(signal.SIGALRM)
    ring(signal.SIGALRM, None)


def test_a_platform_without_timers_cannot_enforce_limits(monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    assert "this platform has no timer" in str(limit_fault(PATH, in_this_thread=False))


def test_main_threads_and_worker_processes_can():
    assert limit_fault(PATH, in_this_thread=True) is None
    assert limit_fault(PATH, in_this_thread=False) is None


def test_a_limit_that_strikes_while_the_result_is_made_fails_the_run_all_the_same(here, make_study, monkeypatch):
    prepared = prepare(Request(make_study(limits={"timeout_s": 0.05}), agent_bindings={"a": lambda: "done"}))
    execute_run = performing.execute_run

    def slow(*arguments, **options):
        execute_run(*arguments, **options)
        time.sleep(30)

    monkeypatch.setattr(performing, "execute_run", slow)
    run = prepared.planned.plan.runs[0]
    result = Performer(prepared.bindings, None, "session", prepared.planned.study).perform(run)
    assert (result.run_id, str(result.status), result.status_reason) == (run.run_id, "failed", "timeout")
