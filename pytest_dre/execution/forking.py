"""Children that an agent forks: they end where they would come back into this package.

A child has a copy of all: of the session, which it would go on to run to its end beside its parent, and of open files,
whose buffers it would write a second time. So it runs no handlers, and flushes nothing.
"""

import os
import traceback
from os import getpid  # by name: an agent may leave another `os.getpid` behind

_exit_now, _write = os._exit, os.write
_STDERR = 2
_FAILED = 1

__all__ = ["end_if_forked", "getpid"]


def end_if_forked(process: int, error: BaseException | None = None) -> None:
    """End this process if it is not `process`, but a child that the code just left, by `error`, has forked.

    It ends as its script would have: with the code of a SystemExit, with 1 and a traceback after another exception,
    else with 0.
    """
    if getpid() == process:
        return
    code = _FAILED
    try:
        code = _exit_code(error)
    finally:
        _exit_now(code)


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    if not isinstance(error, SystemExit):
        _tell("".join(traceback.format_exception(error)))
        return _FAILED
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    _tell(f"{error.code}\n")
    return _FAILED


def _tell(text: str) -> None:
    """Write to the descriptor: the buffer of `sys.stderr` may hold what its parent will write."""
    _write(_STDERR, text.encode("utf-8", "backslashreplace"))
