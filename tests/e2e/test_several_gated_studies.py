"""Several studies with gates in one session, and sessions with one worker."""

import pytest

STUDY = """
study_id: {name}
title: A study whose gate passes
factors: [{{name: temperature, levels: [0.1, 0.4, 0.7]}}]
agents: {{logged: "./agents.py:logged"}}
outcomes: [{{name: y, source_table: runs, column: primary_outcome, aggregation: mean, range: [0, 1]}}]
gates: [{{gate_id: low, outcome: y, claim: at_most, value: 0.9, alpha: 0.4}}]
"""


@pytest.fixture
def gated(lab):
    for name in ("first", "second", "third"):
        lab.write(f"studies/{name}.study.yaml", STUDY.format(name=name))
    return lab


@pytest.mark.parametrize("options", ["-n0", "-n1", "-n2", "-n2 --dist=worksteal", "-n2 --dist=loadfile"])
def test_each_study_s_runs_and_gate_pass(gated, options):
    result = gated.run("studies", *options.split())
    assert result.ret == 0, result.stdout.str()
    result.assert_outcomes(passed=12)
    assert result.stdout.str().count("low: PASS") == 3
    assert "9 runs of 3 studies planned, 3 gates to judge" in result.stdout.str()


def test_what_a_study_leaves_for_its_teardown_is_told_if_it_fails(gated):
    gated.write(
        "conftest.py",
        """
        def pytest_runtest_setup(item):
            if item.parent.planned.study.study_id == "first" and "=0.7" in item.name:
                item.parent.addfinalizer(lambda: 1 / 0)
        """,
    )
    result = gated.run("studies", "-n1")
    result.assert_outcomes(passed=12, errors=1)
    assert "ERROR studies/first.study.yaml::gate=low - ZeroDivisionError" in result.stdout.str()
    assert gated.manifest("first")["complete"] is True


def test_one_worker_resumes_as_two_do(gated):
    agents = gated.path / "studies/agents.py"
    text = agents.read_text()
    agents.write_text(
        text.replace("def logged(run_spec, temperature):", "def logged(run_spec, temperature):\n    die()")
    )
    agents.write_text(
        agents.read_text()
        + "\n\ndef die():\n    if (Path(__file__).parent.parent / 'die').exists():\n"
        + "        os.kill(os.getppid(), signal.SIGKILL)\n        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (gated.path / "die").touch()
    gated.run("studies", "-n1")
    (gated.path / "die").unlink()
    assert gated.calls() == []
    cached = (gated.path / ".pytest_cache/v/cache/lastfailed").read_text()
    assert cached.count("study.yaml::") == 12, "pytest was killed before it could save what failed"
    resumed = gated.run("studies", "-n1", "--lf")
    assert resumed.ret == 0
    assert len(gated.calls()) == 9
