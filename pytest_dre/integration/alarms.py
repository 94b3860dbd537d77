"""When a run is interrupted: pytest-timeout's exception may be swallowed, its timer cannot."""

import math
import signal

from pytest_dre.execution import clock


def rings_at() -> float:
    """Return when this process's timer rings, by `clock.monotonic`; infinity if none is set.

    pytest-timeout sets it when an item begins, so its setup counts; where it has no signals, it ends the process.
    """
    if not hasattr(signal, "getitimer"):
        return math.inf
    now = clock.monotonic()
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    return now + left if left else math.inf
