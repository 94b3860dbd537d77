"""The workflow of docs/ci.md, as users copy it: its commands, run in its order."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BASELINES = ".dre/baselines"

AGENT = """
import random


def solve(effort):
    return {"output": effort, "metrics": {"score": 0.3 + effort / 10 + random.uniform(-0.1, 0.1)}}
"""

STUDY = """
study_id: guarded
title: A study that pull requests must not make worse
factors: [{name: effort, levels: [1, 2]}]
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 40}
seed_policy: {strategy: common_random_numbers}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, goal: maximize, range: [0, 1]}
"""


def documented():
    """Return the YAML blocks of docs/ci.md: the gates of a study, and the workflow."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    gates, workflow = re.findall(r"^```yaml\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return gates, yaml.safe_load(workflow)


def workflows():
    files = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    return [documented()[1], *(yaml.safe_load(file.read_text(encoding="utf-8")) for file in files)]


def commands(job):
    """Return the arguments of each pytest command of a job."""
    lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    return [shlex.split(line.partition("-m pytest ")[2]) for line in lines if "-m pytest " in line]


def options(arguments):
    return {argument.partition("=")[0] for argument in arguments if argument.startswith("-")}


@pytest.fixture
def repository(lab):
    """Main's checkout: a study with the documented gate."""
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/guarded.study.yaml", STUDY + documented()[0])
    return lab


def test_every_option_in_a_workflow_exists(lab):
    known = lab.run("--help").stdout.str()
    used = {option for workflow in workflows() for job in workflow["jobs"].values() for option in used_by(job)}

    assert {"--dre-save-baseline", "--dre-baseline", "--dre-baseline-missing"} <= used
    assert {option for option in used if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", known)} == set()


def used_by(job):
    return {option for arguments in commands(job) for option in options(arguments)}


def test_the_baseline_travels_from_main_to_pull_requests_only(lab):
    jobs = documented()[1]["jobs"]
    uploads = [step["with"] for step in jobs["baseline"]["steps"] if "upload-artifact" in step.get("uses", "")]
    fetch = next(step["run"] for step in jobs["gates"]["steps"] if "gh run download" in step.get("run", ""))

    assert [(upload["name"], upload["path"]) for upload in uploads] == [("baselines", BASELINES)]
    assert f"--name baselines --dir {BASELINES}" in fetch
    assert "--branch main --event push --status success" in fetch
    assert jobs["baseline"]["if"] == "github.event_name == 'push'"
    assert jobs["gates"]["if"] == "github.event_name == 'pull_request'"
    assert set(documented()[1][True]) == {"push", "pull_request"}  # YAML 1.1 reads "on" as true
    assert set(documented()[1]["permissions"].values()) == {"read"}


def test_main_saves_and_pull_requests_are_gated(repository, monkeypatch):
    workflow = documented()[1]
    (on_main,), (on_request,) = (commands(workflow["jobs"][name]) for name in ("baseline", "gates"))
    summary = repository.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    first = repository.run(*on_request)  # the pull request that adds the study
    assert first.ret == 0
    first.assert_outcomes(passed=80, skipped=1)
    assert "the baseline 'main' is missing" in repository.words(first)

    clean(repository)
    main = repository.run(*on_main)
    assert main.ret == 0
    kept = repository.path / "kept"
    shutil.move(repository.path / BASELINES, kept)

    clean(repository)
    shutil.copytree(kept, repository.path / BASELINES)
    unchanged = repository.run(*on_request)
    assert unchanged.ret == 0
    unchanged.assert_outcomes(passed=81)
    assert "✅ PASS | no-regression" in summary.read_text(encoding="utf-8")

    clean(repository)
    repository.write("studies/solver.py", AGENT.replace("0.3 +", "0.1 +"))
    regressed = repository.run(*on_request)
    assert regressed.ret == 1
    regressed.assert_outcomes(passed=80, failed=1)
    assert "no-regression: FAIL" in regressed.stdout.str()
    assert "❌ FAIL | no-regression" in summary.read_text(encoding="utf-8")


def clean(repository):
    """Leave what a new checkout has not: results and pytest's cache."""
    for name in ("artifacts", ".pytest_cache"):
        shutil.rmtree(repository.path / name, ignore_errors=True)
