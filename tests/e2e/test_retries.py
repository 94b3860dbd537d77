"""Runs that fail of what may pass are tried again, and every attempt is kept."""

import json

import pytest

AGENT = """
from pathlib import Path
from pytest_dre import agent_result

ROOT = Path(__file__).parent.parent


class RateLimitError(Exception):
    pass


def flaky(number, seed):
    log = ROOT / f"tries-{number}.txt"
    with log.open("a") as file:
        file.write("x")
    if number == 1 and len(log.read_text()) < 3:
        error = RateLimitError("slow down")
        error.metrics = {"cost_usd": 0.5, "input_tokens": 7}
        raise error
    if number == 2:
        raise ValueError("for good")
    return agent_result(str(seed), cost_usd=0.25)
"""

STUDY = """
study_id: flaky
title: T
factors: [{name: number, levels: [0, 1, 2]}]
agents: {flaky: "./flaky.py:flaky"}
limits: {retries: 3, retry_wait_s: 0.01}
"""


@pytest.fixture
def flaky(lab):
    lab.write("studies/flaky.py", AGENT)
    lab.write("studies/flaky.study.yaml", STUDY)
    return lab


def tries(lab):
    return [len((lab.path / f"tries-{number}.txt").read_text()) for number in range(3)]


def test_transient_failures_are_tried_again_others_not(flaky, mode):
    result = flaky.run("studies", *mode)
    result.assert_outcomes(passed=2, failed=1)
    assert tries(flaky) == [1, 3, 1]
    assert "1 retried" in flaky.words(result)
    _, retried, _ = flaky.table("flaky", "runs")
    assert (retried["status"], retried["attempts"], retried["cost_usd"]) == ("success", "3", "0.25")
    assert float(retried["lost_usd"]) == 1.0
    events = [row for row in flaky.table("flaky", "events") if row["event_type"] == "attempt_failed"]
    assert [row["text"] for row in events] == ["RateLimitError: slow down"] * 2
    assert {row["run_id"] for row in events} == {retried["run_id"]}
    details = json.loads(events[0]["meta_json"])
    assert (details["cost_usd"], details["tokens"]) == (0.5, 7)
    assert details["duration_s"] >= 0
    assert flaky.manifest("flaky")["spending"]["cost_usd"] == pytest.approx(1.5)


def test_retries_end(flaky):
    flaky.write("studies/flaky.study.yaml", STUDY.replace("retries: 3", "retries: 1"))
    result = flaky.run_here("studies")
    result.assert_outcomes(passed=1, failed=2)
    assert tries(flaky) == [1, 2, 1]
    assert "slow down" in flaky.words(result)
    assert flaky.manifest("flaky")["spending"]["cost_usd"] == pytest.approx(1.25)


def test_a_study_names_what_is_tried_again_and_agents_have_limits_of_their_own(flaky):
    limits = "limits: {retry_on: [ValueError], retry_wait_s: 0.01, agents: {flaky: {retries: 1}}}\n"
    flaky.write("studies/flaky.study.yaml", STUDY.replace("limits: {retries: 3, retry_wait_s: 0.01}\n", limits))
    flaky.run_here("studies").assert_outcomes(passed=1, failed=2)
    assert tries(flaky) == [1, 1, 2]
    flaky.run_here("studies", "--lf", "--dre-limit", "flaky:retries=0").assert_outcomes(failed=2)


def test_a_failed_attempt_counts_for_the_budget(flaky):
    flaky.write("studies/flaky.study.yaml", STUDY.replace("{retries: 3,", "{max_cost_usd: 1.3, retries: 3,"))
    flaky.run_here("studies").assert_outcomes(passed=2, skipped=1)


@pytest.mark.parametrize(
    ("bound", "how"), [("study", ("-p", "no:xdist")), ("agent", ("-n0",)), ("session", ("-n2",))], ids=str
)
def test_a_run_is_not_tried_again_once_a_budget_is_spent(flaky, bound, how):
    """The third attempt would succeed, but what the first two cost is all there is."""
    limits = {"study": ", max_cost_usd: 1", "agent": ", agents: {flaky: {max_cost_usd: 1}}", "session": ""}[bound]
    flaky.write("studies/flaky.study.yaml", STUDY.replace("retry_wait_s: 0.01", f"retry_wait_s: 0.01{limits}"))
    options = ("--dre-max-cost-usd", "1") if bound == "session" else ()
    flaky.run("studies/flaky.study.yaml::number=1", *how, *options).assert_outcomes(failed=1)
    assert len((flaky.path / "tries-1.txt").read_text()) == 2
    (row,) = flaky.table("flaky", "runs")
    where = "--dre-max-cost-usd" if bound == "session" else "max_cost_usd"
    assert row["error_info"].startswith("RateLimitError: slow down (not tried again: ")
    assert where in row["error_info"]
    assert flaky.manifest("flaky")["spending"]["cost_usd"] == 1.0
    larger = ("--dre-limit", "max_cost_usd=9", "--dre-limit", "flaky:max_cost_usd=9")
    flaky.run("studies/flaky.study.yaml::number=1", "--lf", *larger).assert_outcomes(passed=1)
