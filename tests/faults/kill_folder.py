"""What stands in the folder that kill points are tried in: two studies, their agents, and a conftest.py that watches.

The log has one line an event, each written at once, so that lines of several processes do not mix and none is lost
with the process that wrote it: `<session> <pid> <role> <what> [<run id>]`.
"""

LOG = """
import os
from pathlib import Path

PATH = Path(__file__).with_name("log.txt")
ROLE = os.environ.get("PYTEST_XDIST_WORKER", "main")


def write(what):
    descriptor = os.open(PATH, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{os.environ['LAB_SESSION']} {os.getpid()} {ROLE} {what}\\n".encode())
    finally:
        os.close(descriptor)
"""

CONFTEST = '''
"""Logs what is done. Counts the lines that the package runs, and kills its process, or all, at a drawn one."""

import json
import os
import signal
import sys
from pathlib import Path

import lab_log
import pytest

import pytest_dre
from pytest_dre.integration.reports import dre_data

PACKAGE = Path(pytest_dre.__file__).parent
LAYERS = tuple(f"{PACKAGE / name}{os.sep}" for name in ("artifacts", "execution", "integration", "sessions", "store"))
A_FUNCTION = 0x1  # flag of code that is neither a module's nor a class's


class Lines:
    """Counts lines by function; `end`, if given, says after how many lines (of which function) to kill."""

    def __init__(self, end):
        self.by_function = {}
        self.total = 0
        self._end = end
        self._tracers = {}  # by id of a code object, which stands beside so that the id stays its own

    def trace(self, frame, event, arg):
        code = frame.f_code
        known = self._tracers.get(id(code))
        if known is None:
            known = self._tracers[id(code)] = (code, self._tracer(code))
        return known[1]

    def _tracer(self, code):
        if not code.co_filename.startswith(LAYERS) or not code.co_flags & A_FUNCTION:
            return None
        function = f"{Path(code.co_filename).relative_to(PACKAGE)}:{code.co_qualname}"

        def local(frame, event, arg):
            if event == "line":
                self._count(function)
            return local

        return local

    def _count(self, function):
        self.total += 1
        self.by_function[function] = self.by_function.get(function, 0) + 1
        if self._end is None:
            return
        wanted = self._end["function"]
        if self._end["line"] == (self.total if wanted is None else wanted == function and self.by_function[function]):
            lab_log.write(f"killed {function}")
            if self._end["all"]:
                os.killpg(os.getpgid(0), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)


def watched():
    """Return what this process is to count, None if nothing."""
    end = json.loads(os.environ.get("LAB_KILL", "null"))
    if end is not None and end["role"] == lab_log.ROLE:
        return Lines(end)
    return Lines(None) if os.environ.get("LAB_COUNT") else None


LINES = watched()
if LINES is not None:
    sys.settrace(LINES.trace)


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    lab_log.write("start")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    if report.when == "call" and hasattr(report, "dre"):
        lab_log.write(f"{'report' if report.passed else 'failed'} {dre_data(report)['run_id']}")


def pytest_runtest_teardown(item):
    if lab_log.ROLE == "gw0" and Path(__file__).with_name("deadly-replay").exists():
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    lab_log.write("closing")


def pytest_dre_export(study, results, output_dir):
    if Path(__file__).with_name("deadly-export").exists():
        os.killpg(os.getpgid(0), signal.SIGKILL)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    sys.settrace(None)
    if os.environ.get("LAB_COUNT"):
        counts = Path(__file__).with_name(f"lines-{lab_log.ROLE}.json")
        counts.write_text(json.dumps(LINES.by_function))
    lab_log.write("end")
'''

AGENTS = '''
import os
import random
import signal
import time
from pathlib import Path

import lab_log
import numpy as np

BROKEN = Path(__file__).parent.parent / "broken"
SLOW = BROKEN.with_name("slow")
DEADLY = BROKEN.with_name("deadly")


def drawing(run_spec, temperature):
    lab_log.write(f"call {run_spec.run_id}")
    if BROKEN.exists() and temperature == 0.7:
        raise ValueError("broken for now")
    if DEADLY.exists() and temperature == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    print("drawing at", temperature)
    steps = [{"event_type": "step", "text": f"step {number} to {random.random()}"} for number in range(3)]
    metrics = {"cost_usd": round(random.random(), 6), "input_tokens": random.randrange(1000)}
    return {"output": {"x": random.gauss(temperature, 1), "text": "ä" * 500}, "metrics": metrics, "events": steps}


def sleeping(run_spec, temperature, rng):
    lab_log.write(f"call {run_spec.run_id}")
    pause = 0.03 * np.random.random()
    if SLOW.exists() and temperature == 0.1 and run_spec.replicate == 1:
        wait_for_next_session()
        pause = 1.5
    time.sleep(pause)
    return {"output": {"x": float(rng.normal())}, "metrics": {"primary_outcome": float(np.random.normal())}}


def wait_for_next_session():
    """Wait until one has started, if it does soon."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and "\\n2 " not in lab_log.PATH.read_text():
        time.sleep(0.05)


def target():
    def scores(x):
        return {"distance": abs(x), "noise": random.random()}

    return {"brief": "hit 0", "family": "targets", "evaluator": scores}
'''

FIRST = """
study_id: first
title: Eight runs with an evaluator
factors: [{name: temperature, levels: [0.1, 0.7]}]
agents: {drawing: "./agents.py:drawing", sleeping: "./agents.py:sleeping"}
problems: {target: "./agents.py:target"}
run_budget: {replicates: 2}
"""

SECOND = """
study_id: second
title: Four runs without a problem
factors: [{name: temperature, levels: [1, 2, 3, 4]}]
agents: {drawing: "./agents.py:drawing"}
"""

FILES = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": CONFTEST,
    "lab_log.py": LOG,
    "studies/agents.py": AGENTS,
    "studies/first.study.yaml": FIRST,
    "studies/second.study.yaml": SECOND,
}
RUNS = {"first": 8, "second": 4}
