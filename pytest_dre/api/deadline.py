"""A time limit on a block of code, by POSIX's interval timer."""

import math
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
class Alarm:
    """Raises in the block while it is armed; a signal on its way when the block ends does no harm.

    Attributes:
        seconds: What the block may take.
        armed: Whether it is still to ring.
        rang: Whether it raised. The block may have swallowed that.
    """

    seconds: float
    armed: bool = True
    rang: bool = False

    def ring(self, _signal: int, _frame: FrameType | None) -> None:
        """Raise RunTimeout, once: the signal's handler."""
        if self.armed:
            self.armed, self.rang = False, True
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
def deadline(seconds: float | None) -> Iterator[Alarm]:
    """Raise RunTimeout in the block once it has taken `seconds` (None: no limit); yield what tells whether it did.

    A timer that runs already is set again afterwards, with what is left of it.
    """
    if seconds is None:
        yield Alarm(math.inf, armed=False)
        return
    alarm, started = Alarm(seconds), time.monotonic()
    handler = signal.signal(signal.SIGALRM, alarm.ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield alarm
    finally:
        try:
            alarm.armed = False
        finally:  # also if the alarm rings right here
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            if left:
                signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.001), interval)
