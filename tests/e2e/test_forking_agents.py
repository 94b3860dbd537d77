"""A child that an agent forks never goes on with the session."""

import json
import os

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

AGENT = """
import asyncio, os, sys
from pathlib import Path


def child(how):
    print("before the fork")
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if how == "exits":
        sys.exit(3)
    if how == "says":
        sys.exit("done here")
    if how == "raises":
        raise ValueError("of the child")
    if how == "skips":
        import pytest
        pytest.skip("the child")
    return 0


def forking(how):
    with (Path(__file__).parent / "calls.txt").open("a") as calls:
        calls.write(f"{how}\\n")
    return {"output": {"code": child(how)}, "metrics": {"cost_usd": 1.0}}


async def forking_in_a_loop(how):
    parent = os.getpid()
    result = forking(how)
    if os.getpid() != parent:
        return result
    assert await asyncio.to_thread(int, "7") == 7  # the child has not taken the loop's wake-ups away
    return result


def judge(x):
    return {"code": child(x["candidate"])}


def plain(how):
    with (Path(__file__).parent / "calls.txt").open("a") as calls:
        calls.write(f"{how}\\n")
    return {"output": {"answer": {"candidate": how}}, "metrics": {"cost_usd": 1.0}}


def problem():
    return {"brief": "b", "evaluator": judge}
"""
CODES = {"exits": 3, "says": 1, "raises": 1, "skips": 1, "returns": 0}
STUDY = """
study_id: forking
title: Forking
factors: [{name: how, levels: [exits, says, raises, skips, returns]}]
"""


@pytest.fixture
def forked(lab):
    def write(agent, *, problem=False):
        problems = 'problems: {problem: "./forking.py:problem"}\n' if problem else ""
        lab.write("studies/forking.py", AGENT)
        lab.write("studies/forking.study.yaml", f'{STUDY}agents: {{a: "./forking.py:{agent}"}}\n{problems}')
        return lab

    return write


def check_that_each_ran_once(lab, result):
    result.assert_outcomes(passed=5)
    assert sorted((lab.path / "studies/calls.txt").read_text().split()) == sorted(CODES)
    assert sum(float(row["cost_usd"]) for row in lab.table("forking", "runs")) == 5
    assert "$5" in lab.words(result)


@pytest.mark.parametrize("agent", ["forking", "forking_in_a_loop"])
def test_a_child_of_an_agent_ends_where_it_comes_back(forked, agent, mode):
    lab = forked(agent)
    check_that_each_ran_once(lab, lab.run("studies", *mode))
    rows = lab.table("forking", "runs")
    assert [json.loads(row["outputs_json"])["code"] for row in rows] == list(CODES.values())


def test_a_child_of_an_evaluator_ends_where_it_comes_back(forked, mode):
    lab = forked("plain", problem=True)
    check_that_each_ran_once(lab, lab.run("studies", *mode))
    assert [float(row["metric_value"]) for row in lab.table("forking", "evaluations")] == list(CODES.values())


def test_what_a_child_raised_is_captured_with_its_run(forked):
    lab = forked("forking")
    output = lab.pytester.runpytest_subprocess("studies", "-n0", "-rA", "-k", "raises").stdout
    output.fnmatch_lines(["*ValueError: of the child"])
    assert output.str().count("before the fork") == 1
