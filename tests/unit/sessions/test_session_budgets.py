"""Budgets: when no further run may start."""

from dataclasses import dataclass, field

import pytest

from pytest_dre.model.running import Limits, RunLimits
from pytest_dre.sessions.budgets import Budgets, reached_limit


@dataclass
class Spent:
    cost_usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    failures: int = 0


@dataclass
class Books:
    """What was spent: by (session, agent), None for all."""

    entries: dict = field(default_factory=dict)

    def spending(self, session_id=None, agent_id=None):
        return self.entries.get((session_id, agent_id), Spent())


def reason(limits, entries, agent="a"):
    return Budgets.of(limits).exceeded(Books(entries), "now", agent)


def test_no_limits_bound_nothing():
    assert not Budgets.of(Limits(timeout_s=3.0, agents={"a": RunLimits(retries=2)}))
    assert reason(Limits(), {(None, None): Spent(1e9, 10**9, 1e9, 10**9)}) is None


@pytest.mark.parametrize(
    ("limits", "spent", "message"),
    [
        (Limits(max_cost_usd=1.0), Spent(cost_usd=1.02), "limits.max_cost_usd is reached: $1.02 of $1.00 spent"),
        (
            Limits(max_tokens=2000),
            Spent(tokens=2000),
            "limits.max_tokens is reached: 2,000 tokens of 2,000 tokens spent",
        ),
        (Limits(max_total_s=60.0), Spent(seconds=61), "limits.max_total_s is reached: 61.0 s of 60.0 s spent"),
        (Limits(max_cost_usd=0.0), Spent(), "limits.max_cost_usd is reached: $0.00 of $0.00 spent"),
        (Limits(max_cost_usd=0.055), Spent(cost_usd=0.06), "limits.max_cost_usd is reached: $0.0600 of $0.0550 spent"),
    ],
)
def test_what_all_sessions_spent_counts(limits, spent, message):
    assert reason(limits, {(None, None): spent}) == message
    assert reason(limits, {("now", None): spent}) in (None, message if spent == Spent() else None)


def test_below_the_bound_runs_start():
    assert reason(Limits(max_cost_usd=1.0, max_tokens=5), {(None, None): Spent(0.99, 4)}) is None


def test_failures_count_of_this_session_only():
    limits = Limits(max_failures=2)
    assert reason(limits, {(None, None): Spent(failures=9), ("now", None): Spent(failures=1)}) is None
    assert reason(limits, {("now", None): Spent(failures=2)}) == (
        "limits.max_failures is reached: 2 runs of this session failed"
    )
    assert "1 run of" in reason(Limits(max_failures=1), {("now", None): Spent(failures=1)})


def test_an_agents_budget_bounds_its_own_runs_beside_the_studys():
    limits = Limits(max_cost_usd=10.0, agents={"a": RunLimits(max_cost_usd=1.0), "b": RunLimits(retries=1)})
    entries = {(None, "a"): Spent(1.5), (None, None): Spent(1.5)}
    assert reason(limits, entries) == "limits.agents.a.max_cost_usd is reached: $1.50 of $1.00 spent"
    assert reason(limits, entries, agent="b") is None
    assert reason(limits, entries, agent=None) is None
    assert "limits.max_cost_usd" in reason(limits, {(None, None): Spent(11)}, agent="b")


def test_a_reason_tells_which_limit_of_a_study_must_be_larger():
    limits = Limits(max_tokens=10, agents={"a.b": RunLimits(max_cost_usd=1.0)})
    assert reached_limit(reason(limits, {(None, "a.b"): Spent(1.5)}, agent="a.b")) == "a.b:max_cost_usd"
    assert reached_limit(reason(limits, {(None, None): Spent(tokens=10)})) == "max_tokens"
    assert reached_limit(reason(Limits(max_failures=1), {("now", None): Spent(failures=1)})) is None
    assert reached_limit("--dre-max-cost-usd is reached: $1.00 of $1.00 spent") is None
