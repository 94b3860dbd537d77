"""Locks that end with their process, and stores without write-ahead log."""

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.store import database
from pytest_dre.store.locks import alone, hold, is_held
from pytest_dre.store.ownership import SessionInfo
from pytest_dre.store.runs import RunStore

INFO = SessionInfo("one", True, 1, "h", "pytest", "2026-01-01T00:00:00")

INTERRUPTED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
for number in range(500):
    connection.execute("INSERT INTO versions VALUES ('agent', ?, ?)", (str(number), "x" * 500))
os._exit(0)
"""


def test_a_lock_is_held_until_it_is_closed(tmp_path):
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists()
    one, two = hold(path), hold(path)
    assert is_held(path)
    one.close()
    assert is_held(path)
    two.close()
    assert not is_held(path)


def test_a_lock_that_cannot_be_made_is_told(tmp_path):
    with pytest.raises(sqlite3.OperationalError):
        hold(tmp_path / "gone" / "lock")
    (tmp_path / "lock").write_text("no database " * 500)
    with pytest.raises(sqlite3.DatabaseError):
        hold(tmp_path / "lock")


def test_only_one_is_alone_at_a_time(tmp_path):
    path, inside, most = tmp_path / "lock", [], []

    def enter():
        for _ in range(5):
            with alone(path, 30):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.002)
                inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20


def test_who_waits_too_long_is_told(tmp_path):
    path = tmp_path / "lock"
    with alone(path, 0), pytest.raises(sqlite3.OperationalError, match="locked"), alone(path, 0):
        pass


@pytest.fixture
def without_log(tmp_path, monkeypatch):
    """A store on a disk that refuses write-ahead logs."""
    monkeypatch.setattr(database, "_use_wal_where_it_works", lambda _: None)
    path = tmp_path / "store.sqlite"
    with closing(RunStore.create_or_open(path, "s")) as store:
        store.set_versions({("agent", "a"): "1"})
    return path


def test_a_crash_without_write_ahead_log_is_rolled_back(without_log):
    subprocess.run([sys.executable, "-c", INTERRUPTED, str(without_log)], check=True)
    assert without_log.with_name("store.sqlite-journal").stat().st_size > 0
    told = []
    with closing(RunStore.create_or_open(without_log, "s", on_salvage=told.append)) as store:
        assert store.versions() == {("agent", "a"): "1"}
    assert told == []


def test_a_study_is_claimed_without_write_ahead_log_too(without_log):
    with closing(RunStore.existing(without_log, "s")) as one, closing(RunStore.existing(without_log, "s")) as two:
        one.claim(INFO)
        with pytest.raises(StoreError, match="is being run by pid 1"):
            two.claim(SessionInfo("two", True, 2, "h", "pytest", "2026-01-01T00:00:00"))


def test_a_store_that_goes_while_it_is_claimed_is_told(tmp_path):
    with closing(RunStore.create_or_open(tmp_path / "out" / "store.sqlite", "s")) as store:
        store.path.unlink()
        store.path.parent.joinpath("store.sqlite-wal").unlink(missing_ok=True)
        store.path.parent.joinpath("store.sqlite-shm").unlink(missing_ok=True)
        store.path.parent.rmdir()
        with pytest.raises(StoreError, match="check that the output directory is there"):
            store.claim(INFO)


def test_a_claim_that_fails_leaves_no_lock(tmp_path, monkeypatch):
    with closing(RunStore.create_or_open(tmp_path / "store.sqlite", "s")) as store:
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="make it writable"):
            store.claim(INFO)
        assert list(tmp_path.glob(".store.session-*")) == []


def test_a_claim_is_given_back_once(tmp_path):
    with closing(RunStore.create_or_open(tmp_path / "store.sqlite", "s")) as store:
        store.claim(INFO)
        claimed = store._claim
        claimed.release()
        claimed.release()
        assert list(tmp_path.glob(".store.session-*")) == []


def test_a_store_that_cannot_be_built_leaves_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(database, "create_schema", refuse)
    with pytest.raises(StoreError, match="cannot be opened: disk I/O error"):
        RunStore.create_or_open(tmp_path / "store.sqlite", "s")
    assert list(tmp_path.iterdir()) == []
