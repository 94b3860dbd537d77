"""What runs came to: never lost, never summed anew."""

from contextlib import closing

import pytest

from pytest_dre.model.runs import Attempt, RunResult, RunStatus, Spending
from pytest_dre.store.runs import RunStore
from pytest_dre.store.totals import Means, Totals, Unstarted


def result(run_id="run-1", status=RunStatus.SUCCESS, agent_id="a", cost=0.5, fingerprint="f", **metrics) -> RunResult:
    return RunResult(
        study_id="s",
        condition_id="c",
        run_id=run_id,
        replicate=1,
        agent_id=agent_id,
        problem_id="p",
        seed=1,
        status=status,
        fingerprint=fingerprint,
        latency_s=2.0,
        metrics={"cost_usd": cost, "input_tokens": 3, "output_tokens": 4, **metrics},
    )


def attempt(number=1, agent_id="a", cost=0.125) -> Attempt:
    return Attempt(
        "run-1", agent_id, "p", number, "TimeoutError: \ud800", Spending(cost, 9, 0.25), "2026-01-01T00:00:00"
    )


@pytest.fixture
def store(tmp_path):
    with closing(RunStore.create_or_open(tmp_path / "store.sqlite", "s")) as store:
        yield store


def test_nothing_is_spent_at_first(store):
    assert store.spending() == Totals()
    assert store.means() == {}
    assert store.unstarted() == {}
    assert store.latest("run-1") is None


def test_spending_by_session_and_agent(store):
    store.record(result(), "one")
    store.record(result(status=RunStatus.FAILED, agent_id="b"), "one")
    store.record(result(agent_id=None), "two")
    assert store.spending() == Totals(1.5, 21, 6.0, runs=3, failures=1)
    assert store.spending("one") == Totals(1.0, 14, 4.0, runs=2, failures=1)
    assert store.spending(agent_id="b") == store.spending("one", "b") == Totals(0.5, 7, 2.0, runs=1, failures=1)
    assert store.spending("two", "b") == Totals()


def test_a_skip_is_neither_run_nor_spending(store):
    store.record(result(status=RunStatus.SKIPPED), "one")
    assert store.spending() == Totals()


def test_failed_attempts_add_what_they_came_to_but_are_no_runs(store):
    store.record_attempt(attempt(1), "one")
    store.record_attempt(attempt(2), "one")
    store.record(result(), "one")
    assert store.spending("one", "a") == Totals(0.75, 25, 2.5, runs=1)
    assert [item.number for item in store.attempts("run-1", "one")] == [1, 2]
    assert store.attempts("run-1", "two") == []
    assert store.attempts("run-1", "one")[0].error_info == "TimeoutError: \\ud800"
    assert store.attempts("run-1", "one")[0].spending == Spending(0.125, 9, 0.25)


def test_a_result_that_is_not_stored_adds_nothing(store):
    store.record(result(), "one")
    assert not store.record_unless_recorded(result(status=RunStatus.FAILED), "one")
    assert store.spending() == Totals(0.5, 7, 2.0, runs=1)


def test_a_repeated_run_is_paid_twice(store):
    store.record(result(), "one")
    store.record(result(fingerprint="g"), "one")
    assert store.spending() == Totals(1.0, 14, 4.0, runs=2)


def test_nonsense_does_not_upset_the_ledger(store):
    store.record(result(cost=-5.0, input_tokens=1e300), "one")
    store.record(result(cost=float("nan"), input_tokens=-50), "one")
    assert store.spending() == Totals(0.0, 2**53 + 4, 4.0, runs=2)


def test_means_are_of_each_runs_last_success(store):
    store.record(result("run-1", cost=100.0), "one")
    store.record(result("run-1", cost=1.0), "two")
    store.record(result("run-2", cost=2.0), "two")
    store.record(result("run-2", RunStatus.FAILED, cost=50.0), "two")
    store.record(result("run-3", agent_id=None, cost=4.0), "two")
    store.record(result("run-4", RunStatus.SKIPPED), "two")
    assert store.means() == {("a", "p"): Means(2, 1.5, 7.0, 2.0), (None, "p"): Means(1, 4.0, 7.0, 2.0)}


def test_the_latest_is_the_last_success_else_the_last_failure(store):
    store.record(result(status=RunStatus.FAILED, cost=1.0), "one")
    store.record(result(status=RunStatus.FAILED, cost=2.0, fingerprint="g"), "one")
    store.record(result(status=RunStatus.SKIPPED, cost=3.0), "one")
    assert store.latest("run-1").cost_usd == 2.0
    store.record(result(cost=4.0), "one")
    store.record(result(cost=5.0, fingerprint="g"), "one")
    store.record(result(status=RunStatus.FAILED, cost=6.0), "one")
    assert store.latest("run-1").cost_usd == 5.0


def test_the_last_note_on_a_run_that_was_not_started_stands(store):
    store.note_unstarted("run-1", "one", "budget", "first")
    store.note_unstarted("run-1", "two", "fail_fast", "then \ud800")
    assert store.unstarted() == {"run-1": Unstarted("fail_fast", "then \\ud800", "two")}


def test_the_ledger_tells_the_same_before_and_after_it_has_counted(tmp_path):
    path = tmp_path / "store.sqlite"
    first, second = (RunStore.create_or_open(path, "s") for _ in range(2))
    with closing(first), closing(second):
        for number in range(1, 121):
            (first if number % 3 else second).record(result(f"run-{number}", cost=0.25), "one")
            assert first.spending().runs == second.spending("one").runs == number
    with closing(RunStore.existing(path, "s")) as store:
        assert store.spending() == Totals(30.0, 840, 240.0, runs=120)
