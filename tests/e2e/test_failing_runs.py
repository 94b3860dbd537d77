"""A failed run shows the agent's own traceback, under a heading that names the run, and how to rerun it."""

import re
import shlex
import xml.etree.ElementTree as ElementTree

import pytest

FAILING = """
study_id: failing
title: One condition fails
factors: [{name: temperature, levels: [0.1, 0.7]}]
agents: {logged: "./agents.py:logged"}
problems: {root: "./agents.py:root"}
"""
FAILED = "studies/failing.study.yaml::temperature=0.7"


@pytest.fixture
def failing(lab):
    lab.write("studies/failing.study.yaml", FAILING)
    (lab.path / "broken").touch()
    return lab


def test_heading_traceback_and_rerun_command(failing, mode):
    result = failing.run("studies", *mode)
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*failing: temperature=0.7*",
            "*study *failing*",
            "*condition *temperature = 0.7",
            "*agent *logged",
            "*problem *root",
            "*replicate *1",
            "*seed *[0-9]*",
            f"*rerun *pytest {FAILED}",
            "Traceback (most recent call last):",
            '  File "*agents.py", line *, in logged',
            '    raise ValueError("too warm")',
            "ValueError: too warm",
            f"FAILED {FAILED} - ValueErr*",
        ]
    )
    assert "pytest_dre/" not in result.stdout.str()


def test_the_rerun_command_reruns_just_it(failing):
    failing.run_here("studies")
    failing.calls()
    failing.run_here(FAILED).assert_outcomes(failed=1)
    assert len(failing.calls()) == 1


@pytest.mark.parametrize("place", [("--dre-output", "my results"), ("-o", "dre_output=my results")])
def test_the_rerun_command_finds_the_store_of_the_session(failing, mode, place):
    words = failing.words(failing.run("studies", *place, *mode))
    (command,) = re.findall(r"rerun pytest (.*?) Traceback", words)
    (failing.path / "broken").unlink()
    failing.run_here(*shlex.split(command.replace("\\ ", ""))).assert_outcomes(passed=1)
    assert failing.manifest("failing", "my results")["failed_runs"] == 0
    assert not (failing.path / "artifacts").exists()


def test_short_and_line_tracebacks(failing):
    assert "agents.py:" in failing.run_here("studies", "--tb=line").stdout.str()
    assert "Traceback" not in failing.run_here("studies", "--tb=no").stdout.str()


def test_junit_has_properties_and_the_failure(failing, mode):
    failing.run("studies", "--junit-xml=report.xml", "-o", "junit_family=xunit1", *mode)
    cases = {case.get("name"): case for case in ElementTree.parse(failing.path / "report.xml").iter("testcase")}
    properties = {item.get("name"): item.get("value") for item in cases["temperature=0.1"].iter("property")}
    assert properties["temperature"] == "0.1"
    assert properties["primary_outcome"] == "0.1"
    assert properties["cost_usd"] == "0.0"
    assert properties["status"] == "success"
    assert properties["seed"].isdigit()
    assert "ValueError: too warm" in cases["temperature=0.7"].find("failure").text


def test_captured_output_stays_with_its_run(lab):
    lab.write(
        "studies/noisy.py",
        """
        import logging, sys

        def noisy(word):
            print("says", word)
            print("mutters", word, file=sys.stderr)
            logging.getLogger("agent").warning("logs %s", word)
            if word == "moo":
                raise ValueError("no")
            return word
        """,
    )
    lab.write(
        "studies/noisy.study.yaml",
        """
        study_id: noisy
        title: Noisy
        factors: [{name: word, levels: [moo, quack]}]
        agents: {noisy: "./noisy.py:noisy"}
        """,
    )
    output = lab.run_here("studies").stdout.str()
    assert "says moo" in output
    assert "mutters moo" in output
    assert "logs moo" in output
    assert "quack" not in output.partition("design of experiments")[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.exit(3)", "SystemExit: 3"),
        ("raise BaseException('odd')", "BaseException: odd"),
        ("pytest.fail('by itself')", "Failed: by itself"),
        ("return 1 / 0", "ZeroDivisionError"),
        ("raise ExceptionGroup('many', [ValueError('one')])", "many"),
        ("raise ValueError('x' * 100_000)", "ValueError: xxx"),
    ],
)
def test_whatever_an_agent_raises_fails_the_run_not_the_study(lab, body, message):
    lab.write(
        "studies/odd.py", f"import sys, pytest\n\ndef odd(number):\n    if number == 1:\n        {body}\n    return 1\n"
    )
    lab.write(
        "studies/odd.study.yaml",
        "study_id: odd\ntitle: Odd\nfactors: [{name: number, levels: [1, 2]}]\nagents: {odd: './odd.py:odd'}\n",
    )
    lab.run_here("studies").assert_outcomes(passed=1, failed=1)
    failed, done = lab.table("odd", "runs")
    assert (failed["status"], done["status"]) == ("failed", "success")
    assert message in failed["error_info"]
    assert len(failed["error_info"]) < 5000
    assert failed["status_reason"] == "agent_error"


def test_a_failing_evaluator_keeps_the_answer(lab):
    lab.write(
        "studies/e.py",
        """
        def agent(problem):
            return {"output": {"answer": 42}, "metrics": {"cost_usd": 0.5}}

        def problem():
            return {"brief": "?", "evaluator": evaluate}

        def evaluate(answer):
            raise RuntimeError("no scales")
        """,
    )
    lab.write(
        "studies/e.study.yaml", "study_id: e\ntitle: E\nagents: {a: './e.py:agent'}\nproblems: {p: './e.py:problem'}\n"
    )
    result = lab.run_here("studies")
    result.assert_outcomes(failed=1)
    assert "in evaluate" in result.stdout.str()
    (row,) = lab.table("e", "runs")
    assert row["status_reason"] == "evaluation_error"
    assert '"answer":42' in row["outputs_json"]
    assert row["cost_usd"] == "0.5"


def test_text_of_an_agent_cannot_steer_the_terminal(lab):
    lab.write("studies/evil.py", "def evil(word):\n    return {'output': 'x', 'metrics': {'primary_outcome': 1}}\n")
    lab.write(
        "studies/evil.study.yaml",
        'study_id: evil\ntitle: "Evil \\e[31m title"\nfactors: [{name: word, levels: ["\\e[2J", b]}]\n'
        "agents: {evil: './evil.py:evil'}\n",
    )
    result = lab.run_here("studies", "--color=no")
    result.assert_outcomes(passed=2)
    assert "\x1b" not in result.stdout.str()


def test_a_failing_setup_hook_is_recorded(failing, mode):
    failing.write("studies/conftest.py", "def pytest_runtest_setup(item):\n    raise OSError('no licence')\n")
    failing.run("studies", *mode).assert_outcomes(errors=2)
    rows = failing.table("failing", "runs")
    assert [row["status_reason"] for row in rows] == ["setup_error"] * 2
    assert "no licence" in rows[0]["error_info"]
    assert failing.calls() == []


@pytest.mark.parametrize("cost", ["'0.02'", "[1]", "float('nan')", "None", "True", "10**400"])
def test_an_odd_cost_breaks_nothing(lab, cost):
    lab.write("studies/odd.py", f"def odd():\n    return {{'output': 1, 'metrics': {{'cost_usd': {cost}}}}}\n")
    lab.write("studies/odd.study.yaml", "study_id: odd\ntitle: Odd\nagents: {odd: './odd.py:odd'}\n")
    result = lab.run_here("studies")
    assert result.ret in (0, 1)
    assert "INTERNALERROR" not in result.stdout.str()
    assert len(lab.table("odd", "runs")) == 1


def test_without_the_terminal_plugin(failing, mode):
    result = failing.run("studies", "-p", "no:terminal", *mode)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in result.stderr.str()
    assert failing.manifest("failing")["failed_runs"] == 1


def test_the_short_summary_names_the_failure_not_our_modules(lab):
    lab.write("studies/odd.py", "def odd():\n    return {'output': 1, 'metrics': [1]}\n")
    lab.write("studies/odd.study.yaml", "study_id: odd\ntitle: Odd\nagents: {odd: './odd.py:odd'}\n")
    output = lab.run_here("studies", "--tb=line").stdout.str()
    assert "FAILED studies/odd.study.yaml::run - InvalidOutput: " in output
    assert "pytest_dre" not in output


STEERING = """
class Steering(Exception):
    pass


def steer(number):
    raise Steering("\\x1b[2J\\x1b]0;title\\x07 of\\u202e\\n\\tsecond line")
"""


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_a_failure_cannot_steer_the_terminal(lab, how):
    lab.write("studies/steer.py", STEERING)
    lab.write(
        "studies/steer.study.yaml",
        """
        study_id: steer
        title: T
        factors: [{name: number, levels: [0, 1]}]
        agents: {a: "./steer.py:steer"}
        """,
    )
    output = lab.run("studies", how).stdout.str()
    for sign in "\x1b\x07\u202e":
        assert sign not in output
    assert "Steering: \\x1b[2J\\x1b]0;title\\x07 of\\u202e\n\tsecond line" in output
