"""Stores of version 1 are brought up to date in place."""

import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.store.rows import written
from pytest_dre.store.runs import RunStore
from pytest_dre.store.totals import Means, Totals

VERSION_1 = """
PRAGMA journal_mode = WAL;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE versions (
    kind TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE results (
    result_id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, session_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
    status TEXT NOT NULL, payload TEXT NOT NULL
);
CREATE INDEX results_by_run ON results (run_id);
CREATE TABLE stops (session_id TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('study_id', 's');
INSERT INTO versions VALUES ('agent', 'a', '1');
INSERT INTO stops VALUES ('one', 'enough');
PRAGMA application_id = 1685218609;
PRAGMA user_version = 1;
"""


def result(run_id, status=RunStatus.SUCCESS, agent_id="a", **fields) -> RunResult:
    common = {"study_id": "s", "condition_id": "c", "replicate": 1, "problem_id": "p", "seed": 1, "fingerprint": "f"}
    plain = {"evaluations": [], "events": [], "trace_refs": []}
    return RunResult(run_id=run_id, status=status, agent_id=agent_id, **common, **plain, **fields)


STORED = [
    (result("r1", metrics={"cost_usd": 0.5, "input_tokens": 10, "output_tokens": 5}, latency_s=2.0), "one"),
    (result("r2", RunStatus.FAILED, metrics={"cost_usd": 0.25, "x": float("nan")}, latency_s=1.0), "one"),
    (result("r3", RunStatus.SKIPPED, metrics={"cost_usd": 9.0}), "one"),
    (result("r4", agent_id=None, outputs={"text": "\ud800"}, metrics={"cost_usd": -3.0}), "two"),
    *((result(f"more-{number}", metrics={"input_tokens": 1}), "three") for number in range(1200)),
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(VERSION_1)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO results (run_id, session_id, fingerprint, status, payload) VALUES (?, ?, ?, ?, ?)",
            [(item.run_id, session, "f", str(item.status), written(item)) for item, session in STORED],
        )
        connection.execute("COMMIT")
    return path


def user_version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_nothing_is_lost_and_spending_is_computed(path):
    with closing(RunStore.create_or_open(path, "s")) as store:
        assert store.result("r1", "f") == STORED[0][0]
        assert store.result("r4", "f") == STORED[3][0]
        assert store.versions() == {("agent", "a"): "1"}
        assert store.stop_reason("one") == "enough"
        assert store.spending("one") == Totals(0.75, 15, 3.0, runs=2, failures=1)
        assert store.spending("two") == Totals(0.0, 0, 0.0, runs=1)
        assert store.spending("three", "a") == Totals(0.0, 1200, 0.0, runs=1200)
        assert store.means()[None, "p"] == Means(1, 0.0, 0.0, 0.0)
    assert user_version(path) == 3


def test_the_ledger_goes_on_from_there(path):
    with closing(RunStore.existing(path, "s")) as store:
        store.record(result("r2", metrics={"cost_usd": 1.0}), "one")
        assert store.spending("one") == Totals(1.75, 15, 3.0, runs=3, failures=1)
        assert store.unstarted() == {}


def test_a_result_that_cannot_be_read_leaves_the_store_as_it_was(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE results SET payload = 'x' WHERE run_id = 'more-700'")
        connection.commit()
    with pytest.raises(StoreError, match="a result in it cannot be read"):
        RunStore.existing(path, "s")
    assert user_version(path) == 1
    told = []
    with closing(RunStore.create_or_open(path, "s", on_salvage=told.append)) as store:
        assert len(store.fingerprints()) == len(STORED) - 1
        assert store.spending("one") == Totals(0.75, 15, 3.0, runs=2, failures=1)
    assert told[0].lost == 1


def _open(path: Path, barrier) -> None:
    barrier.wait()
    RunStore.create_or_open(path, "s").close()


def test_several_processes_migrate_once(path):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    processes = [context.Process(target=_open, args=(path, barrier)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    with closing(RunStore.existing(path, "s")) as store:
        assert store.spending("one") == Totals(0.75, 15, 3.0, runs=2, failures=1)


# Version 2 wrote what was spent with every result.
VERSION_2 = """
DROP INDEX results_by_run;
CREATE INDEX results_by_run ON results (run_id, fingerprint);
ALTER TABLE results ADD COLUMN agent_id TEXT;
ALTER TABLE results ADD COLUMN problem_id TEXT;
ALTER TABLE results ADD COLUMN cost_usd REAL NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
CREATE TABLE attempts (
    run_id TEXT NOT NULL, session_id TEXT NOT NULL, agent_id TEXT, problem_id TEXT, number INTEGER NOT NULL,
    error_info TEXT NOT NULL, cost_usd REAL NOT NULL, tokens INTEGER NOT NULL, seconds REAL NOT NULL,
    started TEXT NOT NULL
);
CREATE TABLE spending (
    session_id TEXT NOT NULL, agent_id TEXT NOT NULL, runs INTEGER NOT NULL, failures INTEGER NOT NULL,
    cost_usd REAL NOT NULL, tokens INTEGER NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (session_id, agent_id)
) WITHOUT ROWID;
CREATE TABLE unstarted (
    run_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE owner (
    only INTEGER PRIMARY KEY CHECK (only = 1), session_id TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL,
    command TEXT NOT NULL, started TEXT NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER results_add_up AFTER INSERT ON results WHEN NEW.status IN ('success', 'failed') BEGIN
    INSERT INTO spending VALUES (NEW.session_id, NEW.agent_id, 1, 0, NEW.cost_usd, NEW.tokens, NEW.seconds)
    ON CONFLICT (session_id, agent_id) DO UPDATE SET runs = runs + 1, cost_usd = cost_usd + excluded.cost_usd,
        tokens = tokens + excluded.tokens, seconds = seconds + excluded.seconds;
END;
CREATE TRIGGER attempts_add_up AFTER INSERT ON attempts BEGIN SELECT 1; END;
PRAGMA user_version = 2;
"""


def test_what_version_2_has_counted_is_counted_once(tmp_path):
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(VERSION_1 + VERSION_2)
        item = result("r1", metrics={"cost_usd": 0.5})
        row = ("r1", "one", "f", "success", written(item), "a", "p", 0.5, 15, 2.0)
        connection.execute(
            "INSERT INTO results (run_id, session_id, fingerprint, status, payload, agent_id, problem_id, cost_usd,"
            " tokens, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    with closing(RunStore.existing(path, "s")) as store:
        assert store.spending() == Totals(0.5, 15, 2.0, runs=1)
        assert store.result("r1", "f") == item
        store.record(result("r2", RunStatus.FAILED, metrics={"cost_usd": 1.0}), "one")
        assert store.spending() == Totals(1.5, 15, 2.0, runs=2, failures=1)
    assert user_version(path) == 3
    with closing(RunStore.existing(path, "s")) as store:
        assert store.spending() == Totals(1.5, 15, 2.0, runs=2, failures=1)
