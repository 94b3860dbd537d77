"""Artifacts that cannot be written: `--lf` replays the finished runs and writes them."""

import pytest

GATED = """
outcomes: [{name: y, source_table: runs, column: primary_outcome, aggregation: mean, range: [0, 1]}]
gates: [{gate_id: low, outcome: y, claim: at_most, value: 0.9, alpha: 0.4}]
"""


@pytest.fixture
def obstructed(logged):
    """A laboratory with a directory where a table should stand, though the store can be written."""
    logged.write("studies/other.study.yaml", "study_id: other\ntitle: T\nagents: {a: './agents.py:solve'}\n")
    study = logged.path / "studies/logged.study.yaml"
    study.write_text(study.read_text() + GATED)
    agents = logged.path / "studies/agents.py"
    agents.write_text(agents.read_text().replace("def solve(problem, temperature)", "def solve(temperature=1)"))
    (logged.path / "artifacts/logged/runs.csv").mkdir(parents=True)
    return logged


def test_finished_runs_stay_pending_until_their_artifacts_are_written(obstructed, mode):
    result = obstructed.run("studies", *mode)
    assert result.ret == 1
    result.assert_outcomes(passed=8)
    words = obstructed.words(result)
    assert "artifacts not written" in words
    assert "Traceback" not in words
    assert "--lf" in words.partition("artifacts not written")[2], "how to get them"
    assert obstructed.manifest("other")["complete"] is True
    assert len(obstructed.calls()) == 6

    again = obstructed.run("studies", "--lf", *mode)
    assert again.ret == 1, "what is in the way is still there"
    assert again.parseoutcomes() == {"cached": 6, "passed": 1}

    (obstructed.path / "artifacts/logged/runs.csv").rmdir()
    resumed = obstructed.run("studies", "--lf", *mode)
    assert resumed.ret == 0, resumed.stdout.str()
    assert resumed.parseoutcomes() == {"cached": 6, "passed": 1}, "of the other study nothing is left to do"
    assert obstructed.calls() == [], "nothing is carried out again"
    assert obstructed.manifest("logged")["complete"] is True
    assert (obstructed.path / "artifacts/logged/gates.json").exists()
    assert (obstructed.path / ".pytest_cache/v/cache/lastfailed").read_text() == "{}"


def test_a_hook_that_fails_is_called_again(logged):
    logged.write("conftest.py", "def pytest_dre_export(study):\n    raise OSError('no room')\n")
    assert logged.run_here("studies").ret == 1
    logged.write("conftest.py", "")
    resumed = logged.run_here("studies", "--lf")
    assert resumed.ret == 0
    assert resumed.parseoutcomes() == {"cached": 6}


def test_a_study_outside_the_rootdir(obstructed, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "studies"
    (obstructed.path / "studies").rename(elsewhere)
    arguments = (str(elsewhere), "--rootdir", str(obstructed.path), "-k", "temperature")
    assert obstructed.run_here(*arguments).ret == 1
    (obstructed.path / "artifacts/logged/runs.csv").rmdir()
    assert obstructed.run_here(*arguments, "--lf").parseoutcomes()["cached"] == 6
