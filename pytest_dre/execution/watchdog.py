"""Runs that hold the interpreter in C, where no signal handler gets the word: a C thread ends their process."""

import faulthandler
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_dre.execution.dumps import trimmed_dump

DUMP_LIMIT = 50_000  # characters
MIN_GRACE_S, MAX_GRACE_S = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class Hang:
    """What a process that died had under way, by the file of its watchdog.

    Attributes:
        run_id: The run.
        pid: The process.
        started: When the run began, seconds since the epoch.
        limit_s: What it might take, seconds.
        traceback: Of its threads, the innermost call first, without our frames, if the watchdog ended the process; ""
            if not.
    """

    run_id: str
    pid: int
    started: float
    limit_s: float
    traceback: str

    def timed_out(self, now: float) -> bool:
        """Return whether the process, which ended at `now` (seconds since the epoch), ended for its run's time.

        Others than the watchdog may end it at the limit, without a word, as pytest-timeout's thread does.
        """
        return bool(self.traceback) or now - self.started >= self.limit_s


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Ends this process when a run takes too long, and leaves word of it in `file`, which no other process uses.

    It is faulthandler's one timer, so it takes the place of another that is set, such as that of pytest's
    `faulthandler_timeout`; `set_again` is called to set that one again. A `faulthandler.enable` stays as it is.
    """

    file: Path
    set_again: Callable[[], None] | None = None

    @contextmanager
    def armed(self, run_id: str, limit_s: float, grace_s: float) -> Iterator[None]:
        """End the process with exit status 1 if the block takes `grace_s` seconds longer than `limit_s`.

        Where the file cannot be written, the run is carried out unwatched: that is no reason to fail it.
        """
        descriptor = self._opened(run_id, limit_s)
        if descriptor is None:
            yield
            return
        try:
            after = min(limit_s + grace_s, threading.TIMEOUT_MAX)
            faulthandler.dump_traceback_later(after, exit=True, file=descriptor)
            try:
                yield
            finally:
                faulthandler.cancel_dump_traceback_later()
                if self.set_again is not None:
                    self.set_again()
        finally:
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _opened(self, run_id: str, limit_s: float) -> int | None:
        entry = {"run_id": run_id, "pid": os.getpid(), "started": time.time(), "limit_s": limit_s}
        try:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            os.write(descriptor, f"{json.dumps(entry)}\n".encode())
        except OSError:
            return None
        return descriptor


def grace_for(limit_s: float) -> float:
    """Return how long after its limit a run that does not hear of it is left, in s: it may have to clean up."""
    return min(max(limit_s / 2, MIN_GRACE_S), MAX_GRACE_S)


def read_watchdog(file: Path) -> Hang | None:
    """Return what the process whose watchdog wrote `file` had under way when it died, None if nothing was watched."""
    try:
        line, _, dump = file.read_bytes().partition(b"\n")
        entry = json.loads(line)
        run_id, pid, started, limit_s = (entry[key] for key in ("run_id", "pid", "started", "limit_s"))
    except (OSError, ValueError, LookupError, TypeError):  # no such file, or none of a watchdog's
        return None
    text = dump.decode("utf-8", "backslashreplace")[:DUMP_LIMIT]
    return Hang(str(run_id), pid, started, limit_s, trimmed_dump(text))
