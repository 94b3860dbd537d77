"""What can go wrong by a user's hand or circumstances, each with the whole message a user needs."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN_WIDTH = 1_000  # characters of a message or hint; what is in it may be anything from the user's files


def format_path(path: Sequence[str | int]) -> str:
    """Return a key path as users write it: `factors[1].levels[0].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_WIDTH else f"{text[: SHOWN_WIDTH - 1]}…"


def _visible(text: str) -> str:
    """Return `text` on one line; what could steer a terminal, or not be written in UTF-8, is escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a study.

    Attributes:
        message: What is wrong.
        hint: What to do about it ("" if the message says it all).
        path: The key it concerns, from the top of the study; () for the whole study.
        file: The study file, None for a study written in Python.
        line: Line in the file, from 1.
        column: Column in the line, from 1.
    """

    message: str
    hint: str = ""
    path: tuple[str | int, ...] = ()
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        what = "; ".join(_shortened(part) for part in (self.message, self.hint) if part)
        return _visible(": ".join(part for part in (place, _shortened(format_path(self.path)), what) if part))


class DreError(Exception):
    """A mistake or circumstance outside this package; its text is complete, no traceback is needed."""


class StudyError(DreError):
    """A study cannot be used. `faults` holds every mistake found, in the order of the file."""

    SHOWN = 20  # what fits on one screen

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults[: self.SHOWN]]
        if len(self.faults) > self.SHOWN:
            lines.append(f"… and {len(self.faults) - self.SHOWN} more faults")
        return "\n".join(lines)


class MissingDependencyError(DreError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        self.package = package
        super().__init__(f"{purpose} needs the package {package!r}; install it with: pip install 'pytest-dre[{extra}]'")


class StoreError(DreError):
    """The run store cannot be read or written."""


class ArtifactError(DreError):
    """Exported artifacts are missing, damaged or contradict themselves."""
