"""Workers that die of something else than a run: what is stored of the run holds."""

import pytest

CONFTEST = """
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent


def dies(name):
    if "temperature=0.7-r1" in name and (ROOT / "die").exists():
        os._exit(3)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item):
    dies(item.name)
"""

SKIPPING = """

def pytest_runtest_setup(item):
    if "temperature=0.7" in item.name:
        pytest.skip("not today")
"""


@pytest.fixture
def deadly(logged):
    """A laboratory where the teardown of one run of six ends its worker while there is a file `die`."""
    logged.write("conftest.py", CONFTEST)
    (logged.path / "die").touch()
    return logged


def stored(lab):
    rows = {row["run_id"]: row for row in lab.table("logged", "runs")}
    return [(row["status"], row["status_reason"]) for row in rows.values()]


def test_a_success_stays_one_and_is_replayed(deadly):
    result = deadly.run("studies", "-n2")
    assert result.ret == 1, "something has died"
    assert stored(deadly) == [("success", "")] * 6
    words = deadly.words(result)
    assert "crashed while running 'studies/logged.study.yaml::temperature=0.7-r1'" in words
    assert "had succeeded by then, and its result is stored: what died came after it" in words
    assert "recorded as failed" not in words
    assert len(deadly.calls()) == 6

    dying = deadly.run("studies", "-n2", "--lf")
    assert dying.ret == 1
    assert "had succeeded by then" in deadly.words(dying)
    (deadly.path / "die").unlink()
    resumed = deadly.run("studies", "-n2", "--lf")
    assert resumed.ret == 0
    assert resumed.parseoutcomes() == {"cached": 1}
    assert deadly.calls() == [], "nothing was carried out again"
    assert deadly.manifest("logged")["complete"] is True


def test_a_success_that_was_carried_out_by_lf_itself(deadly):
    (deadly.path / "broken").touch()
    (deadly.path / "die").unlink()
    deadly.run("studies", "-n2").assert_outcomes(passed=4, failed=2)
    (deadly.path / "broken").unlink()
    (deadly.path / "die").touch()
    assert "had succeeded by then" in deadly.words(deadly.run("studies", "-n2", "--lf"))
    assert stored(deadly) == [("success", "")] * 6


def test_a_failure_keeps_its_reason(deadly):
    (deadly.path / "broken").touch()
    result = deadly.run("studies", "-n2")
    assert "had failed (agent_error) by then" in deadly.words(result)
    assert stored(deadly) == [("success", "")] * 4 + [("failed", "agent_error")] * 2
    assert deadly.manifest("logged")["failure_reasons"] == {"agent_error": 2}


def test_a_skipped_run_has_not_crashed(deadly):
    deadly.write("conftest.py", CONFTEST + SKIPPING)
    result = deadly.run("studies", "-n2")
    assert "was over by then" in deadly.words(result)
    assert deadly.manifest("logged")["failed_runs"] == 0


def test_a_run_that_was_not_started_has_not_crashed(deadly):
    result = deadly.run("studies", "-n2", "--dre-limit", "max_cost_usd=0")
    assert "was not started (budget), and stays missing" in deadly.words(result)
    assert deadly.manifest("logged")["missing_runs"] == 6
    (deadly.path / "die").unlink()
    assert deadly.run("studies", "-n2", "--lf").ret == 0
    assert len(deadly.calls()) == 6


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_a_run_that_nobody_reports_fails_the_session(logged, how):
    """To xdist, a process that ends with status 0 in the midst of its runs has done them all; so it looks like this."""
    logged.write(
        "conftest.py",
        """
        from pathlib import Path

        import pytest


        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item):
            return True if "0.7-r1" in item.name and (Path(__file__).parent / "silent").exists() else None
        """,
    )
    (logged.path / "silent").touch()
    result = logged.run("studies", how)
    result.assert_outcomes(passed=5)
    assert result.ret == 1
    assert "1 selected run was never reported, as if a process had ended midway: go on with --lf" in logged.words(
        result
    )
    (logged.path / "silent").unlink()
    result = logged.run("studies", "--lf", how)
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_sessions_that_end_early_on_purpose_keep_their_exit_code(logged):
    assert logged.run("studies", "--setup-only").ret == 0
    logged.write("conftest.py", "import pytest\ndef pytest_runtest_setup():\n    pytest.exit('enough', returncode=0)\n")
    assert logged.run("studies").ret == 0


@pytest.mark.parametrize("distribution", ["loadfile", "loadscope"])  # with loadgroup, xdist itself breaks off
def test_a_run_that_a_worker_died_of_is_not_carried_out_again(logged, distribution):
    """These distributions give it to one worker after another, until none is replaced any more."""
    logged.write(
        "conftest.py",
        """
        import os
        from pathlib import Path


        def pytest_dre_evaluate(run_spec):
            if run_spec.condition.factor_assignments["temperature"] == 0.7 and (Path(__file__).parent / "die").exists():
                os._exit(3)
            return []
        """,
    )
    (logged.path / "die").touch()
    result = logged.run("studies", "-n2", "--dist", distribution, "-rs")
    assert result.ret == 1
    calls = logged.calls()
    assert len(calls) == len(set(calls)) == 6, "each run once"
    assert sorted(stored(logged)) == [("failed", "crashed")] * 2 + [("success", "")] * 4
    assert "a worker has died of it; rerun it with --lf" in logged.words(result)
    (logged.path / "die").unlink()
    result = logged.run("studies", "-n2", "--lf", "--dist", distribution)
    assert result.ret == 0
    assert len(logged.calls()) == 2
