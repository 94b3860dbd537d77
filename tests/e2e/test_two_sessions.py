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


def in_background(lab, *args):
    command = [sys.executable, "-m", "pytest", *args]
    return subprocess.Popen(command, cwd=lab.path, stdout=subprocess.PIPE, text=True, start_new_session=True)


def wait_for(file):
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, "the session did not start"
        time.sleep(0.02)


def started(lab, *args):
    """Start a session in the background, and wait until its first run is under way."""
    process = in_background(lab, "studies", *args)
    wait_for(lab.path / "calls.txt")
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


SLEEPER = """
import os, signal, time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def wait(number):
    (ROOT / "waiting").touch()
    deadline = time.monotonic() + 60
    while not (ROOT / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    if number == 3 and not (ROOT / "good").exists():
        raise ValueError("the other session's failure")
    return number


def die(number):
    if number == 2 and not (ROOT / "good").exists():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    return number


def test_plain():
    wait(3)
"""


def two_studies(lab):
    for name in ("wait", "die"):
        study = (
            STUDY.replace("slow", name).replace("waiter", name).replace("waiting.py:wait", f"../test_both.py:{name}")
        )
        lab.write(f"studies/{name}/{name}.study.yaml", study)
    lab.write("studies/test_both.py", SLEEPER)


@pytest.mark.parametrize("longer", ["studies/wait", "studies/test_both.py::test_plain"])
def test_the_end_of_a_session_leaves_what_another_has_noted_meanwhile(lab, mode, longer):
    """A session that is killed leaves its pending runs; one that began before and ends after it keeps them."""
    two_studies(lab)
    process = in_background(lab, longer, *mode)
    wait_for(lab.path / "waiting")
    killed = in_background(lab, "studies/die", *mode)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    (lab.path / "go").touch()
    process.communicate(timeout=60)
    (lab.path / "good").touch()
    assert lab.run("studies", "--lf", *mode).ret == 0
    assert lab.manifest("die")["complete"] is True
    if longer == "studies/wait":
        assert lab.manifest("wait")["complete"] is True
