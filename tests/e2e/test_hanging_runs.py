"""Runs that hold the interpreter in C, where no timeout gets the word."""

import time

import pytest

AGENT = """
import itertools
import time


def hold(number):
    if number == 1:
        sum(itertools.repeat(1, 10**14))  # a loop in C, which looks for no signals
    return number


def wait(number):
    if number == 1:
        time.sleep(100)
    return number
"""

STUDY = """
study_id: hang
title: T
factors: [{name: number, levels: [0, 1, 2, 3]}]
agents: {a: "./hanging.py:hold"}
limits: {timeout_s: 0.5}
"""


@pytest.fixture
def hang(lab):
    lab.write("studies/hanging.py", AGENT)
    lab.write("studies/hang.study.yaml", STUDY)
    return lab


def test_its_worker_is_ended_and_the_session_goes_on(hang):
    started = time.monotonic()
    result = hang.run("studies", "-n2")
    assert time.monotonic() - started < 60
    result.assert_outcomes(passed=3, failed=1)
    output = " ".join(result.stdout.str().split())
    assert "recorded as failed (timeout)" in output
    assert "hanging.py" in output, "the place where it hung"
    assert hang.manifest("hang")["failure_reasons"] == {"timeout": 1}
    hang.write("studies/hanging.py", AGENT.replace("number == 1", "False"))
    assert hang.run("studies", "-n2", "--dre-resume").ret == 0
    leftovers = [path.name for path in (hang.path / "artifacts/hang").iterdir() if path.name.startswith(".watch")]
    assert leftovers == []


def test_the_thread_method_of_pytest_timeout_is_a_timeout_too(hang):
    hang.write("studies/hang.study.yaml", STUDY.replace(":hold", ":wait"))
    result = hang.run("studies", "-n2", "-o", "timeout_method=thread")
    result.assert_outcomes(passed=3, failed=1)
    assert hang.manifest("hang")["failure_reasons"] == {"timeout": 1}


def test_an_agents_own_timeout(hang, mode):
    limits = "limits: {timeout_s: 60, agents: {a: {timeout_s: 0.5}}}\n"
    hang.write("studies/hang.study.yaml", STUDY.replace("limits: {timeout_s: 0.5}\n", limits).replace(":hold", ":wait"))
    result = hang.run("studies", *mode)
    result.assert_outcomes(passed=3, failed=1)
    assert hang.manifest("hang")["failure_reasons"] == {"timeout": 1}
