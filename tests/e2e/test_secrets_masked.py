"""Values of variables that look like keys appear in nothing that is stored or shown."""

import sqlite3
import sys
import textwrap

import pytest

SECRET = "sk-proj-0123456789abcdef"

AGENT = """
import os


def leak(number):
    key = os.environ["MY_API_KEY"]
    print("the key is", key)
    if number == 1:
        raise RuntimeError(f"401: bad key {key}")
    os.environ["LATER_TOKEN"] = "tok-9876543210-late"
    event = {"event_type": "tool_call", "text": f"curl -H {key}", "meta": {"header": key}}
    return {"output": {"x": f"{key} tok-9876543210-late"}, "events": [event], "metadata": {"model_name": key}}
"""


@pytest.fixture
def leaky(lab, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", SECRET)
    monkeypatch.setenv("HOUSE_WORD", "open-sesame-please")
    lab.write("pytest.ini", "[pytest]\ndre_secrets = HOUSE_*\n")
    lab.write("studies/leaky.py", AGENT)
    lab.write(
        "studies/leaky.study.yaml",
        """
        study_id: leaky
        title: T
        factors: [{name: number, levels: [0, 1]}]
        agents: {leaky: "./leaky.py:leak"}
        """,
    )
    return lab


def test_no_secret_is_stored_or_shown(leaky, mode):
    result = leaky.run("studies", "-rA", "--dre-sqlite", "--dre-bundle", "--junitxml=report.xml", *mode)
    result.assert_outcomes(passed=1, failed=1)
    output = result.stdout.str()
    assert "the key is ***" in output
    assert "401: bad key ***" in output
    files = [path for path in leaky.path.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert len(files) > 8
    for secret in (SECRET, "tok-9876543210-late"):
        assert secret not in output
        assert [path.name for path in files if secret.encode() in path.read_bytes()] == []
    with sqlite3.connect(leaky.path / "artifacts/leaky/store.sqlite") as connection:
        payloads = " ".join(row[0] for row in connection.execute("SELECT payload FROM results"))
    connection.close()
    assert SECRET not in payloads
    assert "***" in payloads


def test_more_names_may_be_secret(leaky):
    leaky.write("studies/leaky.py", AGENT.replace("MY_API_KEY", "HOUSE_WORD"))
    output = leaky.run_here("studies").stdout.str()
    assert "open-sesame-please" not in output
    assert "401: bad key ***" in output


EVERYWHERE = """
import os, threading, time, warnings
import pytest


def leak(how):
    key = os.environ["MY_API_KEY"]
    if how == "skips":
        pytest.skip(f"no {key}")
    if how == "warns":
        warnings.warn(f"old {key}")
    if how == "thread":
        thread = threading.Thread(target=fail, args=(key,), name=key)
        thread.start()
        thread.join()
    if how == "left":
        threading.Thread(target=time.sleep, args=(0.3,), name=key).start()


def fail(key):
    raise ValueError(key)
"""
HOOKS = """
import os
import pytest

KEY = os.environ["MY_API_KEY"]


def pytest_runtest_setup(item):
    if "how=setup" in item.name:
        os.environ["LATER_TOKEN"] = later = "tok-9876543210-late"
        raise RuntimeError(f"setup {KEY} {later}")
    if "how=skip_in_setup" in item.name:
        pytest.skip(f"not with {KEY}")


def pytest_runtest_teardown(item):
    if "how=teardown" in item.name:
        raise RuntimeError(f"teardown {KEY}")


def pytest_dre_run_recorded(study, result):
    if "recorded" in result.run_id or "recorded" in str(result.condition_id):
        raise RuntimeError(f"recorded {KEY}")


def pytest_dre_export(study, results, output_dir):
    raise RuntimeError(f"export {KEY}")
"""


@pytest.mark.parametrize(
    "options",
    [("-pno:xdist", "--tb=short"), ("-n0", "--tb=long"), ("-n0", "--tb=line"), ("-n2", "--tb=long")],
    ids=" ".join,
)
def test_failures_around_runs_and_warnings_are_masked_too(leaky, options):
    leaky.write("studies/leaky.py", EVERYWHERE)
    leaky.write("conftest.py", HOOKS)
    ways = "skips, warns, thread, left, setup, skip_in_setup, teardown, recorded"
    leaky.write(
        "studies/leaky.study.yaml",
        f"""
        study_id: leaky
        title: T
        factors: [{{name: how, levels: [{ways}]}}]
        agents: {{leaky: "./leaky.py:leak"}}
        """,
    )
    result = leaky.pytester.runpytest_subprocess("studies", "-rA", "-l", "--junitxml=report.xml", *options)
    output = leaky.words(result) + result.stderr.str()
    for told in ("no ***", "old ***", "ValueError: ***", "('***')", "not with ***", "export ***"):
        assert told in output
    for told in ("setup *** ***", "teardown ***"):
        assert told in output
    for shown in (output, (leaky.path / "report.xml").read_text()):
        assert SECRET not in shown
        assert "tok-9876543210-late" not in shown


def test_reports_of_other_tests_stay_as_they_are(leaky):
    leaky.write("studies/leaky.py", EVERYWHERE)
    leaky.write(
        "test_other.py",
        """
        import os, warnings

        def test_other():
            warnings.warn("old " + os.environ["MY_API_KEY"])
            raise ValueError("bad " + os.environ["MY_API_KEY"])
        """,
    )
    output = leaky.pytester.runpytest_subprocess("test_other.py", "studies").stdout.str()
    assert f"UserWarning: old {SECRET}" in output
    assert f"ValueError: bad {SECRET}" in output


FAILING_IMPORT = """
import os, warnings

print("connecting with", os.environ["MY_API_KEY"])
warnings.warn("old " + os.environ["MY_API_KEY"])
os.environ["LATER_TOKEN"] = "tok-9876543210-late"
raise RuntimeError("cannot connect with " + os.environ["MY_API_KEY"] + os.environ["LATER_TOKEN"])
"""


@pytest.mark.parametrize(
    "options",
    [("-pno:xdist",), ("-n0",), ("-n2",), ("-n2", "--collect-only"), ("-n2", "--dre-plan"), ("--dre-plan",)],
    ids=" ".join,
)
def test_faults_of_studies_are_masked(leaky, options):
    leaky.write("studies/leaky.py", FAILING_IMPORT)
    result = leaky.pytester.runpytest_subprocess("studies", "-rA", "--junitxml=report.xml", *options)
    shown = [result.stdout.str(), result.stderr.str(), (leaky.path / "report.xml").read_text()]
    assert "cannot connect with ***" in leaky.words(result)
    for text in shown:
        assert SECRET not in text
        assert "tok-9876543210-late" not in text


def test_the_dre_command_masks_faults(leaky):
    leaky.write("studies/leaky.py", FAILING_IMPORT)
    command = "import sys; from pytest_dre.cli import main; sys.exit(main(['validate', 'studies/leaky.study.yaml']))"
    result = leaky.pytester.run(sys.executable, "-c", command)
    assert "cannot connect with ******" in result.stdout.str()


GATE = """
        outcomes: [{name: y, source_table: runs, column: primary_outcome, aggregation: mean, primary: true}]
        gates: [{gate_id: high, outcome: y, claim: at_least, value: 0.5}]
"""
AROUND_GATES = """
import os

KEY = os.environ["MY_API_KEY"]


def pytest_runtest_setup(item):
    print("before", KEY)
    if "gate=" in item.name:
        raise RuntimeError(f"setup {KEY}")


def pytest_runtest_teardown(item):
    if "gate=" in item.name:
        raise RuntimeError(f"teardown {KEY}")
"""


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_failures_around_gates_are_masked(leaky, how):
    leaky.write("studies/leaky.py", "def leak(number):\n    return {'metrics': {'primary_outcome': 1.0}}\n")
    leaky.write("conftest.py", AROUND_GATES)
    study = (leaky.path / "studies/leaky.study.yaml").read_text()
    leaky.write("studies/leaky.study.yaml", study + textwrap.dedent(GATE))
    result = leaky.run("studies", "-rA", "--junitxml=report.xml", how)
    output = leaky.words(result)
    assert "RuntimeError: setup ***" in output
    assert "RuntimeError: teardown ***" in output
    assert "before ***" in output
    assert SECRET not in output + (leaky.path / "report.xml").read_text()


@pytest.mark.parametrize("how", ["raise KeyboardInterrupt('why ' + key)", "pytest.exit('why ' + key)"])
def test_why_an_agent_ends_the_session_is_masked(leaky, how):
    leaky.write(
        "studies/leaky.py",
        f"import os\nimport pytest\n\n\ndef leak(number):\n    key = os.environ['MY_API_KEY']\n"
        f"    if number:\n        {how}\n    return {{}}\n",
    )
    result = leaky.pytester.runpytest_subprocess("studies", "-pno:xdist", "-pno:randomly", "--junitxml=report.xml")
    output = result.stdout.str() + result.stderr.str()
    assert "why ***" in output
    assert SECRET not in output
    assert leaky.manifest("leaky")["missing_reasons"]["interrupted"] == 1


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_a_study_must_not_hold_a_secret(leaky, how):
    """Its artifacts hold the study, and its levels are in every table."""
    leaky.write(
        "studies/leaky.study.yaml",
        f"""
        study_id: leaky
        title: with {SECRET}
        notes: my dear key, of house word open-sesame-please
        factors: [{{name: number, levels: [0, "{SECRET}"]}}]
        agents:
          leaky:
            ref: "./leaky.py:leak"
            params: {{api_key: "{SECRET}", {SECRET}: 1}}
        """,
    )
    result = leaky.run("studies", "--junitxml=report.xml", how)
    assert result.ret != 0
    output = leaky.words(result)
    said = "it holds the value of the environment variable MY_API_KEY, which the artifacts would publish"
    places = ["2:1: title", "4:38: factors[0].levels[1].name", "8:14: agents.leaky.params.api_key"]
    assert output.count(said) >= 4
    for place in places:
        assert f"leaky.study.yaml:{place}: {said}; read it from the environment where it is used" in output
    assert SECRET not in output
    assert not list(leaky.path.rglob("store.sqlite"))
