"""Budgets: what is not started stays missing, is told, and is picked up with a larger budget."""

import pytest

STUDY = """
study_id: spender
title: A study whose runs cost a cent each
factors: [{name: temperature, levels: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}]
agents: {spender: "./spending.py:spend"}
"""

AGENT = """
from pathlib import Path
from pytest_dre import agent_result

CALLS = Path(__file__).parent.parent / "calls.txt"


def spend(temperature):
    with CALLS.open("a") as calls:
        calls.write(f"{temperature}\\n")
    if (CALLS.parent / "broken").exists():
        error = RuntimeError("no luck")
        error.cost_usd = 0.01
        raise error
    return agent_result("fine", cost_usd=0.01, input_tokens=100, output_tokens=20)
"""


@pytest.fixture
def spender(lab):
    lab.write("studies/spending.py", AGENT)
    lab.write("studies/spender.study.yaml", STUDY)
    return lab


def limit(lab, limits):
    lab.write("studies/spender.study.yaml", f"{STUDY}limits: {limits}\n")


def test_a_budget_holds_costs_given_as_decimals(spender, mode):
    spender.write(
        "studies/spending.py", AGENT.replace("cost_usd=0.01", "cost_usd=__import__('decimal').Decimal('0.01')")
    )
    limit(spender, "{max_cost_usd: 0.03}")
    result = spender.run("studies", *mode)
    spent = len(spender.calls())
    result.assert_outcomes(passed=spent, skipped=6 - spent)
    assert 3 <= spent <= 4


def test_a_cost_that_is_no_amount_is_told_to_count_in_no_budget(spender):
    spender.write("studies/spending.py", AGENT.replace("cost_usd=0.01", "cost_usd=-1.0"))
    limit(spender, "{max_cost_usd: 0.03}")
    result = spender.run_here("studies")
    result.assert_outcomes(failed=6)
    assert "what the run spent is unknown and counts in no budget" in spender.words(result)
    assert spender.manifest("spender")["spending"]["cost_usd"] == 0
    assert {row["status_reason"] for row in spender.table("spender", "runs")} == {"invalid_output"}


def test_a_studys_budget_holds_runs_back_until_it_is_larger(spender, mode):
    limit(spender, "{max_cost_usd: 0.03}")
    result = spender.run("studies", *mode)
    spent = len(spender.calls())
    assert 3 <= spent <= 4, "at most the run under way in the other worker goes beyond"
    result.assert_outcomes(passed=spent, skipped=6 - spent)
    assert result.ret == 1, "the session did not do what it was asked for"
    output = spender.words(result)
    assert "limits.max_cost_usd is reached: $0.0" in output
    assert f"{6 - spent} missing (budget {6 - spent}" in output
    manifest = spender.manifest("spender")
    assert manifest["missing_runs"] == 6 - spent
    assert manifest["missing_reasons"] == {"budget": 6 - spent}
    assert manifest["spending"]["cost_usd"] == pytest.approx(spent / 100)
    limit(spender, "{max_cost_usd: 1.0}")
    result = spender.run("studies", "--lf", *mode)
    assert result.ret == 0
    assert len(spender.calls()) == 6 - spent, "nothing is carried out twice"
    assert spender.manifest("spender")["complete"] is True


def test_a_sessions_budget_counts_over_its_studies(spender, mode):
    spender.write("studies/other.study.yaml", STUDY.replace("study_id: spender", "study_id: other"))
    result = spender.run("studies", "--dre-max-cost-usd", "0.08", *mode)
    spent = len(spender.calls())
    assert 8 <= spent <= 9
    assert "--dre-max-cost-usd is reached: $0.0" in result.stdout.str()
    assert result.ret == 1
    result = spender.run("studies", "--lf", "--dre-max-cost-usd", "0.08", *mode)
    assert len(spender.calls()) == 12 - spent, "each session has the whole of it"
    assert result.ret == 0


@pytest.mark.parametrize(
    ("limits", "carried_out", "reason"),
    [
        ("{max_tokens: 240}", 2, "limits.max_tokens is reached: 240 tokens of 240 tokens spent"),
        ("{agents: {spender: {max_cost_usd: 0.02}}}", 2, "limits.agents.spender.max_cost_usd is reached"),
        ("{max_total_s: 0.0}", 0, "limits.max_total_s is reached"),
        ("{max_cost_usd: 0.0}", 0, "limits.max_cost_usd is reached"),
    ],
)
def test_other_bounds(spender, limits, carried_out, reason):
    limit(spender, limits)
    result = spender.run_here("studies")
    result.assert_outcomes(passed=carried_out, skipped=6 - carried_out)
    assert reason in spender.words(result)


def test_failed_runs_cost_too_and_earlier_sessions_count(spender):
    limit(spender, "{max_cost_usd: 0.08}")
    (spender.path / "broken").touch()
    spender.run_here("studies").assert_outcomes(failed=6)
    (spender.path / "broken").unlink()
    result = spender.run_here("studies", "--lf")
    result.assert_outcomes(passed=2, skipped=4)
    assert spender.manifest("spender")["spending"]["cost_usd"] == pytest.approx(0.08)


def test_failures_are_bounded_within_a_session(spender, mode):
    limit(spender, "{max_failures: 2}")
    (spender.path / "broken").touch()
    result = spender.run("studies", *mode)
    failed = len(spender.calls())
    assert 2 <= failed <= 3
    result.assert_outcomes(failed=failed, skipped=6 - failed)
    assert f"limits.max_failures is reached: {failed} runs of this session failed" in spender.words(result)
    (spender.path / "broken").unlink()
    assert spender.run("studies", "--lf", *mode).ret == 0
    assert len(spender.calls()) == 6, "the failures of the session before do not count"


def test_a_session_may_bound_failures_too(spender):
    (spender.path / "broken").touch()
    spender.run_here("studies", "--dre-max-failures", "1").assert_outcomes(failed=1, skipped=5)


def test_budgets_of_the_ini_file(spender):
    spender.write("pytest.ini", "[pytest]\ndre_max_tokens = 120\n")
    spender.run_here("studies").assert_outcomes(passed=1, skipped=5)
    assert spender.run_here("studies", "--dre-max-tokens=1e9").ret == 0


@pytest.mark.parametrize("value", ["much", "-1", "inf", "nan"])
def test_a_budget_must_be_a_number(spender, value):
    result = spender.run_here("studies", f"--dre-max-cost-usd={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"argument --dre-max-cost-usd: '{value}' is no number of at least 0" in result.stderr.str()


@pytest.mark.parametrize(
    ("key", "how"), [("dre_max_cost_usd", "-n2"), ("dre_max_failures", "-n0"), ("dre_confirm_above_usd", "-pno:xdist")]
)
def test_a_sum_in_the_ini_file_must_be_a_number(spender, key, how):
    spender.write("pytest.ini", f"[pytest]\n{key} = much\n")
    result = spender.run("studies", how)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"pytest.ini: {key}: 'much' is no number of at least 0" in result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert spender.calls() == []


def test_limits_from_the_command_line(spender):
    limit(spender, "{max_cost_usd: 0.0}")
    spender.run_here("studies", "--dre-limit", "max_cost_usd=0.02").assert_outcomes(passed=2, skipped=4)
    spender.run_here("studies", "--lf", "--dre-limit", "max_cost_usd=null").assert_outcomes(passed=4)


@pytest.mark.parametrize("more", [(), ("--dre-plan",), ("-n2",)], ids=" ".join)
def test_what_is_no_limit_ends_the_session_before_anything_is_collected(spender, more):
    result = spender.run("studies", "--dre-limit", "max_cost=1", *more)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is no limit 'max_cost'; did you mean 'max_cost_usd'" in result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_the_ledger_of_the_session_is_removed(spender, monkeypatch, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    spender.run_here("studies", "--dre-max-cost-usd", "1").assert_outcomes(passed=6)
    assert [item for item in scratch.iterdir() if item.name.startswith("dre-")] == []


def test_a_limit_for_an_agent_that_no_study_has_ends_the_session_before_anything_is_spent(spender, mode):
    result = spender.run("studies", "--dre-limit", "spnder:max_cost_usd=0.01", *mode)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "no selected study has an agent 'spnder'; did you mean 'spender'?" in spender.words(result)
    assert not spender.calls()


def test_a_plan_names_it_too(spender):
    result = spender.run_here("studies", "--dre-plan", "--dre-limit", "other:max_cost_usd=0.01")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "no selected study has an agent 'other'" in spender.words(result)


def test_a_limit_for_an_agent_of_one_of_several_studies_is_none_for_the_others(spender):
    other = STUDY.replace("study_id: spender", "study_id: other").replace("{spender: ", "{saver: ")
    spender.write("studies/other.study.yaml", other)
    spender.run_here("studies", "--dre-limit", "saver:max_cost_usd=0.02").assert_outcomes(passed=8, skipped=4)
