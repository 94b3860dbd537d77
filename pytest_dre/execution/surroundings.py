"""What a run may change in its process: put back after it, so that the next run does not depend on this one."""

import contextvars
import decimal
import functools
import inspect
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from pytest_dre.execution.interpreter import InterpreterSettings
from pytest_dre.execution.seeding import torch_drew_unseeded
from pytest_dre.execution.streams import any_closed, opened_again

Environment = Mapping[Any, Any]  # as Python keeps it: bytes (text on Windows)

_HAS_TIMERS = hasattr(signal, "getitimer")  # not on Windows
_getcwd = os.getcwd  # a Path would cost more than all else here; and an agent may leave another one behind
_SHOWN_THREADS = 3
_warned: dict[Any, Any] = {}  # Python's note of the warnings that it has shown once
_SHOWN_WIDTH = 60  # characters of a thread's name, which is the agent's


class LeakWarning(UserWarning):
    """A run has left something behind that could not be put back; runs after it may depend on it."""


class kept_surroundings:
    """Restore what the block changes in its process.

    Put back are the working directory, the environment (and the time zone), the standard streams, the import path,
    the warnings filters, the root logger's level and handlers, `logging.disable`, `InterpreterSettings`, the default
    socket timeout, decimal precision and rounding, and context variables (NumPy 2 keeps its handling of floating
    point errors and its print options in them); an alarm that is still to ring is cancelled. Not put back: loaded
    modules and their contents, other loggers, locale, umask, handlers of other signals, trace functions.

    What cannot be put back is told in one LeakWarning once all else is restored: threads that still run and
    would keep the process from ending, a working directory that is gone, draws from PyTorch before it was seeded. So
    are streams that were closed; they are opened again.

    Args:
        watch: Called with the environment before the block, and with the one after it if that differs; for example
            `SecretMasker.observe`.
        agent: Whose place the warning names.
    """

    __slots__ = (
        "_agent",
        "_alarm",
        "_caught",
        "_context",
        "_decimal",
        "_directory",
        "_environment",
        "_interpreter",
        "_logging",
        "_path",
        "_streams",
        "_threads",
        "_timeout",
        "_torch",
        "_watch",
    )

    def __init__(self, watch: Callable[[Environment], None] | None = None, agent: Any = None) -> None:
        self._watch = watch
        self._agent = agent

    def __enter__(self) -> None:
        root = logging.root
        self._directory = _working_directory()
        self._environment = dict(live_environment())
        if self._watch is not None:
            self._watch(self._environment)
        self._streams = sys.stdin, sys.stdout, sys.stderr
        self._path = sys.path[:]
        self._logging = root.level, root.manager.disable, root.handlers[:]
        self._interpreter = InterpreterSettings.of_now()
        self._timeout = socket.getdefaulttimeout()
        self._threads = threading.active_count()
        self._torch = "torch" in sys.modules
        self._alarm = _alarm_is_set()
        numbers = decimal.getcontext()
        self._decimal = numbers.prec, numbers.rounding
        self._context = contextvars.copy_context()  # shares all values: its cost does not depend on their number
        self._caught = warnings.catch_warnings()
        self._caught.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._caught.__exit__(kind, error, trace)
        self._restore_context()
        self._restore_interpreter()
        self._restore_logging()
        self._restore_environment()
        left = self._restore_streams() + self._restore_directory()
        # Looked at after each run; the rest is worked out only if there is something to tell.
        if threading.active_count() > self._threads:
            left += _running_threads(threading.active_count() - self._threads)
        if not self._torch and "torch" in sys.modules and torch_drew_unseeded():
            left.append("drew from PyTorch, which it imported unseeded (import it where the agent is defined)")
        if left:
            _warn(f"the run {'; '.join(left)}", self._agent)

    def _restore_streams(self) -> list[str]:
        """Put the streams back; return what to say of those that were closed."""
        stdin, stdout, stderr = self._streams
        if sys.stdin is not stdin or sys.stdout is not stdout or sys.stderr is not stderr:
            sys.stdin, sys.stdout, sys.stderr = self._streams
        return opened_again(stdout, stderr) if any_closed(stdout, stderr) else []

    def _restore_interpreter(self) -> None:
        if sys.path != self._path:
            sys.path[:] = self._path
        self._interpreter.put_back()
        if socket.getdefaulttimeout() != self._timeout:
            socket.setdefaulttimeout(self._timeout)
        if not self._alarm and _alarm_is_set():
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _restore_context(self) -> None:
        before, now = self._context, contextvars.copy_context()
        if now != before:
            for variable, value in now.items():
                if variable not in before:
                    _reset(variable)
                elif before[variable] is not value:
                    variable.set(before[variable])
        numbers = decimal.getcontext()
        if (numbers.prec, numbers.rounding) != self._decimal:
            numbers.prec, numbers.rounding = self._decimal

    def _restore_logging(self) -> None:
        root = logging.root
        level, disabled, handlers = self._logging
        if root.level != level:
            root.setLevel(level)
        if root.manager.disable != disabled:
            logging.disable(disabled)
        if root.handlers != handlers:
            root.handlers[:] = handlers

    def _restore_environment(self) -> None:
        before, live = self._environment, live_environment()
        if live == before:
            return
        now = dict(live)
        if self._watch is not None:
            self._watch(now)
        changed = {os.fsdecode(name) for name, _ in before.items() ^ now.items()}
        for name in now.keys() - before.keys():
            del os.environ[os.fsdecode(name)]
        for name, value in before.items():
            if now.get(name) != value:
                os.environ[os.fsdecode(name)] = os.fsdecode(value)
        if "TZ" in changed and hasattr(time, "tzset"):  # else the C library keeps the run's time zone
            time.tzset()

    def _restore_directory(self) -> list[str]:
        """Go back to the directory; return what to say if that is impossible."""
        if self._directory is None or _working_directory() == self._directory:
            return []
        try:
            os.chdir(self._directory)
        except OSError as error:
            return [f"left its working directory, and {self._directory} cannot be entered again ({error.strerror})"]
        return []


def live_environment() -> Environment:
    """Return the live environment as Python keeps it: to decode each variable would take too long."""
    environment: Environment = getattr(os.environ, "_data", os.environ)
    return environment


def _working_directory() -> str | None:
    """Return the working directory, None if somebody has removed it."""
    try:
        return _getcwd()
    except FileNotFoundError:
        return None


def _alarm_is_set() -> bool:
    return _HAS_TIMERS and signal.getitimer(signal.ITIMER_REAL)[0] > 0


def _reset(variable: contextvars.ContextVar[Any]) -> None:
    """Give the variable its default value; one without a default cannot be unset."""
    try:
        variable.set(contextvars.Context().run(variable.get))
    except LookupError:
        return


def _running_threads(count: int) -> list[str]:
    """Describe those of the `count` latest threads that keep the process from ending."""
    latest = [thread for thread in threading.enumerate()[-count:] if thread.is_alive() and not thread.daemon]
    if not latest:
        return []
    names = [repr(thread.name[:_SHOWN_WIDTH]) for thread in latest[:_SHOWN_THREADS]]
    more = f" and {len(latest) - _SHOWN_THREADS} more" if len(latest) > _SHOWN_THREADS else ""
    what = "a thread" if len(latest) == 1 else f"{len(latest)} threads"
    return [f"left {what} running ({', '.join(names)}{more})"]


def _warn(message: str, agent: Any) -> None:
    """Warn at the agent's place. Where that raises, it is shown all the same: the run is done, and paid for."""
    file, line = _place_of(agent)
    try:
        warnings.warn_explicit(message, LeakWarning, file, line, registry=_warned)
    except LeakWarning:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn_explicit(message, LeakWarning, file, line)


def _place_of(agent: Any) -> tuple[str, int]:
    """Return file and line of the agent's function or method; this file where neither is found."""
    try:
        while isinstance(agent, functools.partial):
            agent = agent.func
        agent = inspect.unwrap(agent)
        function = agent if hasattr(agent, "__code__") else getattr(agent, "run", None) or type(agent).__call__
        code = inspect.unwrap(function).__code__
        return str(code.co_filename), int(code.co_firstlineno)
    except Exception:  # an agent may have any attributes
        return __file__, 1
