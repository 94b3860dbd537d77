"""What agents print or raise is no command to the runner of a GitHub job, which reads the session's output."""

import re

import pytest

STUDY = """
study_id: talkative
title: Agents that speak to the runner
factors: [{name: mood, levels: [calm, angry]}]
agents: {talking: "./talking.py:talking"}
"""
TALKING = """
import warnings

print("::warning::said on import")


def talking(mood):
    warnings.warn("first\\n::error::warned")
    print("::add-mask::the")
    print("  ::stop-commands::x\\r::error file=a::b\\nstd::vector ##[error]old")
    if mood == "angry":
        raise ValueError("first\\n::error::raised")
    return "fine"
"""
COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)


@pytest.fixture
def talkative(lab, monkeypatch):
    lab.write("studies/talkative.study.yaml", STUDY)
    lab.write("studies/talking.py", TALKING)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return lab


def printed(lab, *args):
    """Return the session's output, a lone carriage return ending a line as it does for the runner."""
    result = lab.run("studies", "-rA", "-Walways", *args)
    result.assert_outcomes(passed=1, failed=1)
    return result.stdout.str().replace("\r", "\n")


def test_nothing_is_a_command(talkative, mode):
    shown = printed(talkative, *mode)
    assert not COMMAND.search(shown)
    for said in ("::add-mask::the", "::stop-commands::x", "::error file=a::b", "::error::raised", "::error::warned"):
        assert re.search(rf"^ *\\{said}$", shown, re.MULTILINE), said
    assert r"std::vector ##\[error]old" in shown


def test_faults_of_studies_hold_none(talkative, mode):
    talkative.write("studies/talking.py", 'print("::error::said")\nraise ValueError("first\\n::error::raised")\n')
    result = talkative.run("studies", *mode)
    assert result.ret != pytest.ExitCode.OK
    assert not COMMAND.search(result.stdout.str())


def test_elsewhere_the_text_is_the_agents(talkative, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS")
    shown = printed(talkative, "-pno:xdist")
    assert "\n::add-mask::the\n" in shown
    assert "\n::error::raised\n" in shown
