"""Settings of the interpreter that would change a later run, or keep the session from being ended."""

# `signal.getsignal` looks each handler up among the names of constants, which takes forty times as long.
import _signal  # type: ignore[import-not-found]
import contextlib
import gc
import signal
import sys
from dataclasses import dataclass
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # which end sessions
_handler_of = _signal.getsignal
_handle = signal.signal  # by name: an agent may leave another behind


@dataclass(frozen=True, slots=True)
class InterpreterSettings:
    """The settings at one moment.

    Attributes:
        handlers: Of SIGINT and SIGTERM.
        arguments: The list `sys.argv`, and what was in it.
        others: Whether garbage is collected, `sys.excepthook`, the switch interval and the recursion limit.
    """

    handlers: tuple[Any, ...]
    arguments: tuple[list[str], tuple[str, ...]]
    others: tuple[Any, ...]

    @classmethod
    def of_now(cls) -> "InterpreterSettings":
        """Return the settings as they are."""
        return cls(tuple(map(_handler_of, _SIGNALS)), (sys.argv, tuple(sys.argv)), _others())

    def put_back(self) -> None:
        """Put back what has changed since."""
        arguments, content = self.arguments
        if sys.argv is not arguments or tuple(arguments) != content:
            sys.argv, arguments[:] = arguments, content
        if _others() != self.others:
            collects, sys.excepthook, interval, limit = self.others
            (gc.enable if collects else gc.disable)()
            sys.setswitchinterval(interval)
            sys.setrecursionlimit(limit)
        for number, handler in zip(_SIGNALS, self.handlers, strict=True):
            if handler is not None and _handler_of(number) is not handler:  # None: set by other code than Python's
                with contextlib.suppress(ValueError):  # not in the main thread, which alone could change it
                    _handle(number, handler)


def _others() -> tuple[Any, ...]:
    return gc.isenabled(), sys.excepthook, sys.getswitchinterval(), sys.getrecursionlimit()
