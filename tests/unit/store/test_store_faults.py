"""Full disks, read-only and vanished directories: what a user is told, and that nothing stored is lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.model.runs import Attempt, RunResult, RunStatus, Spending
from pytest_dre.store.runs import RunStore

PRELUDE = """
import os, resource, sys
from pathlib import Path
from pytest_dre.errors import StoreError
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.store.runs import RunStore
def result(run_id, text=""):
    return RunResult("s", "c", run_id, 1, "a", "p", 1, RunStatus.SUCCESS, fingerprint="f", outputs={"text": text})
path = Path(sys.argv[1])
"""


def result(run_id="run-1") -> RunResult:
    return RunResult("s", "c", run_id, 1, "a", "p", 1, RunStatus.SUCCESS, fingerprint="f")


def record_many(store: RunStore) -> None:
    for number in range(1000):
        store.record(result(f"run-{number}"), "one")


def run(script: str, *arguments: object) -> list[str]:
    command = [sys.executable, "-c", PRELUDE + script, *map(str, arguments)]
    # coverage could not write either, and would complain
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture
def store(tmp_path):
    with closing(RunStore.create_or_open(tmp_path / "out" / "store.sqlite", "s")) as store:
        yield store


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path):
    path = tmp_path / "store.sqlite"
    script = """
store = RunStore.create_or_open(path, "s")
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
for number in range(1000):
    try:
        store.record(result(f"run-{number}", "x" * 5000), "one")
    except StoreError as error:
        print(error)
        break
print(number)
print(len(store.fingerprints()), all(store.result(f"run-{n}", "f") for n in range(number)))
store.close()
"""
    message, recorded, read = run(script, path)
    assert "the disk may be full" in message or "the disk is full" in message
    assert message.endswith("nothing stored before is lost")
    assert read == f"{recorded} True"
    assert int(recorded) > 10
    with closing(RunStore.create_or_open(path, "s", on_salvage=lambda told: pytest.fail(str(told)))) as store:
        assert len(store.fingerprints()) == int(recorded)
        store.record(result("after"), "two")


def test_a_disk_that_is_full_at_the_start_is_told(tmp_path):
    path = tmp_path / "store.sqlite"
    script = """
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    RunStore.create_or_open(path, "s")
except StoreError as error:
    print(error)
"""
    (message,) = run(script, path)
    assert "cannot be opened" in message
    assert "full" in message
    assert list(tmp_path.iterdir()) == []


def test_a_full_database_is_told(store):
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match=r"full: free some space, then run what is missing; nothing stored before is"):
        record_many(store)
    stored = store.fingerprints()
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.record(result("after"), "one")
    assert len(store.fingerprints()) == len(stored) + 1


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.record(result(), "one"),
        lambda store: store.record_unless_recorded(result(), "one"),
        lambda store: store.record_attempt(Attempt("run-1", "a", "p", 1, "E: x", Spending(), ""), "one"),
        lambda store: store.note_unstarted("run-1", "one", "budget", "x"),
        lambda store: store.set_versions({("agent", "a"): "1"}),
        lambda store: store.request_stop("one", "x"),
    ],
)
def test_a_vanished_directory_is_told_by_every_write(store, write):
    store.record(result("before"), "one")
    shutil.rmtree(store.path.parent)
    with pytest.raises(StoreError, match=r"was removed or replaced .* the results in it are gone with it"):
        write(store)
    assert "before" in store.fingerprints()


def test_a_replaced_store_is_told(store):
    store.path.rename(store.path.with_name("moved.sqlite"))
    RunStore.create_or_open(store.path, "s").close()
    with pytest.raises(StoreError, match="was removed or replaced"):
        store.record(result(), "one")


def test_a_directory_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be opened: .*; check"):
        RunStore.create_or_open(tmp_path / "file" / "store.sqlite", "s", on_salvage=print)


def test_a_store_that_is_a_directory_is_told(tmp_path):
    (tmp_path / "store.sqlite").mkdir()
    with pytest.raises(StoreError, match="it is a directory; move it away"):
        RunStore.create_or_open(tmp_path / "store.sqlite", "s")


@pytest.fixture
def open_to_all():
    """A directory that a process without root's rights can reach."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    yield directory
    for item in [directory, *directory.rglob("*")]:
        item.chmod(0o755)
    shutil.rmtree(directory)


# Whoever has no privileges may not be able to read Python's own modules: what is imported late comes in first.
UNPRIVILEGED = """
import urllib.parse, urllib.request
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    store = RunStore.create_or_open(path, "s")
    store.record(result("run-2"), "two")
except StoreError as error:
    print(error)
"""


def test_a_read_only_directory_is_told(open_to_all):
    open_to_all.chmod(0o555)
    (message,) = run(UNPRIVILEGED, open_to_all / "store.sqlite")
    assert "cannot be opened" in message
    assert "directory" in message


def test_a_read_only_store_is_told_and_left_alone(open_to_all):
    path = open_to_all / "store.sqlite"
    with closing(RunStore.create_or_open(path, "s")) as store:
        store.record(result(), "one")
    before = path.read_bytes()
    path.chmod(0o444)
    open_to_all.chmod(0o555)
    (message,) = run(UNPRIVILEGED, path)
    assert "make it writable, or choose another --dre-output" in message or "check that the output directory" in message
    assert path.read_bytes() == before


def test_a_lock_that_is_never_given_back_is_told(store):
    store._connection.execute("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has kept it locked for too long"):
            store.record(result(), "one")
    store.record(result(), "one")


def test_damage_that_is_met_later_says_that_it_can_be_salvaged(store):
    store.record(result(), "one")
    assert store.fingerprints(), "the first look for a run makes the index"
    (page,) = store._connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'results_by_run'").fetchone()
    store.close()
    with store.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with closing(RunStore.existing(store.path, "s")) as opened:
        with pytest.raises(StoreError, match=r"damaged \(.*malformed.*what is readable is salvaged"):
            opened.record(result(), "one")
        with pytest.raises(StoreError, match=r"damaged \(.*malformed"):
            opened.result("run-1", "f")
        assert opened.versions() == {}
