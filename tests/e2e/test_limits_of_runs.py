"""`fail_fast` and `limits.timeout_s`."""

import pytest

SLOW = """
study_id: slow
title: One run takes too long
factors: [{name: seconds, levels: [0.0, 30.0]}]
agents: {slow: "./slow.py:slow"}
limits: {timeout_s: 1}
"""


def test_fail_fast_holds_back_what_has_not_started(logged, mode):
    study = logged.path / "studies/logged.study.yaml"
    study.write_text(study.read_text().replace("{replicates: 2}", "{replicates: 2, fail_fast: true}"))
    study.write_text(study.read_text().replace("[0.1, 0.4, 0.7]", "[0.7, 0.1, 0.4]"))
    (logged.path / "broken").touch()
    agents = logged.path / "studies/agents.py"
    # A worker must not carry out many runs in the time that another's failure takes to be stored.
    slow = "def logged(run_spec, temperature):\n    time.sleep(0 if temperature == 0.7 else 0.3)\n"
    agents.write_text("import time\n" + agents.read_text().replace("def logged(run_spec, temperature):\n", slow))
    result = logged.run("studies", "-rs", *mode)
    started = len(logged.calls())
    assert started <= (1 if "-n2" not in mode else 4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "fail_fast: temperature=0.7-r1 failed" in result.stdout.str() or "-n2" in mode
    assert logged.manifest("logged")["missing_runs"] == 6 - started
    (logged.path / "broken").unlink()
    logged.run("studies", "--lf", *mode)
    assert logged.manifest("logged")["complete"] is True


def test_a_run_that_takes_too_long_fails_as_timeout(lab, mode):
    lab.write("studies/slow.py", "import time\n\ndef slow(seconds):\n    time.sleep(seconds)\n    return 'done'\n")
    lab.write("studies/slow.study.yaml", SLOW)
    lab.run("studies", *mode).assert_outcomes(passed=1, failed=1)
    done, timed_out = lab.table("slow", "runs")
    assert (done["status"], timed_out["status"], timed_out["status_reason"]) == ("success", "failed", "timeout")


def test_a_timeout_without_the_timeout_plugin_is_told(lab):
    lab.write("studies/slow.py", "def slow(seconds):\n    return 'done'\n")
    lab.write("studies/slow.study.yaml", SLOW)
    result = lab.run_here("studies", "-p", "no:timeout")
    result.assert_outcomes(errors=1)
    assert "limits.timeout_s needs the plugin pytest-timeout" in result.stdout.str()


def test_timeouts_hold_where_plugins_are_named_one_by_one(lab, monkeypatch, mode):
    lab.write("studies/slow.py", "import time\n\ndef slow(seconds):\n    time.sleep(seconds)\n    return 'done'\n")
    lab.write("studies/slow.study.yaml", SLOW)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p xdist -p pytest_timeout -p pytest_dre.plugin")
    lab.run("studies", *mode).assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize(("policy", "outcomes"), [("fail", {"failed": 1}), ("warn", {"skipped": 1})])
def test_gates_that_cannot_be_judged_are_never_a_silent_pass(first, policy, outcomes):
    study = first.path / "studies/first.study.yaml"
    study.write_text(
        study.read_text()
        + "outcomes: [{name: score, source_table: evaluations, column: score, aggregation: mean}]\n"
        + f"gates: [{{gate_id: good, outcome: score, claim: at_least, value: 0.5, on_inconclusive: {policy}}}]\n"
    )
    result = first.run_here("studies", "-rs")
    result.assert_outcomes(passed=8, **outcomes)
    assert "good: INCONCLUSIVE" in result.stdout.str()
    assert "8 runs of 1 study planned, 1 gate to judge" in result.stdout.str()
    first.run_here("studies", "-k", "gate and good").assert_outcomes(deselected=8, **outcomes)


SWALLOWING = """
import time

def slow(seconds):
    try:
        time.sleep(seconds)
    except BaseException:
        pass
    return "done"
"""


def test_an_agent_that_goes_on_when_its_time_is_up_has_failed(lab, mode):
    lab.write("studies/slow.py", SWALLOWING)
    lab.write("studies/slow.study.yaml", SLOW)
    lab.run("studies", *mode).assert_outcomes(passed=1, failed=1)
    timed_out = lab.table("slow", "runs")[1]
    assert timed_out["status_reason"] == "timeout"
    assert timed_out["error_info"] == "Timeout: the agent went on when its time was up (limits.timeout_s is 1)"


def test_the_time_limit_of_pytest_itself_is_no_less_strict(lab):
    lab.write("studies/slow.py", SWALLOWING)
    lab.write("studies/slow.study.yaml", SLOW.replace("limits: {timeout_s: 1}\n", ""))
    lab.run_here("studies", "--timeout=1").assert_outcomes(passed=1, failed=1)
    assert lab.table("slow", "runs")[1]["error_info"] == "Timeout: the agent went on when its time was up"


def test_the_time_of_the_last_attempt_is_what_counts(lab):
    """Here nothing interrupts the run: pytest-timeout leaves those alone that are being debugged."""
    lab.write("conftest.py", "import signal\n\nsignal.setitimer = lambda *_: (0.0, 0.0)\n")
    lab.write(
        "studies/slow.py",
        """
        import time
        from pathlib import Path

        def slow(seconds):
            once = Path(__file__).with_name(f"{seconds}.once")
            first, _ = not once.exists(), once.touch()
            time.sleep(seconds)
            if first:
                raise ConnectionError("busy")
            return "done"
        """,
    )
    study = SLOW.replace("{timeout_s: 1}", "{timeout_s: 0.5, retries: 1, retry_wait_s: 0.01}")
    lab.write("studies/slow.study.yaml", study.replace("[0.0, 30.0]", "[0.3, 0.6]"))
    lab.run("studies", "-n0").assert_outcomes(passed=1, failed=1)
    in_time, late = lab.table("slow", "runs")
    assert (in_time["attempts"], in_time["status"]) == ("2", "success")
    assert late["status_reason"] == "agent_error", "when its time is up, a run is not tried again"
