"""A damaged store: the file is kept aside as it was, and everything that can be read is in a new one."""

import multiprocessing
import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.model.runs import Attempt, RunResult, RunStatus, Spending
from pytest_dre.store import database, health, salvage
from pytest_dre.store.ownership import SessionInfo
from pytest_dre.store.runs import RunStore

PAGE = 4096


def result(number: int, study_id="s", fill=600) -> RunResult:
    return RunResult(
        study_id=study_id,
        condition_id="c",
        run_id=f"run-{number}",
        replicate=1,
        agent_id=f"a{number % 2}",
        problem_id="p",
        seed=number,
        status=RunStatus.SUCCESS,
        fingerprint="f",
        outputs={"text": f"é{number}" * (fill // 4)},
        metrics={"cost_usd": 0.5, "input_tokens": 10},
        latency_s=0.01,
        evaluations=[],
        events=[],
        trace_refs=[],
    )


RESULTS = {number: result(number, fill=30_000 if number % 50 == 7 else 600) for number in range(300)}


def fill(path: Path) -> None:
    with closing(RunStore.create_or_open(path, "s")) as store:
        for item in RESULTS.values():
            store.record(item, "one")
        store.record_attempt(
            Attempt("run-1", "a1", "p", 1, "TimeoutError: ä", Spending(0.25, 7, 1.5), "2026-01-01"), "one"
        )
        store.set_versions({("agent", "a1"): "v1"})
        store.request_stop("one", "budget")
        store.note_unstarted("run-999", "one", "budget", "spent")


@pytest.fixture
def path(tmp_path):
    """A store whose content is all in the file."""
    path = tmp_path / "store.sqlite"
    fill(path)
    return path


@pytest.fixture
def logged(path, tmp_path):
    """A store whose last hundred results are in its write-ahead log, as a kill leaves it."""
    other = tmp_path / "copy" / "store.sqlite"
    other.parent.mkdir()
    with closing(RunStore.create_or_open(path, "s")) as store:
        for number in range(300, 400):
            store.record(result(number), "two")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{other}{suffix}")
    return other


def root_of(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def garbage(size=PAGE) -> bytes:
    return random.Random(1).randbytes(size)


def leaf_of_results(path: Path) -> tuple[int, int]:
    """Return the number of a leaf page of the results, and how many rows it holds."""
    content = path.read_bytes()
    for number in range(root_of(path, "results"), len(content) // PAGE):
        page = content[number * PAGE : (number + 1) * PAGE]
        if page[0] == 0x0D and b'"run_id":"run-' in page:
            return number + 1, int.from_bytes(page[3:5], "big")
    raise AssertionError("no leaf")


def salvaged_store(path: Path):
    told = []
    store = RunStore.create_or_open(path, "s", on_salvage=told.append)
    return store, told


def found_in(store: RunStore) -> dict[int, RunResult]:
    found = {}
    for run_id in store.fingerprints():
        item = store.result(run_id, "f")
        found[item.seed] = item
    return found


def assert_whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_ledger_knows_what_is_lost_without_a_trace(path):
    """Cut off, the file has neither the last results nor the index that would name them."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    store, (told,) = salvaged_store(path)
    with closing(store):
        found = len(found_in(store))
    assert 0 < found < len(RESULTS)
    assert told.lost == len(RESULTS) - found
    assert "are lost, whose runs count as not carried out" in str(told)


def assert_all_but(path: Path, lost: set[int]) -> str:
    """Salvage; assert that all results but `lost` are there, and that the damaged file is as it was."""
    before = path.read_bytes()
    store, (told,) = salvaged_store(path)
    with closing(store):
        assert {n: item for n, item in RESULTS.items() if n not in lost} == found_in(store)
        store.record(result(1_000), "two")
    assert told.results == len(RESULTS) - len(lost)
    assert told.kept.read_bytes() == before
    assert told.kept.name.startswith("store.damaged-")
    assert told.kept.suffix == ".sqlite"
    assert_whole(path)
    assert {item.name for item in path.parent.iterdir()} <= {
        "store.sqlite",
        "copy",
        ".store.sqlite.salvage",
        *(f"{told.kept.name}{suffix}" for suffix in ("", "-wal", "-shm")),
    }
    return str(told)


def test_a_damaged_first_page_costs_nothing(path):
    overwrite(path, 0, garbage())
    message = assert_all_but(path, set())
    assert "300 results were salvaged, none is known to be lost; the damaged file is kept as store.damaged-" in message


def test_a_damaged_header_costs_nothing(path):
    overwrite(path, 0, bytes(100))
    assert_all_but(path, set())


@pytest.mark.parametrize("name", ["results", "results_by_run", "versions", "spending"])
def test_a_damaged_root_costs_no_result(path, name):
    with closing(RunStore.existing(path, "s")) as store:
        assert store.fingerprints(), "the first look for a run makes the index"
    overwrite(path, (root_of(path, name) - 1) * PAGE, garbage())
    assert_all_but(path, set())


def test_a_damaged_leaf_costs_its_own_rows_which_are_counted(path):
    number, rows = leaf_of_results(path)
    overwrite(path, (number - 1) * PAGE, garbage())
    store, (told,) = salvaged_store(path)
    with closing(store):
        found = found_in(store)
        assert store.spending().runs == 300  # what is lost was spent all the same
    assert 0 < len(RESULTS) - len(found) == rows == told.lost
    assert all(RESULTS[number] == item for number, item in found.items())
    assert f"{rows} results are lost, whose runs count as not carried out" in str(told)
    number, more = leaf_of_results(path)
    overwrite(path, (number - 1) * PAGE, garbage())
    store, (told,) = salvaged_store(path)
    with closing(store):
        assert store.spending().runs == 300
    assert told.lost == more, "what was lost before is not told again"


def test_a_truncated_store_keeps_what_stands_in_the_rest(path):
    os.truncate(path, path.stat().st_size // 2 + 100)
    store, (told,) = salvaged_store(path)
    with closing(store):
        found = found_in(store)
    assert 100 < len(found) == told.results < 300
    assert all(RESULTS[number] == item for number, item in found.items())


def test_everything_else_is_salvaged_too(path):
    with closing(RunStore.existing(path, "s")) as store:
        spent = store.spending()
    overwrite(path, 0, garbage())
    store, (told,) = salvaged_store(path)
    with closing(store):
        assert store.versions() == {("agent", "a1"): "v1"}
        assert store.stop_reason("one") == "budget"
        assert store.unstarted()["run-999"].message == "spent"
        assert [item.error_info for item in store.attempts("run-1", "one")] == ["TimeoutError: ä"]
        found = store.spending()
        assert replace(found, seconds=round(found.seconds, 9)) == spent
        assert spent.cost_usd == 150.25
    assert told.attempts == 1


@pytest.mark.parametrize("content", [b"no database at all\n" * 300, b"short", b"SQLite format 3\0" + b"\7" * 4000])
def test_what_is_no_database_is_kept_aside(path, content):
    path.write_bytes(content)
    store, (told,) = salvaged_store(path)
    with closing(store):
        assert store.fingerprints() == {}
    assert told.kept.read_bytes() == content


def test_a_missing_table_is_damage(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE attempts")
    assert "without table attempts" in assert_all_but(path, set())


def test_a_store_that_names_no_study_is_damaged(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM meta")
        connection.commit()
    assert "whose runs" in assert_all_but(path, set())


def test_results_in_the_log_are_salvaged(logged):
    before = {suffix: Path(f"{logged}{suffix}").read_bytes() for suffix in ("", "-wal")}
    overwrite(logged, 0, b"\0" * logged.stat().st_size)
    overwritten = logged.read_bytes()
    store, (told,) = salvaged_store(logged)
    with closing(store):
        assert {number for number in found_in(store) if number >= 300} == set(range(300, 400))
    assert told.kept.read_bytes() == overwritten
    assert Path(f"{told.kept}-wal").read_bytes() == before["-wal"]


def test_an_emptied_file_does_not_cost_what_the_log_holds(logged):
    log = Path(f"{logged}-wal").read_bytes()
    logged.write_bytes(b"")
    store, (told,) = salvaged_store(logged)
    with closing(store):
        assert set(range(300, 400)) <= set(found_in(store))
    assert Path(f"{told.kept}-wal").read_bytes() == log
    assert "it is empty" in str(told)


def test_a_log_without_its_store_is_not_mixed_into_a_new_one(logged):
    logged.unlink()
    with pytest.raises(StoreError, match=r"is gone, store\.sqlite-wal is still there"):
        RunStore.create_or_open(logged, "s")
    store, (told,) = salvaged_store(logged)
    with closing(store):
        assert set(range(300, 400)) <= set(found_in(store))
    assert told.kept.name.endswith(".sqlite-wal")


def test_a_damaged_frame_of_the_log_does_not_cost_those_behind_it(logged):
    log = Path(f"{logged}-wal")
    overwrite(log, log.stat().st_size // 2, garbage(200))
    logged.write_bytes(b"")
    store, _ = salvaged_store(logged)
    with closing(store):
        assert len([number for number in found_in(store) if number >= 300]) >= 97


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_damaged_what_is_salvaged_is_true(path, seed):
    chance = random.Random(seed)
    size = path.stat().st_size
    for _ in range(chance.randint(1, 5)):
        overwrite(path, chance.randrange(size), chance.randbytes(chance.choice([1, 50, 5000])))
    if chance.random() < 0.3:
        os.truncate(path, chance.randrange(size))
    damaged = path.read_bytes()
    store, told = salvaged_store(path)
    with closing(store):
        found = found_in(store)
        store.record(result(1_000), "two")
    truly = [number for number, item in found.items() if RESULTS.get(number) == item]
    if told:
        assert told[0].kept.read_bytes() == damaged
        # a flipped byte inside a text is no damage that anybody could see
        assert len(found) - len(truly) <= 3
    assert_whole(path)


def test_without_somebody_to_tell_the_store_is_left_as_it_is(path):
    overwrite(path, 0, garbage())
    before = path.read_bytes()
    with pytest.raises(StoreError, match="run the study again, then what is readable is salvaged") as told:
        RunStore.create_or_open(path, "s")
    with pytest.raises(StoreError, match="is damaged"):
        RunStore.existing(path, "s")
    assert path.read_bytes() == before
    assert "\n" not in str(told.value)


def test_damage_deep_inside_is_told_when_it_is_met(path):
    number, _ = leaf_of_results(path)
    overwrite(path, (number - 1) * PAGE, garbage())
    with closing(RunStore.create_or_open(path, "s")) as store, pytest.raises(StoreError, match="damaged"):
        found_in(store)


def test_a_payload_that_is_none_is_told_as_damage(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE results SET payload = '{}' WHERE run_id = 'run-5'")
        connection.commit()
    with (
        closing(RunStore.existing(path, "s")) as store,
        pytest.raises(StoreError, match="a result in it cannot be read"),
    ):
        store.result("run-5", "f")
    assert_all_but(path, {5})


def test_a_text_that_is_none_is_told_as_damage(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE results SET payload = CAST(X'FFFE' AS TEXT) WHERE run_id = 'run-5'")
        connection.commit()
    with closing(RunStore.existing(path, "s")) as store, pytest.raises(StoreError, match="a text in it is not UTF-8"):
        store.result("run-5", "f")
    assert_all_but(path, {5})


def test_a_large_store_is_not_read_through_at_the_start(path, monkeypatch):
    number, _ = leaf_of_results(path)
    overwrite(path, (number - 1) * PAGE, garbage())
    monkeypatch.setattr(health, "QUICK_CHECK_BELOW", 1000)
    store, told = salvaged_store(path)
    store.close()
    assert told == []


def test_a_healthy_store_is_not_touched(path):
    store, told = salvaged_store(path)
    with closing(store):
        assert found_in(store) == RESULTS
    assert told == []
    assert salvage.salvage(path, "s") is None


def test_nothing_kept_is_ever_overwritten(path):
    kept = []
    for number in range(3):
        content = f"no database {number}".encode() * 50
        path.write_bytes(content)
        store, (told,) = salvaged_store(path)
        store.close()
        kept.append((told.kept, content))
    assert len({name for name, _ in kept}) == 3
    assert all(name.read_bytes() == content for name, content in kept)


def _open_damaged(path: Path, barrier, told) -> None:
    barrier.wait()
    with closing(RunStore.create_or_open(path, "s", on_salvage=lambda item: told.put(item.results))) as store:
        store.record(result(1_000 + os.getpid()), "two")


def test_several_processes_salvage_once(path):
    overwrite(path, 0, garbage())
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_open_damaged, args=(path, barrier, told)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert told.get(timeout=10) == 300
    assert told.empty()
    with closing(RunStore.existing(path, "s")) as store:
        assert len(store.fingerprints()) == 304
    assert len(list(path.parent.glob("store.damaged-*.sqlite"))) == 1


def test_a_salvage_that_was_killed_is_taken_up(logged):
    kept = logged.with_name("store.damaged-20260101T000000Z.sqlite")
    os.link(logged, kept)
    Path(f"{logged}-wal").rename(f"{kept}-wal")
    store, (told,) = salvaged_store(logged)
    with closing(store):
        assert set(found_in(store)) == set(range(400))
    assert told.kept == kept
    assert "its salvage was interrupted" in str(told)


def test_without_hard_links_a_copy_is_kept(path, monkeypatch):
    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    overwrite(path, 0, garbage())
    assert_all_but(path, set())


def test_the_store_of_a_session_that_runs_is_not_taken_from_it(path):
    with closing(RunStore.existing(path, "s")) as running:
        running.claim(SessionInfo("one", True, 1, "h", "pytest", "2026-01-01T00:00:00"))
        overwrite(path, 0, garbage())
        before = path.read_bytes()
        with pytest.raises(StoreError, match="a session that uses it still runs; wait for it to end"):
            salvaged_store(path)
        assert path.read_bytes() == before


def test_a_salvage_that_fails_leaves_everything(path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(salvage, "copy_readable", refuse)
    overwrite(path, 0, garbage())
    before = path.read_bytes()
    with pytest.raises(StoreError, match="No space left on device; check the output directory and its free space"):
        salvaged_store(path)
    assert {item.name for item in path.parent.iterdir()} == {"store.sqlite", ".store.sqlite.salvage"}
    assert path.read_bytes() == before


def test_a_damaged_store_of_another_study_is_left_alone(path):
    overwrite(path, 0, garbage())
    before = path.read_bytes()
    with pytest.raises(StoreError, match="holds the runs of study 's', not of 'other'"):
        RunStore.create_or_open(path, "other", on_salvage=print)
    assert {item.name for item in path.parent.iterdir()} == {"store.sqlite", ".store.sqlite.salvage"}
    assert path.read_bytes() == before


def test_rows_that_contradict_themselves_do_not_count(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE results SET status = 'failed' WHERE run_id = 'run-3'")
        connection.execute("UPDATE results SET session_id = X'00' WHERE run_id = 'run-4'")
        connection.execute("UPDATE results SET payload = 5 WHERE run_id = 'run-5'")
        connection.execute("INSERT INTO attempts VALUES ('run-1', 'one', 'a', 'p', 2, X'00', 1, 1, 1, '')")
        connection.execute("INSERT INTO unstarted VALUES ('run-1', 'one', 'x', X'00')")
        connection.execute("INSERT INTO spending VALUES ('x', 'y', -1, 0, 1, 1, 1)")
        connection.commit()
    overwrite(path, 0, garbage())
    assert "3 results are lost" in assert_all_but(path, {3, 4, 5})
    with closing(RunStore.existing(path, "s")) as store:
        assert set(store.unstarted()) == {"run-999"}
        assert len(store.attempts("run-1", "one")) == 1


def test_results_of_another_study_do_not_count(path):
    with closing(RunStore.existing(path, "s")) as store:
        store.record(result(500, study_id="other"), "one")
    overwrite(path, 0, garbage())
    assert_all_but(path, set())


@pytest.mark.parametrize(
    ("pragma", "message"),
    [("user_version = 99", "newer pytest-dre"), ("application_id = 77", "no run store of pytest-dre")],
)
def test_a_damaged_store_that_is_not_for_us_is_left_alone(path, pragma, message):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")
    os.truncate(path, path.stat().st_size // 2)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=message):
        salvaged_store(path)
    assert path.read_bytes() == before


def test_a_salvage_that_never_ends_is_told(path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    lock = sqlite3.connect(database.salvage_lock(path), isolation_level=None)
    with closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            RunStore.create_or_open(path, "s")
