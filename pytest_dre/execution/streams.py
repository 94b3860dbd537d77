"""Standard streams that a run has closed, opened again in place: pytest's capturing and its terminal hold them too."""

import io
import os
import sys
from typing import Any

_DESCRIPTORS = {"stdout": 1, "stderr": 2}


def any_closed(stdout: Any, stderr: Any) -> bool:
    """Return whether `opened_again` has something to do: asked after each run, so at once."""
    try:
        return bool(stdout.closed or stderr.closed or sys.__stdout__.closed or sys.__stderr__.closed)  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        return any(map(_is_closed, (stdout, stderr, sys.__stdout__, sys.__stderr__)))


def _is_closed(stream: Any) -> bool:
    """Return whether nothing can be written to the stream any more; a process may have none."""
    try:
        return stream is not None and bool(stream.closed)
    except ValueError:  # without its buffer: detached
        return True
    except AttributeError:  # somebody's own, which only has `write`
        return False


def opened_again(stdout: Any, stderr: Any) -> list[str]:
    """Open again what is closed of the streams and of those that Python started with; return what to say of it."""
    said = []
    for name, stream in {"stdout": stdout, "stderr": stderr}.items():
        if _is_closed(stream):
            how = "" if _open_again(stream, name) else ", which cannot be opened again"
            said.append(f"closed sys.{name}{how}")
        original = getattr(sys, f"__{name}__")
        if _is_closed(original) and _open_again(original, name):
            said.append(f"closed sys.__{name}__")
    return said


def _open_again(stream: Any, name: str) -> bool:
    if not isinstance(stream, io.TextIOWrapper):
        return False
    try:
        buffer = _buffer_for(stream, name)
        io.TextIOWrapper.__init__(
            stream,
            buffer,
            encoding=stream.encoding,
            errors=stream.errors,
            newline="",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
    except (OSError, ValueError, AttributeError):
        return False
    return True


def _buffer_for(stream: io.TextIOWrapper, name: str) -> Any:
    """Return a buffer in place of the closed one.

    What pytest captures into is the file that the descriptor stands for while a run is under way, so nothing of it is
    lost; with `--capture=sys` it was in memory. A detached stream has none.
    """
    closed, descriptor = getattr(stream, "buffer", None), _DESCRIPTORS[name]
    if hasattr(stream, "getvalue"):
        return io.BytesIO()
    mode = getattr(closed, "mode", "rb+")
    if stream is getattr(sys, f"__{name}__"):
        return open(descriptor, mode, closefd=False)
    return open(os.dup(descriptor), mode, buffering=0)  # noqa: PTH123
