"""Values of variables that look like keys appear in nothing that is stored or shown."""

import sqlite3

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
