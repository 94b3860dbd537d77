"""Runs that are tried again: what is tried, what a result tells of it, what it costs."""

import json
import math
import random
import time
from decimal import Decimal

import numpy as np
import pytest

from pytest_dre.execution import retrying as module
from pytest_dre.execution.limits import RunPolicy
from pytest_dre.execution.run import execute_run
from pytest_dre.model.runs import ProblemPacket, RunResult, Spending

POLICY = RunPolicy(retries=2, retry_wait_s=0.01)


@pytest.fixture
def waits(monkeypatch):
    """The waits between attempts, which take no time."""
    noted = []
    monkeypatch.setattr(module.time, "sleep", noted.append)
    return noted


@pytest.fixture
def flaky(lab):
    """Executes an agent that does one thing after the other, an attempt each."""

    def execute(*steps, policy=POLICY, problem=None, **options):
        todo = iter(steps)

        def agent(seed):
            step = next(todo)
            value = step() if callable(step) else step
            if isinstance(value, BaseException):
                raise value
            return value

        lab.resolve_agent = lambda _: agent
        lab.resolve_problem = lambda _: problem
        ids = [] if problem is None else ["p"]
        bindings = lab.bind(agent_ids=["a"], problem_ids=ids, agent_specs=["a"])
        execution = execute_run(lab.runs(["a"], ids)[0], bindings, policy=policy, **options)
        assert list(todo) == [], "not all attempts were made"
        return execution

    return execute


def costly(error, **attributes):
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


def test_a_run_is_tried_again_until_it_succeeds(flaky, waits):
    noted = []
    result = flaky(
        costly(ConnectionError("gone"), cost_usd=0.25, input_tokens=10, output_tokens=5),
        costly(TimeoutError(), metrics={"cost_usd": 0.5, "input_tokens": 1}),
        {"output": "done", "metrics": {"cost_usd": 1.0, "output_tokens": 7}},
        on_attempt=noted.append,
    ).result
    assert (result.status, result.status_reason, result.error_info) == ("success", "", None)
    assert (result.attempts, result.lost_usd, result.lost_tokens) == (3, 0.75, 16)
    assert (result.cost_usd, result.spent_usd, result.spending.tokens) == (1.0, 1.75, 7)
    assert [(item.number, item.error_info) for item in noted] == [(1, "ConnectionError: gone"), (2, "TimeoutError")]
    assert [(item.run_id, item.agent_id, item.problem_id) for item in noted] == [(result.run_id, "a", None)] * 2
    assert [(item.spending.cost_usd, item.spending.tokens) for item in noted] == [(0.25, 15), (0.5, 1)]
    assert result.lost_s == sum(item.spending.seconds for item in noted) > 0
    assert noted[0].started <= noted[1].started <= result.start_time
    assert len(waits) == 2
    assert RunResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_failed_attempts_stand_first_among_the_events_and_are_no_steps(flaky, waits):
    result = flaky(costly(ConnectionError("gone"), cost_usd=0.25, input_tokens=10), "done").result
    first, second = result.events
    assert (first["event_type"], first["text"]) == ("attempt_failed", "ConnectionError: gone")
    assert first["timestamp"] <= result.start_time
    assert first["meta"] == {
        "attempt": 1,
        "error_type": "ConnectionError",
        "duration_s": result.lost_s,
        "cost_usd": 0.25,
        "tokens": 10,
    }
    assert second == {"event_type": "assistant_output", "text": "done", "actor_id": "agent"}
    assert [result.metrics[name] for name in ("step_event_count", "tool_call_count", "unique_actor_count")] == [1, 0, 1]
    own = flaky(ConnectionError(), {"output": 1, "events": [{"event_type": "step"}]}).result
    assert [event["event_type"] for event in own.events] == ["attempt_failed", "step"]


def test_the_last_failure_is_told_when_all_attempts_have_failed(flaky, waits):
    noted = []
    execution = flaky(
        ConnectionError(1), ConnectionError(2), costly(ConnectionError(3), cost_usd=2), on_attempt=noted.append
    )
    result = execution.result
    assert (result.status, result.status_reason, result.error_info) == ("failed", "agent_error", "ConnectionError: 3")
    assert str(execution.error) == "3"
    assert (result.attempts, len(noted), len(waits), len(result.events)) == (3, 2, 2, 2)
    assert (result.cost_usd, result.lost_usd) == (2, 0)


def test_failures_that_will_not_pass_are_not_tried_again(flaky, waits):
    noted = []
    result = flaky(ValueError("no"), on_attempt=noted.append).result
    assert (result.attempts, result.error_info, result.events, noted, waits) == (1, "ValueError: no", [], [], [])
    result = flaky(ConnectionError("gone"), ValueError("no")).result
    assert (result.attempts, result.error_info, len(waits)) == (2, "ValueError: no", 1)


def test_without_a_policy_or_retries_a_run_is_tried_once(flaky, waits):
    for policy in (None, RunPolicy(), RunPolicy(timeout_s=1.0)):
        result = flaky(ConnectionError("gone"), policy=policy).result
        assert (result.attempts, result.status_reason) == (1, "agent_error")


def test_an_evaluator_s_transient_failure_repeats_the_run(flaky, waits):
    answers = iter([ConnectionError("judge"), None])

    def judge(answer):
        if error := next(answers):
            raise error
        return 1.0

    paid = {"output": "x", "metrics": {"cost_usd": 1, "input_tokens": 3}}
    result = flaky(paid, paid, problem=ProblemPacket("p", evaluator=judge)).result
    assert (result.status, result.attempts, result.lost_usd, result.lost_tokens) == ("success", 2, 1, 3)
    assert (len(result.evaluations), len(result.events), result.primary_outcome) == (1, 2, 1.0)


def test_an_agent_that_reports_no_success_can_be_tried_again_by_name(flaky, waits):
    class Reply:
        success, output, metrics = False, "none", {"cost_usd": 3}

    result = flaky(Reply(), "done", policy=RunPolicy(retries=1, retry_on=("AgentFailure",))).result
    assert (result.status, result.lost_usd) == ("success", 3)


def test_each_attempt_is_seeded_anew_in_the_same_surroundings(flaky, waits):
    seen = []

    def draw():
        seen.append((random.random(), float(np.random.rand())))
        return ConnectionError() if len(seen) < 3 else "done"

    random.seed(5)
    before = random.getstate()
    flaky(draw, draw, draw)
    assert seen[0] == seen[1] == seen[2]
    assert random.getstate() == before, "neither attempts nor waits disturb the global generator"


def test_waits_double_up_to_the_longest_and_are_shaken(flaky, waits):
    policy = RunPolicy(retries=6, retry_wait_s=1.0, retry_max_wait_s=5.0)
    seen = []
    for _ in range(20):
        waits.clear()
        random.seed(1)
        flaky(*[ConnectionError()] * 7, policy=policy)
        seen.append(tuple(waits))
    for full, column in zip((1, 2, 4, 5, 5, 5), zip(*seen, strict=True), strict=True):
        assert all(full / 2 <= wait <= full for wait in column)
    assert len(set(seen)) == 20, "processes that are seeded alike must not wait alike"


def test_the_attempt_is_told_before_the_wait_and_a_store_that_fails_is_not_swallowed(flaky, monkeypatch):
    order = []
    monkeypatch.setattr(module.time, "sleep", lambda seconds: order.append("wait"))
    flaky(ConnectionError(), "done", on_attempt=lambda attempt: order.append("told"))
    assert order == ["told", "wait"]

    def full(attempt):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        flaky(ConnectionError(), on_attempt=full)


class RanOut(ConnectionError):
    """A timeout that is derived from what is tried again."""


def classify(error):
    return "timeout" if isinstance(error, RanOut) else None


def test_a_timeout_is_final_whatever_it_is_derived_from(flaky, waits):
    result = flaky(RanOut("too long"), classify=classify).result
    assert (result.status_reason, result.attempts, waits) == ("timeout", 1, [])
    result = flaky(ConnectionError(), RanOut("too long"), classify=classify).result
    assert (result.status_reason, result.attempts, len(result.events)) == ("timeout", 2, 1)


def test_a_run_does_not_wait_beyond_its_time(flaky, waits):
    policy = RunPolicy(timeout_s=5.0, retries=3, retry_wait_s=100.0, retry_max_wait_s=100.0)
    result = flaky(ConnectionError("gone"), policy=policy).result
    assert (result.attempts, result.error_info, waits) == (1, "ConnectionError: gone", [])


def test_a_timeout_in_the_wait_fails_the_run_and_counts_its_cost_once(flaky, monkeypatch):
    def strike(seconds):
        raise RanOut("too long")

    monkeypatch.setattr(module.time, "sleep", strike)
    paid = costly(ConnectionError("gone"), metrics={"cost_usd": 2.0, "input_tokens": 4})
    execution = flaky(paid, classify=classify)
    result = execution.result
    assert (result.status, result.status_reason, result.error_info) == ("failed", "timeout", "RanOut: too long")
    assert isinstance(execution.error, RanOut)
    assert (result.attempts, result.lost_usd, result.lost_tokens) == (1, 2.0, 4)
    assert result.spending == Spending()
    assert [event["event_type"] for event in result.events] == ["attempt_failed"]
    with pytest.raises(RanOut):
        flaky(paid)


def test_a_timeout_right_after_an_attempt_keeps_what_that_came_to(flaky, waits, monkeypatch):
    def strike(self, error):
        raise RanOut("too long")

    monkeypatch.setattr(RunPolicy, "retries_after", strike)
    result = flaky({"output": "x", "metrics": {"cost_usd": 2.0}}, classify=classify).result
    assert (result.status, result.status_reason, result.attempts) == ("failed", "timeout", 1)
    assert (result.outputs, result.spent_usd, result.lost_usd) == ({"text": "x"}, 2.0, 0)


def test_ctrl_c_in_the_wait_goes_on(flaky, monkeypatch):
    noted = []

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        flaky(costly(ConnectionError(), cost_usd=1), classify=classify, on_attempt=noted.append)
    assert noted[0].spending.cost_usd == 1


def test_it_really_waits(flaky):
    started = time.monotonic()
    flaky(ConnectionError(), "done", policy=RunPolicy(retries=1, retry_wait_s=0.2))
    assert time.monotonic() - started >= 0.1


class Rude(ConnectionError):
    @property
    def metrics(self):
        raise RuntimeError

    @property
    def cost_usd(self):
        raise RuntimeError


class Unreadable(dict):
    def items(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "cost", "tokens"),
    [
        (costly(ValueError(), cost_usd=0.5), 0.5, 0),
        (costly(ValueError(), input_tokens=3, output_tokens=4), 0, 7),
        (costly(ValueError(), metrics={"cost_usd": 0.5, "input_tokens": np.int64(2)}, cost_usd=9), 0.5, 2),
        (costly(ValueError(), metrics={"cost_usd": "cheap", "input_tokens": True, "output_tokens": 1}), 0, 1),
        (costly(ValueError(), metrics=[1], cost_usd=0.5), 0.5, 0),
        (costly(ValueError(), cost_usd=Decimal("0.5"), input_tokens=-3, output_tokens=math.nan), 0.5, 0),
        (costly(ValueError(), metrics={}), 0, 0),
        (costly(ValueError(), metrics=Unreadable(cost_usd=1)), 0, 0),
        (costly(ValueError(), cost_usd="0.5"), 0, 0),
        (Rude(), 0, 0),
    ],
)
def test_a_failed_run_keeps_the_cost_that_its_exception_tells(flaky, error, cost, tokens):
    result = flaky(error, policy=None).result
    assert (result.status, result.cost_usd, result.spending.tokens) == ("failed", cost, tokens)


def test_an_exception_s_other_metrics_are_kept_too(flaky):
    result = flaky(costly(ValueError(), metrics={"turns": 4, "cost_usd": 1}), policy=None).result
    assert (result.metrics["turns"], result.metrics["cost_usd"], result.metrics["input_tokens"]) == (4, 1, 0)


def test_an_invalid_output_s_cost_is_not_lost(flaky):
    value = {"output": 1, "metrics": {"cost_usd": 2, "input_tokens": "many"}, "events": 3}
    result = flaky(value, policy=None).result
    assert (result.status_reason, result.cost_usd, result.metrics["input_tokens"]) == ("invalid_output", 2, 0)
