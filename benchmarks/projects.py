"""The projects that are measured, written into temporary folders."""

import json
import shutil
from pathlib import Path

from measuring import DRE, TIMEOUT, XDIST, Sample, SessionFailed, run_session

_CONDITIONS = 10  # style × size

_STUDY = """\
study_id: measured
title: Many runs of one agent
factors:
  - {{name: style, levels: [{{name: terse, value: terse}}, {{name: wordy, value: wordy}}]}}
  - name: size
    levels:
      - {{name: s1, value: 1}}
      - {{name: s2, value: 2}}
      - {{name: s3, value: 3}}
      - {{name: s4, value: 4}}
      - {{name: s5, value: 5}}
run_budget: {{replicates: {replicates}}}
agents: {{agent: "./agent.py:answer"}}
agent_specs: [agent]
outcomes:
  - {{name: score, source_table: runs, column: primary_outcome, aggregation: mean, primary: true, goal: maximize}}
"""

_AGENT = """\
ROUNDS = {rounds}


def answer(size, seed):
    total = 0
    for number in range(ROUNDS):
        total += number & size
    return {{"output": {{"answer": size}}, "metrics": {{"primary_outcome": size}}}}
"""

_TESTS = """\
import pytest


@pytest.mark.parametrize("number", range({count}))
def test_nothing(number):
    pass
"""


class StudyProject:
    """A project with one study of `runs` runs (a multiple of ten), whose agent goes through an empty loop."""

    def __init__(self, directory: Path, runs: int, *, rounds: int = 0) -> None:
        self._directory = directory
        self._runs = runs
        _start_project(directory)
        (directory / "many.study.yaml").write_text(_STUDY.format(replicates=runs // _CONDITIONS), "utf-8")
        (directory / "agent.py").write_text(_AGENT.format(rounds=rounds), "utf-8")

    def run(self, *arguments: str) -> Sample:
        """Run the study from nothing; its artifacts must be complete."""
        for leftover in ("artifacts", ".pytest_cache"):
            shutil.rmtree(self._directory / leftover, ignore_errors=True)
        sample = run_session(self._directory, (*XDIST, *TIMEOUT, *DRE, *arguments))
        manifest = json.loads((self._directory / "artifacts/measured/manifest.json").read_text("utf-8"))
        if manifest["completed_runs"] != self._runs:
            raise SessionFailed(f"{manifest['completed_runs']} of {self._runs} runs were exported")
        return sample


class TestProject:
    """A project with one module of `count` parametrized tests that do nothing."""

    __test__ = False

    def __init__(self, directory: Path, count: int) -> None:
        self._directory = directory
        _start_project(directory)
        (directory / "test_nothing.py").write_text(_TESTS.format(count=count), "utf-8")

    def run(self, *arguments: str, autoload: bool = False) -> Sample:
        """Run the tests under no plugins but those that `arguments` name, or with `autoload` under all installed."""
        shutil.rmtree(self._directory / ".pytest_cache", ignore_errors=True)
        return run_session(self._directory, arguments, autoload=autoload)

    def run_as_yardstick(self, *arguments: str) -> Sample:
        """Run the tests under the plugins that studies run under, but for ours."""
        return self.run(*XDIST, *TIMEOUT, *arguments)


def _start_project(directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "pytest.ini").write_text("[pytest]\n", "utf-8")
