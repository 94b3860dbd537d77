"""How messages name values: in plain words, and short."""

import reprlib
from collections.abc import Iterable
from typing import Any

from pytest_dre.errors import Fault, format_path
from pytest_dre.references import did_you_mean, nearest

SHOWN_WIDTH = 60
ADVICE_NAMES = 200  # comparing with more names would take too long


def shown(value: Any) -> str:
    """Return `value` as a message shows it: on one line, at most some 60 characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    short = reprlib.Repr()
    short.maxstring = short.maxother = SHOWN_WIDTH
    short.maxlong = 40
    short.maxlevel = 2
    text = short.repr(value)
    return text if len(text) <= SHOWN_WIDTH + 2 else f"{text[:SHOWN_WIDTH]}…"


def shortened(text: str, width: int = SHOWN_WIDTH) -> str:
    """Return `text` on one line, without control characters, cut to `width` characters."""
    visible = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[: width + 1])
    return visible if len(visible) <= width else f"{visible[: width - 1]}…"


def kind_of(value: Any) -> str:
    """Return what `value` is, in words that complete "this is …"."""
    match value:
        case None:
            return "empty"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case dict():
            return "a map"
    return f"a Python object ({type(value).__name__})"


def near(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to `name`, None if none is close; bounded in time whatever the names are."""
    return nearest(name[:SHOWN_WIDTH], _comparable(known))


def advice(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known name, else the known ones; bounded in time whatever the names are."""
    return did_you_mean(name[:SHOWN_WIDTH], _comparable(known))


def _comparable(known: Iterable[str]) -> list[str]:
    return [shortened(item) for item in sorted(known)[:ADVICE_NAMES]]


def tidy(fault: Fault) -> Fault:
    """Return `fault` with the keys of its path short enough to show."""
    path = tuple(shortened(part, 80) if isinstance(part, str) else part for part in fault.path)
    return Fault(fault.message, fault.hint, path, fault.file, fault.line, fault.column)


def place(path: tuple[str | int, ...]) -> str:
    """Return a key path for use inside a message."""
    return format_path(path)
