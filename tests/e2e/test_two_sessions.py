"""Two sessions on one study at once: both are safe, and no run is executed by both."""

import signal
import subprocess
import sys
import time

import pytest

STUDY = """
study_id: slow
title: A study whose runs wait for a file
factors: [{name: number, levels: [0, 1, 2, 3]}]
agents: {waiter: "./waiting.py:wait"}
"""

AGENT = """
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def wait(number):
    with (ROOT / "calls.txt").open("a") as calls:
        calls.write(f"{number}\\n")
    deadline = time.monotonic() + 60
    while not (ROOT / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return number
"""


@pytest.fixture
def slow(lab):
    lab.write("studies/waiting.py", AGENT)
    lab.write("studies/slow.study.yaml", STUDY)
    return lab


def started(lab, *args):
    """Start a session in the background, and wait until its first run is under way."""
    command = [sys.executable, "-m", "pytest", "studies", *args]
    process = subprocess.Popen(command, cwd=lab.path, stdout=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (lab.path / "calls.txt").exists():
        assert time.monotonic() < deadline, "the session did not start"
        time.sleep(0.02)
    return process


def test_the_second_says_who_runs_and_starts_nothing(slow, mode):
    process = started(slow, *mode)
    result = slow.run("studies", *mode)
    result.assert_outcomes(skipped=4)
    assert result.ret == 1
    assert f"is being run by pid {process.pid}" in slow.words(result)
    assert not (slow.path / "artifacts/slow/manifest.json").exists(), "the artifacts are the first session's"
    (slow.path / "go").touch()
    output, _ = process.communicate(timeout=60)
    assert "4 passed" in output
    assert sorted(slow.calls()) == ["0", "1", "2", "3"], "no run is executed by both"
    assert "4 cached" in slow.run("studies", "--dre-resume", *mode).stdout.str()


def test_a_session_that_was_killed_is_no_hindrance(slow, mode):
    process = started(slow, *mode)
    process.send_signal(signal.SIGKILL)  # of a controller, whose workers finish their runs
    process.communicate(timeout=60)
    (slow.path / "go").touch()
    result = slow.run("studies", "--lf", *mode)
    assert result.ret == 0, result.stdout.str()
    assert slow.manifest("slow")["complete"] is True
    assert slow.run("studies", "--dre-resume", *mode).ret == 0
