"""Retries, budgets and runs that cannot be interrupted, in studies run from Python."""

import itertools
import json
import os
import time
from contextlib import closing, suppress
from dataclasses import replace

import pytest

from pytest_dre import StudyError, resume_study, run_study
from pytest_dre.api import performing
from pytest_dre.api.books import SessionBooks
from pytest_dre.api.notices import StudyWarning
from pytest_dre.api.stores import session_info
from pytest_dre.errors import StoreError
from pytest_dre.store.runs import RunStore

WAIT = {"retry_wait_s": 0.01}

pytestmark = pytest.mark.usefixtures("here")


class Flaky:
    """An agent whose first attempts at a run fail, at a cost; `calls` is a directory, as it may run elsewhere."""

    version = "1"

    def __init__(self, calls, failures, cost=0.5, error=ConnectionError):
        self.calls, self.failures, self.cost, self.error = calls, failures, cost, error

    def run(self, x):
        mark = self.calls / f"{x}-{len(list(self.calls.glob(f'{x}-*')))}"
        mark.touch()
        if int(mark.name.partition("-")[2]) < self.failures:
            error = self.error("busy")
            error.cost_usd, error.input_tokens = self.cost, 10
            raise error
        return {"output": {"candidate": x}, "metrics": {"cost_usd": self.cost, "output_tokens": 1}}


@pytest.fixture
def calls(here):
    (here / "calls").mkdir()
    return here / "calls"


def paid(x):
    return {"output": {"candidate": x}, "metrics": {"cost_usd": 1.0, "input_tokens": 100}}


def reasons(results):
    return [result.status_reason for result in results]


@pytest.mark.parametrize("checkpoint", [True, False])
def test_a_run_is_not_tried_again_once_a_budget_is_spent(calls, make_study, checkpoint):
    study = make_study(limits={"retries": 5, "max_cost_usd": 1, **WAIT})
    results = run_study(study, agent_bindings={"a": Flaky(calls, 9)}, checkpoint=checkpoint)
    assert [result.attempts for result in results if result.status_reason != "budget"] == [2]
    assert "not tried again: limits.max_cost_usd is reached: $1.00 of $1.00 spent" in results[0].error_info


@pytest.mark.parametrize("processes", [1, 2])
def test_runs_are_tried_again_and_say_so(here, calls, make_study, table, processes):
    study = make_study(limits={"retries": 1, **WAIT})
    results = run_study(study, agent_bindings={"a": Flaky(calls, 1)}, parallelism=processes)
    assert reasons(results) == [""] * 4
    assert [(item.attempts, item.cost_usd, item.lost_usd, item.lost_tokens) for item in results] == [
        (2, 0.5, 0.5, 10)
    ] * 4
    events = table(here / "out" / "events.csv")
    assert [row["event_type"] for row in events] == ["attempt_failed", "assistant_output"] * 4
    assert events[0]["text"] == "ConnectionError: busy"
    assert json.loads(events[0]["meta_json"])["cost_usd"] == 0.5
    assert resume_study(study, agent_bindings={"a": Flaky(calls, 1)}) == results


def test_an_agent_has_limits_of_its_own(calls, make_study):
    limits = {"retries": 1, **WAIT, "agents": {"b": {"retries": 0, "timeout_s": 0.2}}}
    study = make_study(limits=limits, agent_specs=["a", "b"])

    def slow(x):
        time.sleep(30 if x == 1 else 0)
        raise ConnectionError("busy")

    results = run_study(study, agent_bindings={"a": Flaky(calls, 1), "b": slow}, checkpoint=False)
    assert reasons(results) == ["", "agent_error", "", "timeout", "", "agent_error", "", "agent_error"]
    assert [result.attempts for result in results] == [2, 1] * 4


def test_an_agent_s_time_limit_that_cannot_be_enforced_is_named(make_study, monkeypatch):
    monkeypatch.delattr("signal.setitimer")
    study = make_study(limits={"agents": {"a": {"timeout_s": 1.0}}})
    with pytest.raises(StudyError, match=r"^limits\.agents\.a\.timeout_s: this platform has no timer"):
        run_study(study, agent_bindings={"a": paid})


@pytest.mark.parametrize("checkpoint", [True, False])
@pytest.mark.parametrize("processes", [1, 2])
def test_no_run_starts_once_a_budget_is_spent(here, make_study, checkpoint, processes):
    study = make_study(limits={"max_cost_usd": 2.0}, run_budget={"replicates": 3})
    results = run_study(study, agent_bindings={"a": paid}, parallelism=processes, checkpoint=checkpoint)
    done = reasons(results).count("")
    assert 2 <= done < 2 + processes, "overshoot is at most what was under way"
    assert set(reasons(results)) == {"", "budget"}
    skipped = next(result for result in results if result.status_reason == "budget")
    assert str(skipped.status) == "skipped"
    assert skipped.error_info.startswith("not started: limits.max_cost_usd is reached: $")
    if not checkpoint:
        assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "done", "said"),
    [
        ({"max_tokens": 250}, 3, "limits.max_tokens is reached: 300 tokens of 250 tokens spent"),
        ({"max_cost_usd": 0.0}, 0, "limits.max_cost_usd is reached: $0.00 of $0.00 spent"),
        ({"max_total_s": 0.0}, 0, "limits.max_total_s is reached: 0.0 s of 0.0 s spent"),
    ],
)
def test_budgets_of_tokens_and_time(make_study, limits, done, said):
    results = run_study(make_study(limits=limits), agent_bindings={"a": paid})
    assert reasons(results) == [""] * done + ["budget"] * (4 - done)
    assert results[-1].error_info == f"not started: {said}"


def test_failures_are_bounded_in_each_session(make_study):
    def failing(x):
        raise ValueError(x)

    study = make_study(limits={"max_failures": 2})
    for _ in range(2):
        results = resume_study(study, agent_bindings={"a": failing})
        assert reasons(results) == ["agent_error", "agent_error", "budget", "budget"]
    assert results[-1].error_info.endswith("limits.max_failures is reached: 2 runs of this session failed")


def test_one_agent_s_budget_holds_back_its_runs_alone(make_study):
    study = make_study(limits={"agents": {"dear": {"max_cost_usd": 1.0}}}, agent_specs=["cheap", "dear"])
    results = run_study(study, agent_bindings={"cheap": paid, "dear": paid}, checkpoint=False)
    assert reasons(results) == ["", "", "", "budget", "", "budget", "", "budget"]
    assert results[3].error_info.startswith("not started: limits.agents.dear.max_cost_usd is reached")


def test_failed_attempts_count_against_the_budget(calls, make_study):
    limits = {"max_cost_usd": 2.0, "retries": 1, **WAIT}
    results = run_study(make_study(limits=limits), agent_bindings={"a": Flaky(calls, 1)}, checkpoint=False)
    assert reasons(results) == ["", "", "budget", "budget"]


def test_what_earlier_sessions_spent_counts_and_a_larger_budget_goes_on(here, calls, make_study):
    agent = {"a": Flaky(calls, 1)}
    small = make_study(limits={"max_cost_usd": 1.0, "retries": 1, **WAIT})
    assert reasons(run_study(small, agent_bindings=agent)) == ["", "budget", "budget", "budget"]
    assert reasons(resume_study(small, agent_bindings=agent)) == ["", "budget", "budget", "budget"]
    larger = make_study(limits={"max_cost_usd": 2.75, "retries": 1, **WAIT})
    results = resume_study(larger, agent_bindings=agent)
    assert reasons(results) == ["", "", "", "budget"]
    assert results[-1].error_info.endswith("$3.00 of $2.75 spent")
    manifest = json.loads((here / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["run_count"] == 3, "what was not started is stored nowhere"


@pytest.mark.parametrize("checkpoint", [True, False])
def test_a_run_that_holds_its_process_in_c_is_a_timeout_and_the_others_go_on(here, make_study, checkpoint):
    def agent(x):
        return hold() if x == 1 else "done"

    def hold():
        return any(itertools.repeat(False))  # never ends, and no signal's handler gets the word

    started = time.monotonic()
    results = run_study(
        make_study(limits={"timeout_s": 0.5}), agent_bindings={"a": agent}, parallelism=2, checkpoint=checkpoint
    )
    assert time.monotonic() - started < 25
    assert reasons(results) == ["", "timeout", "", ""]
    assert results[1].error_info == (
        "RunTimeout: the run took longer than 0.5 s (limits.timeout_s) and could not be interrupted, "
        "so its process was ended"
    )
    assert "in hold" in results[1].traceback
    assert 1.0 < results[1].latency_s < 20
    if checkpoint:
        with closing(RunStore.existing(here / "out" / "store.sqlite", "s")) as store:
            stored = store.result(results[1].run_id, results[1].fingerprint)
        assert (stored.status_reason, stored.traceback) == ("timeout", results[1].traceback)


def test_a_run_ended_in_its_second_attempt_counts_the_seconds_of_the_first_once(here, make_study):
    def agent(x):
        if x != 1:
            return "done"
        if not (here / "tried").exists():
            (here / "tried").touch()
            time.sleep(0.4)
            raise ConnectionError
        return any(itertools.repeat(False))

    started = time.monotonic()
    limits = {"timeout_s": 0.6, "retries": 1, **WAIT}
    results = run_study(make_study(limits=limits), agent_bindings={"a": agent}, parallelism=2)
    took = time.monotonic() - started
    assert (results[1].status_reason, results[1].attempts) == ("timeout", 2)
    assert results[1].lost_s == pytest.approx(0.4, abs=0.15)
    assert results[1].lost_s + results[1].latency_s < took


def test_a_process_that_dies_in_time_is_a_crash_with_its_duration(make_study):
    def agent(x):
        if x == 1:
            time.sleep(0.2)
            os._exit(3)
        return "done"

    results = run_study(
        make_study(limits={"timeout_s": 30.0}), agent_bindings={"a": agent}, parallelism=2, checkpoint=False
    )
    assert reasons(results) == ["", "crashed", "", ""]
    assert results[1].error_info == "the process that carried out the run died: EXIT(3)"
    assert 0.2 <= results[1].latency_s < 20


@pytest.mark.parametrize("processes", [1, 2])
def test_an_agent_that_goes_on_when_its_time_is_up_has_failed(make_study, processes):
    def agent(x):
        if x == 1:
            with suppress(BaseException):
                time.sleep(30)
        return "done"

    study = make_study(limits={"timeout_s": 0.3})
    results = run_study(study, agent_bindings={"a": agent}, checkpoint=False, parallelism=processes)
    assert reasons(results) == ["", "timeout", "", ""]
    assert results[1].error_info == "Timeout: the agent went on when its time was up (limits.timeout_s is 0.3)"
    assert results[1].outputs == {"text": "done"}


def test_the_time_of_the_last_attempt_is_what_counts(calls, make_study, monkeypatch):
    monkeypatch.setattr("signal.setitimer", lambda *_: (0.0, 0.0))  # nobody interrupts the run

    class Slow(Flaky):
        def run(self, x):
            time.sleep(0.15 if x == 0 else 0)
            return super().run(x)

    study = make_study(limits={"timeout_s": 0.25, "retries": 1, **WAIT})
    (result, *_) = run_study(study, agent_bindings={"a": Slow(calls, 1)}, checkpoint=False)
    assert (result.status_reason, result.attempts) == ("", 2)
    assert result.latency_s + result.lost_s > 0.25, "all attempts together took longer than the limit"


def test_a_limit_that_strikes_between_attempts_and_result_keeps_what_was_lost(calls, make_study, monkeypatch):
    execute_run = performing.execute_run

    def slow(*arguments, **options):
        execute_run(*arguments, **options)
        time.sleep(30)

    monkeypatch.setattr(performing, "execute_run", slow)
    study = make_study(limits={"timeout_s": 0.4, "retries": 1, **WAIT})
    results = run_study(study, agent_bindings={"a": Flaky(calls, 1)}, checkpoint=False)
    assert reasons(results) == ["timeout"] * 4
    assert [(result.attempts, result.lost_usd, result.lost_tokens) for result in results] == [(2, 0.5, 10)] * 4


def test_books_of_a_session_know_each_agent(make_study):
    books = SessionBooks()
    study = make_study(agent_specs=["a", "b"])
    for result in run_study(study, agent_bindings={"a": paid, "b": lambda x: 1 / 0}, checkpoint=False):
        books.add(result)
    every, own, none = books.spending(), books.spending(agent_id="a"), books.spending(agent_id="c")
    assert (every.cost_usd, every.tokens, every.failures) == (4.0, 400, 4)
    assert (own.cost_usd, own.failures, books.spending(agent_id="b").failures) == (4.0, 0, 4)
    assert (none.cost_usd, none.tokens, none.seconds, none.failures) == (0, 0, 0, 0)
    assert every.seconds > own.seconds > 0


def test_what_a_crashed_run_s_failed_attempts_cost_is_not_lost(calls, make_study):
    class Deadly(Flaky):
        def run(self, x):
            if x == 1 and (self.calls / "1-0").exists():
                os._exit(3)
            return super().run(x)

    study = make_study(limits={"retries": 1, **WAIT})
    results = run_study(study, agent_bindings={"a": Deadly(calls, 1)}, parallelism=2)
    assert reasons(results) == ["", "crashed", "", ""]
    assert (results[1].attempts, results[1].lost_usd, results[1].lost_tokens) == (2, 0.5, 10)
    assert [event["text"] for event in results[1].events] == ["ConnectionError: busy"]


def test_a_study_that_another_session_runs_is_not_touched(here, make_study):
    study = make_study()
    run_study(study, agent_bindings={"a": paid})
    tables = {file.name: file.read_bytes() for file in (here / "out").glob("*.csv")}
    with closing(RunStore.existing(here / "out" / "store.sqlite", "s")) as store:
        store.claim(replace(session_info("other"), command="pytest studies"))
        with pytest.raises(StoreError, match=r"study 's' is being run by pid \d+ .*\(pytest studies\)"):
            run_study(study, agent_bindings={"a": lambda x: 1 / 0})
        assert len(store.fingerprints()) == 4
        assert store.spending().failures == 0
    assert {file.name: file.read_bytes() for file in (here / "out").glob("*.csv")} == tables
    assert reasons(run_study(study, agent_bindings={"a": paid})) == [""] * 4


def test_a_damaged_store_is_salvaged_and_said_so(here, make_study):
    run_study(make_study(), agent_bindings={"a": paid})
    file = here / "out" / "store.sqlite"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.warns(StudyWarning, match="store"):
        results = resume_study(make_study(), agent_bindings={"a": paid})
    assert reasons(results) == [""] * 4
    assert list((here / "out").glob("store.damaged-*.sqlite"))


def test_a_demanded_outcome_that_is_missing_fails_the_run(make_study):
    outcome = {"name": "y", "source_table": "runs", "column": "primary_outcome", "aggregation": "mean"}
    study = make_study(outcomes=[{**outcome, "missing_data_policy": "fail"}])
    results = run_study(study, agent_bindings={"a": lambda x: {"metrics": {"primary_outcome": x}} if x else "none"})
    assert reasons(results) == ["invalid_output", "", "", ""]
    assert "'y'" in results[0].error_info
    assert results[0].outputs == {"text": "none"}


@pytest.mark.parametrize("processes", [1, 2])
def test_secrets_of_the_environment_are_stored_nowhere(here, calls, make_study, monkeypatch, processes):
    monkeypatch.setenv("SOME_API_KEY", "sk-very-secret-1234")

    class Talkative(Flaky):
        def run(self, x):
            self.error = lambda text: ConnectionError(os.environ["SOME_API_KEY"])
            super().run(x)
            return os.environ["SOME_API_KEY"]

    study = make_study(limits={"retries": 1, **WAIT})
    results = run_study(study, agent_bindings={"a": Talkative(calls, 1)}, parallelism=processes)
    assert [result.outputs["text"] for result in results] == ["***"] * 4
    assert results[0].events[0]["text"] == "ConnectionError: ***"
    files = [file for file in (here / "out").iterdir() if file.is_file()]
    assert files
    assert not [file.name for file in files if b"sk-very-secret" in file.read_bytes()]


def test_artifacts_whose_store_is_gone_are_kept_and_nothing_is_resumed(here, calls, make_study):
    agent = {"a": Flaky(calls, 0)}
    run_study(make_study(), agent_bindings=agent)
    (here / "out/store.sqlite").unlink()
    with pytest.raises(StoreError, match=r"manifest\.json tells of 4 results that it held"):
        resume_study(make_study(), agent_bindings=agent)
    assert len(list(calls.iterdir())) == 4
    with pytest.warns(StudyWarning, match="the run store was gone, and with it 4 results"):
        run_study(make_study(), agent_bindings=agent)
    (kept,) = (here / "out").glob("without-store-*")
    assert (kept / "runs.csv").is_file()
    (here / "out/store.sqlite").unlink()
    with pytest.warns(StudyWarning, match="the run store was gone"):
        run_study(make_study(), agent_bindings=agent)
    assert len(list((here / "out").glob("without-store-*"))) == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"study_id": "other", "run_count": 9}', '{"study_id": "s", "run_count": 0}']
)
def test_a_manifest_of_something_else_is_no_sign_of_a_store(here, calls, make_study, text):
    (here / "out").mkdir()
    (here / "out/manifest.json").write_text(text, encoding="utf-8")
    assert len(resume_study(make_study(study_id="s"), agent_bindings={"a": Flaky(calls, 0)})) == 4
