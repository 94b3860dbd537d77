"""Labelled lines: a label on the left, its text beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_dre.reporting.commands import command_lines
from pytest_dre.reporting.width import ELLIPSIS, display_width, pad, shorten

INDENT = "  "
GAP = "  "


@dataclass(frozen=True, slots=True)
class Entry:
    """A label and the parts of its text, already harmless.

    Attributes:
        label: What the text is about; "" continues the entry above.
        parts: Texts that a comma joins; lines are broken between them.
        words: Instead of parts, running text; lines are broken between words.
        lines: How many lines parts or words may take; parts that do not fit are counted ("… 3 more").
        beyond: How many more parts there are that are not given, but counted.
        command: Instead of parts, a shell command, kept copyable.
    """

    label: str
    parts: tuple[str, ...] = ()
    lines: int = 1
    beyond: int = 0
    command: str | None = None
    words: str | None = None


def entry_lines(entries: Sequence[Entry], width: int, *, indent: str = INDENT) -> list[str]:
    """Return the entries with their labels in one column, in lines of at most `width` columns."""
    labels = min(max((display_width(entry.label) for entry in entries), default=0), width // 3)
    lines: list[str] = []
    for entry in entries:
        label = indent + pad(shorten(entry.label, labels), labels) + GAP
        room = width - len(indent) - labels - len(GAP)
        if entry.command is not None:
            first, *rest = command_lines(entry.command, width, width - room)
        else:
            first, *rest = _text_lines(entry, room)
            rest = [" " * (width - room) + line for line in rest]
        lines += [shorten((label + first).rstrip(), width), *rest]
    return lines


def _text_lines(entry: Entry, room: int) -> list[str]:
    if entry.words is not None:
        return wrap_words(entry.words, room, entry.lines)
    return wrap_parts(entry.parts, room, entry.lines, entry.beyond)


def wrap_words(text: str, width: int, lines: int = 1) -> list[str]:
    """Return the text in at most `lines` lines broken between words; what does not fit is shortened in its middle."""
    wrapped: list[str] = []
    rest = text.split(" ")
    while len(wrapped) < lines - 1 and display_width(" ".join(rest)) > width:
        count = 1
        while display_width(" ".join(rest[: count + 1])) <= width:
            count += 1
        if count == len(rest):
            break
        wrapped.append(shorten(" ".join(rest[:count]), width, "middle"))
        rest = rest[count:]
    return [*wrapped, shorten(" ".join(rest), width, "middle")]


def wrap_parts(parts: Sequence[str], width: int, lines: int = 1, beyond: int = 0) -> list[str]:
    """Return the parts joined by commas in at most `lines` lines, the last of which says how many are left out.

    Those are the ones that do not fit, and `beyond`.
    """
    wrapped: list[str] = []
    rest = list(parts)
    while len(wrapped) < lines - 1 and display_width(", ".join(rest) + _more(beyond)) > width:
        count = 1
        while count < len(rest) - 1 and display_width(", ".join(rest[: count + 1])) < width:
            count += 1
        if count == len(rest):
            break
        wrapped.append(shorten(", ".join(rest[:count]), width - 1, "middle") + ",")
        rest = rest[count:]
    return [*wrapped, list_parts(rest, width, beyond)]


def list_parts(parts: Sequence[str], width: int, beyond: int = 0) -> str:
    """Return the parts joined by commas in one line; where that is too long, the first few and how many more.

    `beyond` counts as left out, too.
    """
    whole = ", ".join(parts) + _more(beyond)
    if display_width(whole) <= width:
        return whole
    for shown in range(min(len(parts) - 1, width), 0, -1):
        text = ", ".join(parts[:shown]) + _more(len(parts) - shown + beyond)
        if display_width(text) <= width:
            return text
    more = _more(len(parts) - 1 + beyond)
    if width - len(more) < 8:
        return shorten(whole, width, "middle" if len(parts) == 1 else "end")
    return shorten(parts[0], width - len(more), "middle") + more


def _more(count: int) -> str:
    return f", {ELLIPSIS} {count} more" if count > 0 else ""
