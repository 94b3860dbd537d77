"""A time limit on a block of code, by POSIX's interval timer."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from pytest_dre.errors import Fault
from pytest_dre.model.source import KeyPath


class RunTimeout(BaseException):
    """A run took longer than `limits.timeout_s`. No `Exception`: an agent that swallows those must not go on."""


@dataclass(slots=True)
class _Alarm:
    """Raises in the block while it is armed; a signal on its way when the block ends does no harm."""

    seconds: float
    armed: bool = True

    def ring(self, _signal: int, _frame: FrameType | None) -> None:
        if self.armed:
            self.armed = False
            raise RunTimeout(f"the run took longer than {self.seconds:g} s (limits.timeout_s)")


def limit_fault(path: KeyPath, *, in_this_thread: bool) -> Fault | None:
    """Return why no deadline can be enforced, in this thread or else in worker processes; None if it can.

    `path` is the place in the study that asks for it.
    """
    if not hasattr(signal, "setitimer"):
        return Fault("this platform has no timer that could enforce the limit", "run under pytest, or remove it", path)
    if in_this_thread and threading.current_thread() is not threading.main_thread():
        hint = "call run_study in the main thread, or with parallelism=2"
        return Fault("the limit cannot be enforced outside a process's main thread", hint, path)
    return None


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raise RunTimeout in the block once it has taken `seconds` (None: no limit).

    A timer that runs already is set again afterwards, with what is left of it.
    """
    if seconds is None:
        yield
        return
    alarm, started = _Alarm(seconds), time.monotonic()
    handler = signal.signal(signal.SIGALRM, alarm.ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        try:
            alarm.armed = False
        finally:  # also if the alarm rings right here
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            if left:
                signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.001), interval)
