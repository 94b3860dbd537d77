"""The run store, from one process and from several."""

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.store import database
from pytest_dre.store.runs import RunStore


def result(run_id="run-1", status=RunStatus.SUCCESS, fingerprint="f1", **fields) -> RunResult:
    return RunResult(
        study_id="s",
        condition_id="cond-1",
        run_id=run_id,
        replicate=1,
        agent_id="a",
        problem_id=None,
        seed=7,
        status=status,
        fingerprint=fingerprint,
        **fields,
    )


@pytest.fixture
def store(tmp_path):
    opened = RunStore.create_or_open(tmp_path / "out" / "store.sqlite", "s")
    yield opened
    opened.close()


def test_a_result_comes_back_as_it_went_in(store):
    went_in = result(
        outputs={"text": 'a\n"b" 😀 \ud800', "nested": {"x": [1, None, float("inf")]}},
        metrics={"primary_outcome": 0.1},
        error_info="ValueError: ä",
        latency_s=0.5,
        evaluations=[{"metric_value": float("-inf")}],
        events=[{"text": "\r\n"}],
        trace_refs=["a.json"],
    )
    store.record(went_in, "session")
    assert store.result("run-1", "f1") == went_in


def test_the_last_result_of_a_fingerprint_counts(store):
    store.record(result(metrics={"primary_outcome": 1}), "one")
    store.record(result(metrics={"primary_outcome": 2}), "two")
    store.record(result(metrics={"primary_outcome": 3}, fingerprint="other"), "three")
    assert store.result("run-1", "f1").primary_outcome == 2
    assert store.fingerprints() == {"run-1": {"f1", "other"}}


def test_a_skip_never_hides_what_was_carried_out(store):
    store.record(result(), "one")
    store.record(result(status=RunStatus.SKIPPED), "two")
    assert store.completed("run-1", "f1") is not None


def test_a_later_failure_is_not_hidden_by_an_earlier_success(store):
    store.record(result(), "one")
    store.record(result(status=RunStatus.FAILED), "two")
    assert store.completed("run-1", "f1") is None
    assert store.result("run-1", "f1").status is RunStatus.FAILED


def test_results_stream_in_the_order_asked_for_and_leave_out_what_is_missing(store):
    for run_id in ("run-1", "run-2"):
        store.record(result(run_id), "one")
    keys = [("run-2", "f1"), ("run-3", "f1"), ("run-1", "f1"), ("run-1", "stale")]
    assert [item.run_id for item in store.results(keys)] == ["run-2", "run-1"]


def test_a_crash_is_recorded_only_if_the_session_has_no_result_of_the_run(store):
    store.record(result(), "one")
    crash = result(status=RunStatus.FAILED, status_reason="crashed")
    assert not store.record_unless_recorded(crash, "one")
    assert store.completed("run-1", "f1") is not None
    assert store.record_unless_recorded(crash, "two")
    assert store.completed("run-1", "f1") is None


def test_runs_of_earlier_sessions_are_those_carried_out_only_there(store):
    for run_id in ("run-1", "run-2", "run-3"):
        store.record(result(run_id), "one")
    store.record(result("run-1", RunStatus.FAILED), "two")
    store.record(result("run-2", RunStatus.SKIPPED), "two")
    store.record(result("run-4", RunStatus.SKIPPED), "one")
    store.record(result("run-5"), "two")
    assert store.only_before("two") == {"run-2", "run-3"}
    assert store.only_before("one") == {"run-5"}
    assert store.only_before("three") == {"run-1", "run-2", "run-3", "run-5"}


def test_the_first_stop_reason_of_a_session_stands(store):
    assert store.stop_reason("one") is None
    store.request_stop("one", "first")
    store.request_stop("one", "second")
    assert store.stop_reason("one") == "first"
    assert store.stop_reason("two") is None


def test_versions_are_those_noted_last(store):
    store.set_versions({("agent", "a"): "1", ("problem", "p"): "1"})
    store.set_versions({("agent", "a"): "2"})
    assert store.versions() == {("agent", "a"): "2", ("problem", "p"): "1"}


def test_looking_for_a_store_creates_nothing(tmp_path):
    assert RunStore.existing(tmp_path / "out" / "store.sqlite", "s") is None
    assert list(tmp_path.iterdir()) == []


def test_no_temporary_file_stays(store):
    store.record(result(), "one")
    names = {path.name for path in store.path.parent.iterdir()}
    assert names <= {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}


def test_another_study_is_refused(store):
    with pytest.raises(StoreError, match="holds the runs of study 's', not of 'other'"):
        RunStore.existing(store.path, "other")


def test_a_newer_store_is_refused(store):
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer pytest-dre"):
        RunStore.existing(store.path, "s")


def test_a_foreign_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no run store"):
        RunStore.create_or_open(path, "s")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be read as one" * 40, b"SQLite format 3\0" + b"\7" * 4000]
)
def test_a_damaged_store_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "store.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|cannot be opened"):
        RunStore.create_or_open(path, "s")
    assert path.read_bytes() == content


def test_a_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        RunStore.create_or_open(tmp_path / "file" / "store.sqlite", "s")


def test_a_failing_write_says_that_nothing_stored_is_lost(store):
    store.record(result(), "one")
    store.close()
    with pytest.raises(StoreError, match="nothing stored before is lost"):
        store.record(result(), "two")


def test_without_hard_links_one_process_still_wins(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "store.sqlite"
    RunStore.create_or_open(path, "s").close()
    RunStore.create_or_open(path, "s").close()
    assert [item.name for item in tmp_path.iterdir() if not item.name.startswith("store.sqlite-")] == ["store.sqlite"]


def test_a_claim_that_nobody_fulfils_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    (tmp_path / ".store.sqlite.claim").touch()
    with pytest.raises(StoreError, match=r"remove \.store\.sqlite\.claim"):
        RunStore.create_or_open(tmp_path / "store.sqlite", "s")


def _record_many(path: Path, start: int) -> None:
    store = RunStore.create_or_open(path, "s")
    for number in range(start, start + 100):
        store.record(result(f"run-{number}"), f"session-{start}")
    store.close()


def test_processes_create_and_write_one_store_at_once(tmp_path):
    path = tmp_path / "store.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_record_many, args=(path, start)) for start in (0, 100, 200, 300)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    store = RunStore.existing(path, "s")
    assert len(store.fingerprints()) == 400
    store.close()


def test_a_killed_process_loses_nothing_that_it_recorded(tmp_path):
    script = tmp_path / "writer.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            from pathlib import Path
            from pytest_dre.model.runs import RunResult, RunStatus
            from pytest_dre.store.runs import RunStore
            store = RunStore.create_or_open(Path(sys.argv[1]), "s")
            number = 0
            while True:
                run_id, done = f"run-{number}", RunStatus.SUCCESS
                store.record(RunResult("s", "c", run_id, 1, "a", None, 1, done, fingerprint="f"), "x")
                print(number, flush=True)
                number += 1
            """
        )
    )
    path = tmp_path / "store.sqlite"
    with subprocess.Popen([sys.executable, str(script), str(path)], stdout=subprocess.PIPE, text=True) as process:
        told = [int(process.stdout.readline()) for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().splitlines() if line]
    store = RunStore.existing(path, "s")
    stored = store.fingerprints()
    assert all(f"run-{number}" in stored for number in told)
    assert all(store.result(run_id, "f") is not None for run_id in stored)
    store.close()


def test_long_runs_are_on_the_disk_before_record_returns(store):
    def synchronous():
        return store._connection.execute("PRAGMA synchronous").fetchone()[0]

    store.record(result(latency_s=0.001), "one")
    assert synchronous() == 1
    store.record(result(latency_s=2.0), "one")
    assert synchronous() == 2
    store.record(result(latency_s=0.001), "one")
    assert synchronous() == 1


def test_a_payload_is_plain_json(store):
    store.record(result(), "one")
    (payload,) = store._connection.execute("SELECT payload FROM results").fetchone()
    assert json.loads(payload)["run_id"] == "run-1"


def test_results_read_many_at_once_are_those_read_one_by_one(store):
    """More runs than are read at once, each with a history: other fingerprints, failures, skips, several sessions."""
    for number in range(130):
        run_id = f"run-{number}"
        for step in range(number % 5):
            status = (RunStatus.SUCCESS, RunStatus.FAILED, RunStatus.SKIPPED)[(number + step) % 3]
            fingerprint = f"f{(number // 7 + step) % 2}"
            store.record(result(run_id, status, fingerprint, metrics={"step": step}), f"session-{step}")
    keys = [(f"run-{number}", f"f{number % 2}") for number in reversed(range(130))]
    one_by_one = [found for key in keys if (found := store.result(*key)) is not None]
    assert len(one_by_one) > 50
    assert list(store.results(keys)) == one_by_one
