"""Runs that hold the interpreter in C, where no timeout gets the word."""

import json
import re
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
    assert re.search(r'held \(most recent call first\): File "[^"]*hanging.py", line 7 in hold worker', output)
    assert "- Timeout: the run took longer" in output, "the short summary"
    (failed,) = [row for row in hang.table("hang", "runs") if row["status"] == "failed"]
    assert failed["error_info"].endswith("(0.5 s), and its process was ended"), "one line"
    assert hang.manifest("hang")["failure_reasons"] == {"timeout": 1}
    hang.write("studies/hanging.py", AGENT.replace("number == 1", "False"))
    assert hang.run("studies", "-n2", "--dre-resume").ret == 0
    leftovers = [path.name for path in (hang.path / "artifacts/hang").iterdir() if path.name.startswith(".watch")]
    assert leftovers == []


@pytest.mark.parametrize("bound", ["limits", "session"])
def test_the_seconds_of_runs_that_are_ended_with_their_workers_count(hang, bound):
    """Else runs that all hang would be started for ever under a bound of seconds."""
    hang.write("studies/hanging.py", AGENT.replace("number == 1", "True"))
    limits = "{timeout_s: 0.5, max_total_s: 2.5}" if bound == "limits" else "{timeout_s: 0.5}"
    hang.write("studies/hang.study.yaml", STUDY.replace("{timeout_s: 0.5}", limits))
    options = () if bound == "limits" else ("--dre-max-total-s", "2.5")
    hang.run("studies", "-n1", *options).assert_outcomes(failed=2, skipped=2)
    assert hang.manifest("hang")["failure_reasons"] == {"timeout": 2}
    assert all(1.5 <= float(row["latency_s"]) < 20 for row in hang.table("hang", "runs"))


def test_the_seconds_of_a_run_that_ended_a_session_without_workers_count(hang):
    hang.write("studies/hanging.py", AGENT.replace("number == 1", "False"))
    hang.run_here("studies").assert_outcomes(passed=4)
    run = next(row["run_id"] for row in hang.table("hang", "runs"))
    under_way = {"run_id": run, "pid": 1, "started": time.time() - 70, "limit_s": 0.5}
    (hang.path / "artifacts/hang/.watchdog-dead-main").write_text(f"{json.dumps(under_way)}\nTimeout!\n")
    result = hang.run_here("studies", "--dre-resume", "--dre-limit", "max_total_s=60")
    result.assert_outcomes(skipped=1)
    assert "cached" in result.stdout.str()
    assert "ended an earlier session" in " ".join(result.stdout.str().split())
    assert hang.manifest("hang")["failure_reasons"] == {"timeout": 1}


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


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_a_timeout_that_the_agent_turns_into_another_failure_is_one(hang, how):
    hang.write("studies/hang.study.yaml", STUDY.replace(":hold", ":wrap"))
    wrap = """
    import time


    def wrap(number):
        try:
            time.sleep(100 if number == 1 else 0)
        except BaseException as error:
            raise ValueError("wrapped") from error
        return number
    """
    hang.write("studies/hanging.py", wrap)
    hang.run("studies", how).assert_outcomes(passed=3, failed=1)
    (failed,) = [row for row in hang.table("hang", "runs") if row["status"] == "failed"]
    assert failed["status_reason"] == "timeout"
    assert failed["error_info"].endswith("its time was up (limits.timeout_s is 0.5): ValueError: wrapped")
