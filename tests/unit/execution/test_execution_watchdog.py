"""Processes that a run holds in C are ended, and leave word of it."""

import faulthandler
import json
import os
import subprocess
import sys
import textwrap
import time

import pytest

from pytest_dre.execution.watchdog import Hang, Watchdog, read_watchdog

LEAD = """
    import faulthandler, itertools, os, pathlib, sys, time
    from pytest_dre.execution.watchdog import Watchdog
    file = pathlib.Path(sys.argv[1])

    def hold():
        any(itertools.repeat(False))  # never ends, and never lets another thread or a signal's handler run
"""


def ended(tmp_path, code):
    """Run the code in a process; return its exit status, what it wrote, and its watchdog's file."""
    script, file = tmp_path / "script.py", tmp_path / "watchdog"
    script.write_text(textwrap.dedent(LEAD) + textwrap.dedent(code))
    process = subprocess.run(
        [sys.executable, str(script), str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    return process.returncode, process.stdout + process.stderr, file


def test_a_run_that_holds_the_interpreter_is_ended_and_says_where_it_was(tmp_path):
    started = time.time()
    status, output, file = ended(
        tmp_path,
        """
        def agent():
            hold()

        with Watchdog(file).armed("run-1", 0.5, 0.5):
            agent()
        print("never")
        """,
    )
    now = time.time()
    assert (status, output) == (1, "")
    assert now - started < 20
    hang = read_watchdog(file)
    assert (hang.run_id, hang.limit_s) == ("run-1", 0.5)
    assert started <= hang.started <= now
    assert "in hold" in hang.traceback
    assert "in agent" in hang.traceback
    assert hang.timed_out(hang.started), "the dump tells, whatever the clock says"


def test_an_endless_regular_expression_is_ended(tmp_path):
    status, _, file = ended(
        tmp_path,
        """
        import re
        with Watchdog(file).armed("run-1", 0.2, 0.2):
            re.match(r"(a+)+$", "a" * 64 + "b")
        """,
    )
    assert status == 1
    assert "script.py" in read_watchdog(file).traceback


def test_it_lives_beside_an_enabled_faulthandler_and_another_timer(tmp_path):
    status, output, file = ended(
        tmp_path,
        """
        faulthandler.enable()
        def other():
            faulthandler.dump_traceback_later(0.1, file=sys.stderr)
        other()
        with Watchdog(file, set_again=other).armed("run-1", 30.0, 1.0):
            time.sleep(0.3)
        print("quiet", flush=True)
        time.sleep(0.5)
        print(faulthandler.is_enabled())
        faulthandler.cancel_dump_traceback_later()
        """,
    )
    assert status == 0
    assert output.startswith("quiet\nTrue\n")
    assert output.count("Timeout (0:00:00.1") == 1, "the other timer is set again, and did not strike meanwhile"
    assert file.read_bytes() == b""


def test_a_run_in_time_leaves_nothing(tmp_path):
    watchdog = Watchdog(tmp_path / "watchdog")
    for number in range(3):
        with watchdog.armed(f"run-{number}", 30.0, 1.0):
            entry = json.loads((tmp_path / "watchdog").read_text())
            assert (entry["run_id"], entry["pid"], entry["limit_s"]) == (f"run-{number}", os.getpid(), 30.0)
        assert (tmp_path / "watchdog").read_bytes() == b""
        assert read_watchdog(tmp_path / "watchdog") is None


def test_a_failing_run_disarms_it(tmp_path):
    with pytest.raises(ValueError, match="no"), Watchdog(tmp_path / "watchdog").armed("run", 0.1, 0.1):
        raise ValueError("no")
    time.sleep(0.4)  # still alive
    assert read_watchdog(tmp_path / "watchdog") is None


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_process_that_dies_of_something_else_leaves_what_it_had_under_way(tmp_path):
    status, _, file = ended(
        tmp_path,
        """
        with Watchdog(file).armed("run-7", 5.0, 1.0):
            os.kill(os.getpid(), 9)
        """,
    )
    hang = read_watchdog(file)
    assert status == -9
    assert (hang.run_id, hang.traceback) == ("run-7", "")
    assert not hang.timed_out(hang.started + 1.0)
    assert hang.timed_out(hang.started + 5.0), "something else ended it at its limit"


def test_where_the_file_cannot_be_written_the_run_goes_on(tmp_path):
    with Watchdog(tmp_path / "no" / "watchdog").armed("run", 30.0, 1.0):
        done = True
    assert done


def test_a_limit_beyond_all_timers_is_none(tmp_path):
    with Watchdog(tmp_path / "watchdog").armed("run", 1e300, 1.0):
        pass
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"3", b'{"run_id": "r"}', b"\xff\n"])
def test_what_is_no_watchdog_s_file_is_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "watchdog").write_bytes(content)
    assert read_watchdog(tmp_path / "watchdog") is None


def test_a_long_dump_is_cut(tmp_path):
    entry = {"run_id": "r", "pid": 1, "started": 10.0, "limit_s": 2.0}
    (tmp_path / "watchdog").write_bytes(json.dumps(entry).encode() + b"\n" + b"\xff" + b"x" * 100_000)
    hang = read_watchdog(tmp_path / "watchdog")
    assert hang == Hang("r", 1, 10.0, 2.0, hang.traceback)
    assert hang.traceback.startswith("\\xffxxx")
    assert len(hang.traceback) == 50_000
