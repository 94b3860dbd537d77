"""Starts pytest in a folder as a user does, ends it violently, and says what is left."""

import csv
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kill_folder import FILES, RUNS

from pytest_dre.artifacts.bundle import verify_artifacts

MODES = {"no-xdist": ("-p", "no:xdist"), "n0": ("-n0",), "n2": ("-n2",)}
TABLES = ("conditions", "runs", "events", "evaluations")
TIMES = {"start_time", "end_time", "latency_s", "timestamp"}
SESSION_S = 120  # no session here takes so long, also on a busy machine
GONE_S = 60

Tables = dict[str, dict[str, list[dict[str, str]]]]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log."""

    session: int
    pid: int
    role: str
    what: str
    about: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that ended."""

    code: int
    output: str


@dataclass(slots=True)
class Session:
    """A pytest session in a process group of its own; what it prints goes to a file, which outlives it."""

    process: subprocess.Popen
    output: Path

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def signal_all(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS: the latter for a group of zombies
            return

    def signal_one(self, pid: int, number: int) -> None:
        """Send the signal to one process of the session, if it is one still."""
        try:
            if os.getpgid(pid) == self.process.pid:
                os.kill(pid, number)
        except ProcessLookupError:
            return

    def wait(self, timeout: float = SESSION_S) -> Ended:
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.signal_all(signal.SIGKILL)
            self.process.wait()
            raise AssertionError(f"the session did not end in {timeout} s:\n{self.text()}") from None
        return Ended(code, self.text())

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")


@dataclass(slots=True)
class Lab:
    """A folder with two studies; `sessions_before` were run where it was copied from."""

    path: Path
    sessions_before: int = 0
    _sessions: list[Session] = field(default_factory=list)

    @classmethod
    def fresh(cls, path: Path) -> "Lab":
        for name, text in FILES.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.lstrip("\n"), encoding="utf-8")
        return cls(path)

    def start(self, *args: str, **environment: str) -> Session:
        """Start pytest on the studies."""
        number = self.sessions_before + len(self._sessions) + 1
        output = self.path / f"output-{number}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", "studies", *args],
                cwd=self.path,
                env=_environment(LAB_SESSION=str(number), **environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._sessions.append(Session(process, output))
        return self._sessions[-1]

    def run(self, *args: str, **environment: str) -> Ended:
        """Run pytest on the studies to its end."""
        return self.start(*args, **environment).wait()

    def clear_away(self) -> None:
        """End whatever is left of the sessions."""
        for session in self._sessions:
            session.signal_all(signal.SIGKILL)
            session.process.wait()

    def log(self) -> list[Line]:
        file = self.path / "log.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        return [_line(text) for text in lines]

    def log_length(self) -> int:
        file = self.path / "log.txt"
        return file.read_bytes().count(b"\n") if file.exists() else 0

    def forget_log(self) -> None:
        (self.path / "log.txt").unlink(missing_ok=True)

    def wait_until_gone(self, session: int) -> None:
        """Wait until every process that the session has logged is gone."""
        deadline = time.monotonic() + GONE_S
        for pid in {line.pid for line in self.log() if line.session == session}:
            while _lives(pid):
                assert time.monotonic() < deadline, f"process {pid} is still there, {GONE_S} s after its session"
                time.sleep(0.01)

    def directory(self, study: str) -> Path:
        return self.path / "artifacts" / study

    def manifest(self, study: str) -> dict:
        return json.loads((self.directory(study) / "manifest.json").read_text())

    def tables(self) -> Tables:
        """Return all tables of all studies but for times."""
        return {study: {table: self._table(study, table) for table in TABLES} for study in RUNS}

    def _table(self, study: str, table: str) -> list[dict[str, str]]:
        with (self.directory(study) / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            return [_without_times(row) for row in csv.DictReader(file)]


def called(log: list[Line], session: int) -> Counter[str]:
    """Return the ids of the runs that were carried out in the session, each as often as it was."""
    return Counter(line.about for line in log if line.session == session and line.what == "call")


def reported(log: list[Line], session: int) -> set[str]:
    """Return the ids of the runs whose reports of success were out, in any process of the session."""
    return {line.about for line in log if line.session == session and line.what == "report"}


def failed(log: list[Line], session: int) -> set[str]:
    """Return the ids of the runs whose reports of failure were out."""
    return {line.about for line in log if line.session == session and line.what == "failed"}


def assert_complete(lab: Lab, ended: Ended, undisturbed: Tables) -> None:
    """The session ended well, and its artifacts are those of a session that nothing disturbed."""
    assert ended.code == 0, ended.output
    for study, runs in RUNS.items():
        manifest = lab.manifest(study)
        counts = (manifest["complete"], manifest["completed_runs"], manifest["failed_runs"], manifest["missing_runs"])
        assert counts == (True, runs, 0, 0), ended.output
        assert verify_artifacts(lab.directory(study)) == []
    tables = lab.tables()
    for study, name in itertools.product(RUNS, TABLES):
        assert tables[study][name] == undisturbed[study][name], f"{name}.csv of {study}"


def assert_nothing_twice(lab: Lab, processes: int, finished_before: set[str]) -> None:
    """No run was carried out again once its report was out; twice only what was under way at the kill, or failed."""
    log = lab.log()
    first, second = called(log, 1), called(log, 2)
    assert max([*first.values(), *second.values()], default=0) <= 1, "a session carried out a run twice"
    assert not set(second) & reported(log, 1), "a run was carried out again though its report was out"
    assert not (set(first) | set(second)) & finished_before, "a run of an earlier session was carried out again"
    under_way = set(first) - reported(log, 1) - failed(log, 1)
    assert len(set(second) & under_way) <= processes, "more runs were repeated than were under way"
    assert set(second) & set(first) <= under_way | failed(log, 1)


def assert_nothing_left_to_do(lab: Lab) -> None:
    """Another `--lf` replays, and carries out nothing."""
    before = sum(line.what == "call" for line in lab.log())
    ended = lab.run("--lf", *MODES["no-xdist"])
    assert ended.code == 0, ended.output
    assert f"{sum(RUNS.values())} cached" in ended.output
    assert sum(line.what == "call" for line in lab.log()) == before


def _environment(**more: str) -> Mapping[str, str]:
    """Return this process's environment without what its own pytest, xdist and coverage put there."""
    dropped = re.compile(r"PYTEST_|COV|LAB_")
    kept = {name: value for name, value in os.environ.items() if not dropped.match(name)}
    return {**kept, "PYTEST_ADDOPTS": "-p no:hypothesispytest -p no:randomly -p no:anyio", **more}


def _line(text: str) -> Line:
    session, pid, role, what, *about = text.split(" ", 4)
    return Line(int(session), int(pid), role, what, about[0] if about else "")


def _without_times(row: dict[str, str]) -> dict[str, str]:
    cells = {name: cell for name, cell in row.items() if name not in TIMES}
    return {name: re.sub(r'"latency_s":[^,}]+', '"latency_s":0', cell) for name, cell in cells.items()}


def _lives(pid: int) -> bool:
    """Return whether the process is there; one that has ended and was not asked for its status is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return not Path("/proc/self").exists()
