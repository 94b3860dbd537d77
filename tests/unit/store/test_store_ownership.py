"""One session at a time runs a study, whatever becomes of its processes."""

import contextlib
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import pytest

from pytest_dre.store import ownership
from pytest_dre.store.ownership import RunningElsewhere, SessionInfo
from pytest_dre.store.runs import RunStore

# Claims, says so, and stays until a line arrives.
PROCESS = """
import sys, time
from pathlib import Path
from pytest_dre.store.ownership import RunningElsewhere, SessionInfo
from pytest_dre.store.runs import RunStore
path, session, role, start = sys.argv[1:]
store = RunStore.create_or_open(Path(path), "s")
time.sleep(max(0, float(start) - time.time()))
info = SessionInfo(session, role == "main", 123, "h", f"pytest {session}", "2026-01-02T12:03:11.5+00:00")
try:
    store.claim(info, wait_s=0.3)
except RunningElsewhere as error:
    print(f"refused: {error}", flush=True)
else:
    print("claimed", flush=True)
    sys.stdin.readline()
store.close()
"""


def info(session_id="here", main=True) -> SessionInfo:
    return SessionInfo(session_id, main, 77, "here", "pytest", "2026-01-02T13:00:00+00:00")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store.sqlite"
    RunStore.create_or_open(path, "s").close()
    return path


@pytest.fixture
def start(path):
    """Start a process that claims, and wait until it has; `start.all` starts several that claim at one time."""
    with contextlib.ExitStack() as running:

        def launch(session, role="main", at=0.0):
            command = [sys.executable, "-c", PROCESS, str(path), session, role, str(at)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            process = running.enter_context(subprocess.Popen(command, **pipes))
            running.callback(process.kill)
            return process

        yield launch


def said(process) -> str:
    return process.stdout.readline().strip()


def kill(process) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def end(process) -> None:
    process.communicate("\n")


@pytest.fixture
def store(path):
    with closing(RunStore.create_or_open(path, "s")) as store:
        yield store


def lock_files(path) -> list[str]:
    return sorted(item.name for item in path.parent.glob(".store.session-*"))


def test_a_second_session_is_told_who_runs(start, store):
    assert said(start("theirs")) == "claimed"
    with pytest.raises(RunningElsewhere) as told:
        store.claim(info())
    assert str(told.value) == (
        "study 's' is being run by pid 123 on host h since 2026-01-02 12:03:11 UTC (pytest theirs);"
        " wait for it, or stop it; nothing of it was started here"
    )


def test_a_session_that_ended_leaves_nothing(start, store, path):
    process = start("theirs")
    assert said(process) == "claimed"
    end(process)
    assert lock_files(path) == []
    store.claim(info())
    assert len(lock_files(path)) == 1
    assert store.killed_before is None
    store.close()
    assert lock_files(path) == []


def test_a_killed_session_owns_nothing(start, store, path):
    process = start("theirs")
    assert said(process) == "claimed"
    kill(process)
    told = []
    store.claim(info(), on_wait=told.append)
    assert told == []
    assert len(lock_files(path)) == 1
    assert store.killed_before is not None
    assert store.killed_before.session_id == "theirs"


def test_workers_of_a_killed_controller_are_waited_for(start, store):
    main, worker = start("theirs"), None
    assert said(main) == "claimed"
    worker = start("theirs", "worker")
    assert said(worker) == "claimed"
    kill(main)
    told = []

    def let_it_end(message):
        told.append(message)
        end(worker)

    store.claim(info(), wait_s=30, on_wait=let_it_end)
    assert told == [
        "study 's': waiting for the last workers of pid 123 on host h since 2026-01-02 12:03:11 UTC (pytest theirs)"
        " to end"
    ]


def test_workers_are_not_waited_for_without_end(start, store):
    main, worker = start("theirs"), start("theirs", "worker")
    assert said(main) == said(worker) == "claimed"
    kill(main)
    started = time.monotonic()
    with pytest.raises(RunningElsewhere, match="that process has ended, but workers of it are still there"):
        store.claim(info(), wait_s=0.3)
    assert 0.3 <= time.monotonic() - started < 20


def test_a_killed_worker_changes_nothing(start, store):
    main, worker = start("theirs"), start("theirs", "worker")
    assert said(main) == said(worker) == "claimed"
    kill(worker)
    with pytest.raises(RunningElsewhere, match="pid 123"):
        store.claim(info())
    assert said(start("theirs", "worker")) == "claimed"


def test_a_worker_that_is_left_behind_is_refused_once_another_session_has_the_study(start, store):
    main = start("theirs")
    assert said(main) == "claimed"
    kill(main)
    store.claim(info())
    assert said(start("theirs", "worker")).startswith("refused: study 's' is being run by pid 77")


def test_of_sessions_that_claim_at_once_one_wins(start):
    at = time.time() + 2.5
    answers = Counter(said(process).split(":")[0] for process in [start(f"s{n}", at=at) for n in range(8)])
    assert answers == {"claimed": 1, "refused": 7}


def test_all_processes_of_one_session_claim_at_once(start, path):
    at = time.time() + 2.5
    roles = ["main"] + ["worker"] * 7
    processes = [start("same", role, at=at) for role in roles]
    assert Counter(said(process) for process in processes) == {"claimed": 8}
    for process in processes:
        end(process)
    assert lock_files(path) == []


def test_claiming_twice_and_in_one_process(store, path):
    store.claim(info())
    store.claim(info())
    assert len(lock_files(path)) == 1
    with closing(RunStore.existing(path, "s")) as worker, closing(RunStore.existing(path, "s")) as rival:
        worker.claim(info(main=False))
        with pytest.raises(RunningElsewhere):
            rival.claim(info("other"))
        assert len(lock_files(path)) == 2
        worker.close()
        with pytest.raises(RunningElsewhere):
            rival.claim(info("other"))
        store.close()
        rival.claim(info("other"))


def test_looking_on_needs_no_claim(start, store):
    assert said(start("theirs")) == "claimed"
    assert store.fingerprints() == {}


def test_a_lock_file_cleared_away_before_it_was_held_is_made_anew(store, path, monkeypatch):
    real, cleared = ownership.hold, []

    def cleared_once(lock_path):
        lock = real(lock_path)
        if not cleared:
            cleared.append(lock_path)
            lock_path.unlink()
        return lock

    monkeypatch.setattr(ownership, "hold", cleared_once)
    store.claim(info())
    assert len(lock_files(path)) == 1
    assert lock_files(path) != [cleared[0].name]


def test_a_long_command_is_cut_and_stands_on_one_line():
    long = SessionInfo("x", True, 1, "h", "pytest\n" + "y" * 500, "2026-01-02T12:03:11+00:00").describe()
    assert "\n" not in long
    assert long.endswith("y…)")
    assert len(long) < 260


def test_a_store_that_was_replaced_is_not_claimed(store, path):
    from pytest_dre.errors import StoreError

    path.rename(path.with_name("moved.sqlite"))
    RunStore.create_or_open(path, "s").close()
    with pytest.raises(StoreError, match="was removed or replaced"):
        store.claim(info())
