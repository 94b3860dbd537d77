"""A small laboratory: a folder with studies and agents, and pytest run in it as a user would."""

import csv
import json
import re
from pathlib import Path
from textwrap import dedent

import numpy  # noqa: F401 - pytester's in-process runs forget modules they brought in, and NumPy loads only once
import pytest
import scipy.stats  # noqa: F401

import pytest_dre.integration.session  # noqa: F401

MODES = {"no xdist": ("-p", "no:xdist"), "n0": ("-n0",), "n2": ("-n2",)}

AGENTS = """
import os, random, signal, sys, time
from pathlib import Path


def solve(problem, temperature):
    print("solving at", temperature)
    return {"output": {"x": random.random() + temperature}, "metrics": {"cost_usd": 0.01}}


def log_call(line):
    with (Path(__file__).parent.parent / "calls.txt").open("a") as calls:
        calls.write(f"{line}\\n")


def logged(run_spec, temperature):
    log_call(f"{run_spec.run_id} {temperature} {run_spec.replicate}")
    if (Path(__file__).parent.parent / "broken").exists() and temperature == 0.7:
        raise ValueError("too warm")
    return {"output": "fine", "metrics": {"primary_outcome": temperature}}


def root():
    return {"brief": "find x", "family": "roots", "evaluator": lambda x: {"score": x}}
"""

STUDY = """
study_id: first
title: A first study
factors:
  - {name: temperature, levels: [0.1, 0.7]}
  - {name: style, levels: [plain, scaffolded]}
agents: {solver: "./agents.py:solve"}
problems: {root: "./agents.py:root"}
run_budget: {replicates: 2}
"""

LOGGED = """
study_id: logged
title: A study whose agent logs its calls
factors: [{name: temperature, levels: [0.1, 0.4, 0.7]}]
agents: {logged: "./agents.py:logged"}
run_budget: {replicates: 2}
"""


class Lab:
    """A user's folder."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        self.write("studies/agents.py", AGENTS)

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def run(self, *args: str) -> pytest.RunResult:
        """Run pytest in a process of its own; without workers in this one, which is quicker and no different."""
        if "no:xdist" in args or "-n0" in args:
            return self.pytester.runpytest_inprocess(*args)
        return self.pytester.runpytest_subprocess(*args, timeout=100)

    def run_here(self, *args: str) -> pytest.RunResult:
        """Run pytest in this process: quicker, for what neither xdist nor signals touch."""
        return self.pytester.runpytest_inprocess("-p", "no:xdist", *args)

    def table(self, study: str, name: str, base: str = "artifacts") -> list[dict[str, str]]:
        with (self.path / base / study / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def manifest(self, study: str, base: str = "artifacts") -> dict:
        return json.loads((self.path / base / study / "manifest.json").read_text())

    def calls(self) -> list[str]:
        """Return the calls of the logging agent since the last look."""
        file = self.path / "calls.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    @staticmethod
    def words(result: pytest.RunResult) -> str:
        """Return what was printed, without the breaks between lines."""
        return " ".join(result.stdout.str().split())

    def files(self) -> set[str]:
        """Return what stands in the folder, beside caches and pytester's own files."""
        found = {str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()}
        return {name for name in found if not re.search(r"__pycache__|\.pytest_cache|^std(out|err)$", name)}


@pytest.fixture
def lab(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A laboratory without plugins that take longer to import than a session here to run, or shuffle it."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:randomly -p no:anyio")
    return Lab(pytester)


@pytest.fixture
def first(lab: Lab) -> Lab:
    """A laboratory with a study of eight runs that succeed."""
    lab.write("studies/first.study.yaml", STUDY)
    return lab


@pytest.fixture
def logged(lab: Lab) -> Lab:
    """A laboratory with a study of six runs that log their calls and, while a file `broken` exists, fail at 0.7."""
    lab.write("studies/logged.study.yaml", LOGGED)
    return lab


@pytest.fixture(params=MODES.values(), ids=MODES.keys())
def mode(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """No xdist, -n 0, -n 2."""
    return request.param
