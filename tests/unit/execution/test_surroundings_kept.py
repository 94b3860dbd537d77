"""What a run changes in its process is put back; what cannot be is told."""

import contextvars
import decimal
import functools
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from pytest_dre.execution import surroundings
from pytest_dre.execution.surroundings import LeakWarning, kept_surroundings

SPARE = logging.NullHandler()
PLACE = contextvars.ContextVar("PLACE", default="nowhere")
UNSET = contextvars.ContextVar("UNSET")


def observed():
    """Return what a later run could notice."""
    return {
        "directory": os.getcwd(),  # noqa: PTH109
        "streams": (id(sys.stdin), id(sys.stdout), id(sys.stderr)),
        "path": list(sys.path),
        "filters": list(warnings.filters),
        "logging": (logging.root.level, logging.root.manager.disable, list(logging.root.handlers)),
        "recursion": sys.getrecursionlimit(),
        "signals": (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)),
        "garbage": gc.isenabled(),
        "arguments": (id(sys.argv), list(sys.argv)),
        "excepthook": sys.excepthook,
        "switches": sys.getswitchinterval(),
        "timeout": socket.getdefaulttimeout(),
        "decimal": (decimal.getcontext().prec, decimal.getcontext().rounding),
        "numpy": (np.geterr(), np.get_printoptions()["precision"]),
        "place": PLACE.get(),
        "alarm": signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        "zone": time.strftime("%Z", time.localtime(0)),
        "TZ": os.environ.get("TZ"),
    }


def change_decimal_context():
    decimal.setcontext(decimal.Context(prec=3))


def change_time_zone():
    os.environ["TZ"] = "XYZ-3"
    time.tzset()


CHANGES = {
    "directory": lambda: os.chdir("/"),
    "stdout": lambda: setattr(sys, "stdout", open(os.devnull, "w")),  # noqa: SIM115, PTH123
    "stderr": lambda: setattr(sys, "stderr", None),
    "stdin": lambda: setattr(sys, "stdin", None),
    "path": lambda: sys.path.insert(0, "/nowhere"),
    "filters": lambda: warnings.simplefilter("ignore"),
    "level": lambda: logging.root.setLevel(5),
    "disable": lambda: logging.disable(50),
    "handlers": lambda: logging.root.addHandler(SPARE),
    "recursion": lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 500),
    "SIGINT": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    "SIGTERM": lambda: signal.signal(signal.SIGTERM, lambda *_: None),
    "garbage": gc.disable,
    "argument": lambda: sys.argv.append("--more"),
    "arguments": lambda: setattr(sys, "argv", ["other"]),
    "excepthook": lambda: setattr(sys, "excepthook", print),
    "switches": lambda: sys.setswitchinterval(0.5),
    "timeout": lambda: socket.setdefaulttimeout(0.5),
    "precision": lambda: setattr(decimal.getcontext(), "prec", 50),
    "decimal context": change_decimal_context,
    "numpy errors": lambda: np.seterr(all="raise"),
    "numpy printing": lambda: np.set_printoptions(precision=2),
    "context variable": lambda: PLACE.set("here"),
    "alarm": lambda: signal.alarm(100),
    "time zone": change_time_zone,
}


@pytest.fixture
def untouched():
    """Put things back even if the code under test does not."""
    place = contextvars.copy_context()
    stdio, path, directory = (sys.stdin, sys.stdout, sys.stderr), sys.path[:], os.getcwd()  # noqa: PTH109
    yield place
    sys.stdin, sys.stdout, sys.stderr = stdio
    sys.path[:] = path
    os.chdir(directory)


@pytest.mark.skipif(int(np.__version__.split(".")[0]) < 2, reason="NumPy 1 keeps its options elsewhere")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_a_run_changes_is_put_back_without_a_word(untouched, change):
    before = observed()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened = sys.stdout
        with kept_surroundings():
            change()
            changed = observed()
            opened = sys.stdout
        if opened is not sys.stdout:
            opened.close()
    assert changed != before
    assert observed() == before


def test_a_context_variable_set_before_gets_its_value_again(untouched):
    token = PLACE.set("there")
    try:
        with kept_surroundings():
            PLACE.set("here")
        assert PLACE.get() == "there"
    finally:
        PLACE.reset(token)


def test_a_context_variable_that_has_no_default_stays():
    def run():
        with kept_surroundings():
            UNSET.set(1)
        return UNSET.get()

    assert contextvars.copy_context().run(run) == 1


def test_an_alarm_set_before_the_run_still_rings():
    """It is the timeout that bounds the run."""
    signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        with kept_surroundings():
            pass
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def warned(block):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with kept_surroundings():
            warnings.simplefilter("ignore")  # the run cannot silence what is told about it
            block()
    assert all(warning.category is LeakWarning for warning in caught)
    return [str(warning.message) for warning in caught]


@pytest.fixture
def running():
    """Threads that run until the test is over: call it with a name."""
    over, threads = threading.Event(), []

    def start(name, daemon=False):
        threads.append(threading.Thread(target=over.wait, name=name, daemon=daemon))
        threads[-1].start()

    yield start
    over.set()
    for thread in threads:
        thread.join()


def test_a_thread_that_runs_on_is_named(running):
    assert warned(lambda: running("poller")) == ["the run left a thread running ('poller')"]
    assert warned(lambda: None) == []


def test_of_many_threads_three_are_named(running):
    def start():
        for number in range(5):
            running(f"{number}\n" + "x" * 100)

    (message,) = warned(start)
    assert message.startswith("the run left 5 threads running ('0\\nxxx")
    assert message.endswith(" and 2 more)")
    assert len(message) < 300
    assert "\n" not in message


def test_threads_that_end_with_the_process_are_not_told(running):
    assert warned(lambda: running("monitor", daemon=True)) == []


def test_a_thread_that_was_there_before_is_not_told(running):
    running("earlier")
    assert warned(lambda: running("later")) == ["the run left a thread running ('later')"]


def test_a_working_directory_that_is_gone_is_told(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def leave():
        os.chdir(tmp_path)
        (tmp_path / "here").rmdir()

    (message,) = warned(leave)
    assert message == (
        f"the run left its working directory, and {tmp_path / 'here'} cannot be entered again"
        " (No such file or directory)"
    )


def test_a_process_without_a_working_directory_stays_where_the_run_ends(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    assert warned(lambda: os.chdir(tmp_path)) == []


def fail_and_leave(running):
    with kept_surroundings():
        running("poller")
        raise ZeroDivisionError


def test_where_warnings_are_errors_a_leak_is_shown_all_the_same(running):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        with kept_surroundings():
            running("poller")
        with pytest.raises(ZeroDivisionError):
            fail_and_leave(running)
    assert [str(warning.message) for warning in caught] == ["the run left a thread running ('poller')"] * 2


def test_a_leak_may_be_ignored(running):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", LeakWarning)
        with kept_surroundings():
            running("poller")
    assert caught == []


class Agent:
    def run(self):
        """Do nothing."""


class Unreadable:
    @property
    def run(self):
        raise ValueError("not now")


@pytest.mark.parametrize(
    ("agent", "place"),
    [
        (fail_and_leave, fail_and_leave),
        (functools.partial(fail_and_leave, None), fail_and_leave),
        (functools.lru_cache(fail_and_leave), fail_and_leave),
        (Agent, Agent.run),
        (Agent(), Agent.run),
        (Agent().run, Agent.run),
        (Unreadable(), None),
        (None, None),
    ],
)
def test_a_leak_is_told_at_the_agents_place(running, agent, place):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with kept_surroundings(agent=agent):
            running("poller")
    code = place and place.__code__
    expected = (code.co_filename, code.co_firstlineno) if code else (surroundings.__file__, 1)
    assert (caught[0].filename, caught[0].lineno) == expected


def test_what_runs_change_in_nested_blocks_is_put_back_in_turn(untouched):
    before = observed()
    with kept_surroundings():
        sys.path.append("/outer")
        outer = observed()
        with kept_surroundings():
            sys.path.append("/inner")
            PLACE.set("inner")
        assert observed() == outer
    assert observed() == before
