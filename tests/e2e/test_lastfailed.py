"""`--lf` resumes: whatever ended a session, it carries out what is missing or failed, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

BLOCKING = """
import os, signal, time
from pathlib import Path

HERE = Path(__file__).parent.parent

def blocking(number, run_spec):
    with (HERE / "calls.txt").open("a") as calls:
        calls.write(f"{number}\\n")
    if number == 3 and (HERE / "block").exists():
        (HERE / "reached").touch()
        time.sleep(60)
    if number == 3 and (HERE / "die").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return {"output": number, "metrics": {"primary_outcome": number}}
"""
STUDY = """
study_id: blocking
title: The fourth run blocks or dies
factors: [{name: number, levels: [0, 1, 2, 3, 4, 5]}]
agents: {blocking: "./blocking.py:blocking"}
"""


@pytest.fixture
def blocking(lab):
    lab.write("studies/blocking.py", BLOCKING)
    lab.write("studies/blocking.study.yaml", STUDY)
    return lab


def stop_when_reached(lab, mode, *signals):
    """Start pytest, wait until the fourth run is under way, and send the signals to the whole process group."""
    (lab.path / "block").touch()
    command = [sys.executable, "-m", "pytest", "studies", *mode]
    process = subprocess.Popen(
        command, cwd=lab.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (lab.path / "reached").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    time.sleep(0.5)
    for number in signals:
        os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=60)
    (lab.path / "block").unlink()
    return process.returncode, output


def test_only_failures_run_again_and_the_artifacts_are_complete(logged, mode):
    (logged.path / "broken").touch()
    logged.run("studies", *mode).assert_outcomes(passed=4, failed=2)
    assert logged.manifest("logged")["failed_runs"] == 2
    (logged.path / "broken").unlink()
    logged.calls()
    result = logged.run("studies", "--lf", *mode)
    result.assert_outcomes(passed=2)
    assert {line.split()[1] for line in logged.calls()} == {"0.7"}
    manifest = logged.manifest("logged")
    assert (manifest["completed_runs"], manifest["failed_runs"], manifest["complete"]) == (6, 0, True)
    assert len(logged.table("logged", "runs")) == 6


def test_after_everything_passed_lf_replays_and_carries_out_nothing(logged, mode):
    logged.run("studies", *mode).assert_outcomes(passed=6)
    logged.calls()
    result = logged.run("studies", "--lf", *mode)
    assert result.ret == 0
    assert "6 cached" in result.stdout.str()
    assert logged.calls() == []
    assert logged.manifest("logged")["complete"] is True


def test_after_stopping_at_the_first_failure(logged, mode):
    (logged.path / "broken").touch()
    logged.run("studies", "-x", *mode)
    (logged.path / "broken").unlink()
    done = {row["run_id"] for row in logged.table("logged", "runs") if row["status"] == "success"}
    logged.calls()
    assert logged.run("studies", "--lf", *mode).ret == 0
    called = [line.split()[0] for line in logged.calls()]
    assert len(called) == 6 - len(done)
    assert not done & set(called)
    assert logged.manifest("logged")["complete"] is True


@pytest.mark.parametrize("signals", [(signal.SIGINT,), (signal.SIGKILL,)], ids=["ctrl-c", "kill of the process group"])
def test_after_a_violent_end(blocking, mode, signals):
    code, output = stop_when_reached(blocking, mode, *signals)
    assert code == (2 if signals[0] == signal.SIGINT else -signal.SIGKILL), output
    before = blocking.calls()
    if signals[0] == signal.SIGINT:
        manifest = blocking.manifest("blocking")
        assert manifest["failed_runs"] == 0, "an interrupted run is missing, not failed"
        assert manifest["completed_runs"] == len(before) - 1
        assert "--lf" in output
    result = blocking.run("studies", "--lf", *mode)
    assert result.ret == 0
    assert sorted(before + blocking.calls()) == ["0", "1", "2", "3", "3", "4", "5"]
    assert blocking.manifest("blocking")["complete"] is True


def test_a_worker_that_dies_marks_its_run_crashed(blocking):
    (blocking.path / "die").touch()
    result = blocking.run("studies", "-n2")
    result.assert_outcomes(passed=5, failed=1)
    output = result.stdout.str()
    assert "crashed while running" in output
    assert "recorded as failed (crashed)" in output
    (crashed,) = [row for row in blocking.table("blocking", "runs") if row["status"] == "failed"]
    assert crashed["status_reason"] == "crashed"
    assert blocking.manifest("blocking")["failure_reasons"] == {"crashed": 1}
    (blocking.path / "die").unlink()
    blocking.calls()
    blocking.run("studies", "-n2", "--lf").assert_outcomes(passed=1)
    assert blocking.calls() == ["3"]
    assert blocking.manifest("blocking")["complete"] is True


@pytest.mark.parametrize("timeout", [None, 30])
def test_a_run_that_ends_each_session_without_workers(blocking, timeout):
    """Such a session has no end at which to say what happened: the next says it at its start."""
    if timeout:
        blocking.write("studies/blocking.study.yaml", f"{STUDY}limits: {{timeout_s: {timeout}}}\n")
    (blocking.path / "die").touch()
    killed = blocking.pytester.runpytest_subprocess("studies", "-n0", timeout=60)
    assert killed.ret == -signal.SIGKILL
    assert "the last session was killed" not in blocking.words(killed)
    again = blocking.pytester.runpytest_subprocess("studies", "-n0", "--lf", timeout=60)
    assert again.ret == -signal.SIGKILL
    words = blocking.words(again)
    during = " during number=3" if timeout else ""
    assert f"study 'blocking': the last session was killed{during}, pid " in words
    assert "-n 1 records it as crashed and goes on" in words
    blocking.run("studies", "-n1", "--lf").assert_outcomes(passed=2, failed=1)
    assert blocking.manifest("blocking")["failure_reasons"] == {"crashed": 1}
    assert "the last session was killed" not in blocking.words(blocking.run("studies", "-n1", "--lf"))


def test_a_new_version_of_the_agent_is_not_mixed_with_results_of_the_old(logged, mode):
    logged.run("studies", *mode).assert_outcomes(passed=6)
    logged.calls()
    with (logged.path / "studies/agents.py").open("a") as file:
        file.write("\n# another version\n")
    result = logged.run("studies", "--dre-resume", "-k", "0.1", *mode)
    assert len(logged.calls()) == 2, "results of another version do not count as completed"
    assert len(logged.table("logged", "runs")) == 2
    assert logged.manifest("logged")["missing_runs"] == 4
    assert "4 runs have results of another agent, problem or seed only" in result.stdout.str()


def test_more_replicates_run_only_what_is_new(logged):
    logged.run_here("studies").assert_outcomes(passed=6)
    study = logged.path / "studies/logged.study.yaml"
    study.write_text("# a comment\n" + study.read_text().replace("replicates: 2", "replicates: 3"))
    logged.calls()
    result = logged.run_here("studies", "--dre-resume")
    assert "6 cached" in result.stdout.str()
    assert [line.split()[2] for line in logged.calls()] == ["3", "3", "3"]
    assert logged.manifest("logged")["complete"] is True


def test_removed_levels_are_kept_but_never_exported(logged):
    logged.run_here("studies").assert_outcomes(passed=6)
    study = logged.path / "studies/logged.study.yaml"
    study.write_text(study.read_text().replace("[0.1, 0.4, 0.7]", "[0.1, 0.4]"))
    result = logged.run_here("studies", "--dre-resume")
    assert "2 stored runs are not planned any more" in result.stdout.str()
    assert len(logged.table("logged", "runs")) == 4


def test_resume_as_the_default(logged):
    logged.write("pytest.ini", "[pytest]\ndre_resume = true\n")
    logged.run_here("studies").assert_outcomes(passed=6)
    logged.calls()
    assert "6 cached" in logged.run_here("studies").stdout.str()
    assert logged.calls() == []


def test_without_resume_runs_are_carried_out_again(logged):
    logged.run_here("studies").assert_outcomes(passed=6)
    logged.calls()
    logged.run_here("studies").assert_outcomes(passed=6)
    assert len(logged.calls()) == 6


def test_other_tests_that_failed_stay_in_the_cache(logged):
    logged.write("studies/test_other.py", "def test_no():\n    assert False\n")
    logged.run_here("studies").assert_outcomes(passed=6, failed=1)
    logged.run_here("studies", "-m", "dre").assert_outcomes(passed=6, deselected=1)
    logged.run_here("studies", "--lf").assert_outcomes(failed=1)


def test_failed_first_keeps_its_order_when_a_worker_is_replaced(blocking):
    (blocking.path / "die").touch()
    blocking.run("studies", "-n2").assert_outcomes(passed=5, failed=1)
    blocking.run("studies", "-n2", "--ff").assert_outcomes(passed=5, failed=1)


@pytest.mark.parametrize("option", ["--lf", "--ff"])
def test_a_worker_that_starts_late_or_anew_collects_what_the_first_did(blocking, option):
    blocking.write("studies/test_plain.py", "def test_plain():\n    pass\n")
    blocking.write(
        "conftest.py",
        "import os, time\nif os.environ.get('PYTEST_XDIST_WORKER') == 'gw1':\n    time.sleep(2)\n",
    )
    (blocking.path / "die").touch()
    result = blocking.run("studies", option, "-n2")
    result.assert_outcomes(passed=6, failed=1)
    assert "Different tests were collected" not in result.stdout.str()
    (blocking.path / "die").unlink()
    blocking.run("studies", "--lf", "-n2").assert_outcomes(passed=1)


def test_failed_first_leaves_its_pending_runs_after_a_kill(blocking):
    """The cache is written at once under `--ff` too: workers do not read it."""
    blocking.run("studies", "-n2")
    blocking.calls()
    stop_when_reached(blocking, ("-n2", "--ff"), signal.SIGKILL)
    assert any("number=3" in line for line in cached(blocking))


def cached(lab):
    """Return the node ids in pytest's cache of failures."""
    file = lab.path / ".pytest_cache/v/cache/lastfailed"
    return sorted(json.loads(file.read_text())) if file.exists() else []


def test_a_replayed_run_says_so_in_verbose_output(logged, mode):
    logged.run("studies", *mode)
    assert "CACHED" in logged.run("studies", "--dre-resume", "-v", *mode).stdout.str()


def test_another_function_of_the_same_file_is_another_agent(lab):
    lab.write("studies/two.py", "def good():\n    return 'good'\n\n\ndef bad():\n    return 'bad'\n")
    study = lab.write("studies/two.study.yaml", "study_id: two\ntitle: T\nagents: {a: './two.py:good'}\n")
    lab.run_here("studies").assert_outcomes(passed=1)
    study.write_text(study.read_text().replace(":good", ":bad"))
    lab.run_here("studies", "--dre-resume").assert_outcomes(passed=1)
    assert "bad" in lab.table("two", "runs")[0]["outputs_json"]
