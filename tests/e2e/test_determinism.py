"""The tables of a study are the same however, wherever and after whatever its runs are carried out."""

import re

import pytest

AGENT = """
import decimal, logging, os, random, socket, sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent.parent


def drawing(rng, number, seed, run_spec):
    if (HERE / "broken").exists() and run_spec.replicate == 2:
        raise ValueError("not today")
    seen = {
        "python": [random.random(), random.gauss(0, 1)],
        "numpy": [np.random.random(), np.random.standard_normal()],
        "own": float(rng.standard_normal()),
        "shuffled": random.sample(range(10), 10),
        "state": [
            os.environ.get("LEAKED"), os.getcwd() == str(HERE), logging.root.level, logging.root.manager.disable,
            "/leaked" in sys.path, sys.getrecursionlimit() % 1000, socket.getdefaulttimeout(),
            str(decimal.Decimal(1) / 3), np.geterr()["over"], str(np.array([1 / 3])),
        ],
    }
    metrics = {"primary_outcome": random.random() + np.random.random()}
    disturb(number)
    return {"output": seen, "metrics": metrics}


def disturb(number):
    random.seed(number)
    np.random.seed(number)
    np.random.set_bit_generator(np.random.PCG64(number))
    os.environ["LEAKED"] = "yes"
    os.chdir("/")
    logging.root.setLevel(1 + number)
    logging.disable(50)
    sys.path.insert(0, "/leaked")
    sys.setrecursionlimit(sys.getrecursionlimit() + 7)
    socket.setdefaulttimeout(0.25)
    decimal.getcontext().prec = 3 + number
    np.seterr(all="raise")
    np.set_printoptions(precision=2)
    sys.stdout = open(os.devnull, "w")
    sys.stdout.close()


def die():
    return {"brief": "roll", "evaluator": lambda output: {"score": random.random(), "noise": np.random.normal()}}
"""
STUDY = """
study_id: drawing
title: Runs that draw, and leave their process changed
factors: [{name: number, levels: [1, 2, 3, 4]}]
agents: {drawing: "./drawing.py:drawing"}
problems: {die: "./drawing.py:die"}
run_budget: {replicates: 2}
"""
CONSUMING = """
import random, numpy as np

def test_a():
    random.seed(__file__); np.random.seed(len(__file__))

def test_b():
    [random.random() for _ in range(7)]; np.random.standard_normal(3)
"""
LATE = AGENT.replace("import numpy as np\n", "").replace("np.", "__import__('numpy').")
TABLES = ("conditions", "runs", "events", "evaluations")
TIMES = {"start_time", "end_time", "latency_s", "timestamp"}
RANDOMLY = "-p no:hypothesispytest"  # what the laboratory sets, but for pytest-randomly


@pytest.fixture
def drawing(lab):
    lab.write("studies/drawing.py", AGENT)
    lab.write("studies/drawing.study.yaml", STUDY)
    return lab


def without_times(row):
    cells = {name: cell for name, cell in row.items() if name not in TIMES}
    return {name: re.sub(r'"latency_s":[^,}]+', '"latency_s":0', cell) for name, cell in cells.items()}


def tables(lab, base="artifacts"):
    return {name: [without_times(row) for row in lab.table("drawing", name, base)] for name in TABLES}


def check(lab):
    """The tables are those of a session in one process that nothing disturbs."""
    found = tables(lab)
    assert len(found["runs"]) == 8
    assert {row["status"] for row in found["runs"]} == {"success"}
    alone = lab.run_here("studies", "-m", "dre", "-p", "no:randomly", "--dre-output=undisturbed")
    assert alone.parseoutcomes()["passed"] == 8
    assert tables(lab, "undisturbed") == found


def test_runs_differ_and_see_nothing_of_each_other(drawing):
    drawing.run_here("studies").assert_outcomes(passed=8)
    check(drawing)
    rows = drawing.table("drawing", "runs")
    assert len({row["primary_outcome"] for row in rows}) == 8
    states = {re.search(r'"state":\[.*?\]', row["outputs_json"])[0] for row in rows}
    assert len(states) == 1
    assert "[null,true,30,0,false," in states.pop()


def test_whatever_the_number_of_workers(drawing):
    drawing.run("studies", "-n3", "--dist=load").assert_outcomes(passed=8)
    check(drawing)


@pytest.mark.parametrize("workers", ["-n1", "-n3"])
def test_where_runs_bring_numpy_in(drawing, workers):
    drawing.write("studies/drawing.py", LATE)
    drawing.run("studies", workers).assert_outcomes(passed=8)
    check(drawing)


@pytest.mark.parametrize(
    "args", [("-n0", "--randomly-seed=1"), ("-n2", "--dist=worksteal", "--randomly-seed=77")], ids=" ".join
)
def test_whatever_the_order(drawing, args, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", RANDOMLY)
    result = drawing.run("studies", "-v", *args)
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["Using --randomly-seed=*"])
    check(drawing)


@pytest.mark.parametrize("mode", [("-p", "no:xdist"), ("-n2", "--dist=loadfile")], ids=" ".join)
def test_whatever_failed_before(drawing, mode):
    (drawing.path / "broken").touch()
    drawing.run("studies", *mode).assert_outcomes(passed=4, failed=4)
    (drawing.path / "broken").unlink()
    drawing.run("studies", "-p", "no:xdist", "--lf").assert_outcomes(passed=4)
    check(drawing)


def test_whatever_tests_run_beside_it(drawing):
    """Before the study, beside it and after it, tests seed and consume the generators."""
    for name in ("test_first.py", "studies/test_consuming.py", "test_last.py"):
        drawing.write(name, CONSUMING)
    places = "test_first.py", "studies", "test_last.py"
    drawing.run(*places, "-p", "no:xdist", "--import-mode=importlib").assert_outcomes(passed=14)
    check(drawing)


LEAKING = """
import os, threading
from pathlib import Path

OVER = threading.Event()


def leaking(number):
    if number == 1:
        threading.Thread(target=OVER.wait, name="poller").start()
    if number == 2:
        OVER.set()
        os.chdir("/")
        Path(os.environ["GONE"]).rmdir()
    return "done"
"""


def test_where_warnings_are_errors_a_leak_costs_no_run(lab, mode):
    lab.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    lab.write(
        "studies/leaking.py",
        """
        import threading, time

        def leaking(number):
            if number == 1:
                threading.Thread(target=time.sleep, args=(1,), name="poller").start()
            return "done"
        """,
    )
    lab.write(
        "studies/leaking.study.yaml",
        """
        study_id: leaking
        title: A run that leaves a thread
        factors: [{name: number, levels: [1, 2]}]
        agents: {leaking: "./leaking.py:leaking"}
        """,
    )
    result = lab.run("studies", *mode)
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(["*leaking.py:3: LeakWarning: the run left a thread running ('poller')"])


def test_what_cannot_be_put_back_is_told_in_the_warnings_summary(lab, monkeypatch):
    monkeypatch.setenv("GONE", str(lab.path / "gone"))
    lab.write("studies/leaking.py", LEAKING)
    lab.write(
        "studies/leaking.study.yaml",
        """
        study_id: leaking
        title: Runs that leave a thread and remove a directory
        factors: [{name: number, levels: [1, 2, 3]}]
        agents: {leaking: "./leaking.py:leaking"}
        """,
    )
    lab.write(
        "conftest.py",
        """
        import os
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_call(item):
            here = os.getcwd()
            os.makedirs("gone", exist_ok=True)
            os.chdir("gone")
            try:
                return (yield)
            finally:
                os.chdir(here)
        """,
    )
    result = lab.run_here("studies", "-W", "default")
    result.assert_outcomes(passed=3, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*= warnings summary =*",
            "*number=1",
            "*LeakWarning: the run left a thread running ('poller')",
            "*number=2",
            "*LeakWarning: the run left its working directory, and */gone cannot be entered again (*)",
        ]
    )
