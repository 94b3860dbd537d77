"""Where and how sessions are ended: drawn from a seed, carried out on a laboratory."""

import json
import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kill_lab import SESSION_S, Ended, Lab, Session

KINDS = {
    "no-xdist": ("line", "function", "kill-all", "interrupt", "function", "line", "interrupt-twice", "terminate"),
    "n0": ("function", "interrupt-twice", "line", "terminate", "line", "kill-all", "function", "interrupt"),
    "n2": ("kill-main", "line", "kill-worker", "function", "kill-all", "terminate", "interrupt", "interrupt-twice"),
}
WORKERS = ("gw0", "gw1")
LEAVES_WORKERS = ("kill-main", "terminate")  # the next session meets them
LONGEST_DELAY_S = 0.03  # from a line of the log to the signal: a run here takes about as long
TRIES = 8


@dataclass(frozen=True, slots=True)
class KillPoint:
    """One way to end a session.

    Attributes:
        seed: What all of it is drawn from.
        mode: A key of MODES.
        kind: At a drawn line, or a line of a drawn function, of the package; or a signal from outside at a drawn time.
        half: Whether the second study was finished before.
        broken: Whether some runs fail until the session has ended.
        slow: Whether one run takes so long that it may be under way still when the next session begins.
    """

    seed: int
    mode: str
    kind: str
    half: bool
    broken: bool
    slow: bool

    @property
    def args(self) -> tuple[str, ...]:
        """What is new to the session that is to be ended: finished runs are not to be repeated."""
        return ("--dre-resume",) if self.half else ()

    @property
    def processes(self) -> int:
        """How many runs may be under way at a time."""
        return len(WORKERS) if self.mode == "n2" else 1

    def __str__(self) -> str:
        """Return the id of the test that repeats it."""
        states = [name for name in ("half", "broken", "slow") if getattr(self, name)]
        return "-".join([str(self.seed), self.mode, self.kind, *states])


@dataclass(frozen=True, slots=True)
class Measure:
    """An undisturbed session: the lines that each process ran, by function, and how many events were logged."""

    lines: Mapping[str, Mapping[str, int]]
    events: int


@dataclass(frozen=True, slots=True)
class Killed:
    """A session that was ended.

    Attributes:
        lab: Its folder.
        ended: How it ended.
        place: Where it was ended, for whoever looks into a failure.
    """

    lab: Lab
    ended: Ended
    place: str


def kill_point(seed: int) -> KillPoint:
    """Return the kill point of a seed; following seeds differ in mode, then in kind."""
    mode = list(KINDS)[seed % len(KINDS)]
    kind = KINDS[mode][seed // len(KINDS) % len(KINDS[mode])]
    draw = random.Random(seed)
    half, broken = draw.random() < 0.5, draw.random() < 0.33
    slow = mode == "n2" and kind in LEAVES_WORKERS and draw.random() < 0.6
    return KillPoint(seed, mode, kind, half, broken, slow)


def end_violently(point: KillPoint, measure: Measure, make_lab: Callable[[], Lab], mode: tuple[str, ...]) -> Killed:
    """Start a session in a fresh folder and end it at the point.

    A session may end before it gets there, as what workers do varies; then it is tried once more, halfway.
    """
    draw = random.Random(f"{point.seed} {point.kind}")
    end = _inside(point, measure, draw) if point.kind in ("line", "function") else _outside(point, measure, draw)
    for _ in range(TRIES):
        lab = make_lab()
        killed = end.attempt(lab, (*mode, *point.args))
        if killed is not None:
            return killed
        lab.clear_away()
        end = end.halfway()
    raise AssertionError(f"{end} was never reached")


@dataclass(frozen=True, slots=True)
class _Inside:
    """SIGKILL from a process to itself or all, when it has run so many lines of the package, or of one function."""

    role: str
    function: str | None
    line: int
    all: bool

    def attempt(self, lab: Lab, args: tuple[str, ...]) -> Killed | None:
        end = {"role": self.role, "function": self.function, "line": self.line, "all": self.all}
        session = lab.start(*args, LAB_KILL=json.dumps(end))
        ended = session.wait()
        if not any(line.what == "killed" for line in lab.log()):
            return None
        if self.role != "main" or self.all:
            lab.wait_until_gone(1)
        return Killed(lab, ended, str(self))

    def halfway(self) -> "_Inside":
        return _Inside(self.role, self.function, max(1, self.line // 2), self.all)


@dataclass(frozen=True, slots=True)
class _Outside:
    """Signals from outside, a moment after so many events were logged."""

    kind: str
    events: int
    delay_s: float
    pause_s: float
    worker: str

    def attempt(self, lab: Lab, args: tuple[str, ...]) -> Killed | None:
        session = lab.start(*args)
        wanted = "main" if self.kind != "kill-worker" else self.worker
        pid = _wait_for(lab, session, self.events, wanted)
        if pid is None:
            return None
        time.sleep(self.delay_s)
        if not session.is_alive():
            return None
        self._signal(session, pid)
        ended = session.wait()
        if self.kind not in LEAVES_WORKERS:
            lab.wait_until_gone(1)
        return Killed(lab, ended, str(self))

    def _signal(self, session: Session, pid: int) -> None:
        match self.kind:
            case "kill-all":
                session.signal_all(signal.SIGKILL)
            case "kill-main":
                session.process.send_signal(signal.SIGKILL)
            case "terminate":
                session.process.send_signal(signal.SIGTERM)
            case "kill-worker":
                session.signal_one(pid, signal.SIGKILL)
            case "interrupt":
                session.signal_all(signal.SIGINT)
            case "interrupt-twice":
                session.signal_all(signal.SIGINT)
                time.sleep(self.pause_s)
                session.signal_all(signal.SIGINT)

    def halfway(self) -> "_Outside":
        return _Outside(self.kind, max(1, self.events // 2), self.delay_s, self.pause_s, self.worker)


def _inside(point: KillPoint, measure: Measure, draw: random.Random) -> _Inside:
    role = draw.choice(("main", *WORKERS)) if point.mode == "n2" else "main"
    lines = measure.lines[role]
    everyone = draw.random() < 0.5
    if point.kind == "line":
        return _Inside(role, None, draw.randint(1, sum(lines.values())), everyone)
    function = draw.choice(sorted(lines))
    return _Inside(role, function, draw.randint(1, lines[function]), everyone)


def _outside(point: KillPoint, measure: Measure, draw: random.Random) -> _Outside:
    # The slow run is its worker's second, so about the ninth event; nothing much follows while it waits.
    events = draw.randint(9, 16) if point.slow else draw.randint(1, measure.events)
    return _Outside(point.kind, events, draw.uniform(0, LONGEST_DELAY_S), draw.uniform(0, 0.2), draw.choice(WORKERS))


def _wait_for(lab: Lab, session: Session, events: int, role: str) -> int | None:
    """Wait until so many events are logged, and one of the process; return its id, None if the session ended before."""
    deadline = time.monotonic() + SESSION_S
    while session.is_alive():
        assert time.monotonic() < deadline, session.text()
        if lab.log_length() >= events:
            pids = [line.pid for line in lab.log() if line.role == role]
            if pids:
                return pids[0]
        time.sleep(0.001)
    return None
