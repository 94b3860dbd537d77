"""What a session spends on all its studies, known to all its processes."""

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.model.runs import Spending
from pytest_dre.store import ledger
from pytest_dre.store.ledger import SessionLedger
from pytest_dre.store.totals import Totals


@pytest.fixture
def shared():
    made = SessionLedger.create()
    yield made
    made.remove()


def test_a_new_ledger_has_nothing_spent(shared):
    assert shared.totals() == Totals()


def test_what_one_process_adds_the_others_see(shared):
    other = SessionLedger.open(shared.path)
    other.add(Spending(0.5, 10, 1.5), runs=1, failures=1)
    shared.add(Spending(0.25, 5, 0.5), runs=1)
    assert shared.totals() == other.totals() == Totals(0.75, 15, 2.0, runs=2, failures=1)
    other.close()


def test_nobody_gives_back_what_others_spent(shared):
    shared.add(Spending(1.0, 10, 1.0))
    shared.add(Spending(-1.0, -10, float("nan")))
    shared.add(Spending(float("inf"), 10**40, float("inf")))
    assert shared.totals() == Totals(1.0, 10 + 2**53, 1.0)


def test_removing_leaves_nothing():
    made = SessionLedger.create()
    directory = made.path.parent
    assert directory.is_dir()
    made.remove()
    assert not directory.exists()


def test_a_ledger_that_is_gone_is_told(shared, tmp_path):
    with pytest.raises(StoreError, match=r"ledger .* failed: unable to open"):
        SessionLedger.open(tmp_path / "gone.sqlite")
    assert list(tmp_path.iterdir()) == []
    shared.close()
    with pytest.raises(StoreError, match="no further run is started without it"):
        shared.totals()


def test_a_file_that_is_no_ledger_is_told(tmp_path):
    path = tmp_path / "spending.sqlite"
    path.write_text("no database " * 100)
    with pytest.raises(StoreError, match="not a database"):
        SessionLedger.open(path).totals()


def test_without_a_temporary_directory_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(ledger.tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StoreError, match="set TMPDIR"):
        SessionLedger.create()


def test_a_disk_that_refuses_leaves_no_connection_open(monkeypatch):
    def refuse(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(ledger, "_connect", refuse)
    with pytest.raises(StoreError, match="disk I/O error"):
        SessionLedger.create()


def _add_many(path: Path) -> None:
    opened = SessionLedger.open(path)
    for _ in range(200):
        opened.add(Spending(0.5, 1, 0.25), runs=1)
    opened.close()


def test_processes_add_at_once(shared):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_add_many, args=(shared.path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert shared.totals() == Totals(300.0, 600, 150.0, runs=600)
