"""Shell commands that can be copied from a terminal."""

import shlex

from pytest_dre.reporting.width import clean, display_width, shorten

CONTINUED = " \\"
MIN_ROOM = 20  # columns below which breaking a command makes it no more readable


def command_lines(command: str, width: int, indent: int = 0) -> list[str]:
    """Return a shell command in lines of at most `width` columns that a shell reads as that command.

    The first line is meant to follow `indent` columns of other text. Long commands are broken between words, long
    words inside, with the shell's backslash. One that a POSIX shell's quoting does not explain is shortened.
    """
    shown = clean(command)
    if display_width(shown) <= width - indent:
        return [shown]
    words = _words(command) if shown == command else None
    if words is None or width - indent < MIN_ROOM:
        return [shorten(shown, width - indent, "middle")]
    return _broken(words, width, indent)


def _words(command: str) -> list[str] | None:
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    return words if shlex.join(words) == command else None


def _broken(words: list[str], width: int, indent: int) -> list[str]:
    margin, room = " " * indent, width - len(CONTINUED)
    lines = [margin]
    for word in words:
        quoted = shlex.quote(word)
        longer = f"{lines[-1]} {quoted}" if lines[-1].strip() else lines[-1] + quoted
        if display_width(longer) <= room:
            lines[-1] = longer
            continue
        lines[-1] += CONTINUED if lines[-1].strip() else CONTINUED.strip()
        *starts, end = [quoted] if display_width(margin + quoted) <= room else _pieces(word, room)
        # The rest of a broken word must stand at the line's start: a space would end the word.
        lines += [f"{piece}\\" for piece in starts]
        lines.append(end if starts or display_width(margin + end) > room else margin + end)
    return [lines[0][indent:], *lines[1:]]


def _pieces(word: str, room: int) -> list[str]:
    """Return `word` in quoted pieces of at most `room` columns."""
    pieces = []
    while word:
        size = min(len(word), room)
        while size > 1 and display_width(shlex.quote(word[:size])) > room:
            size -= 1
        pieces.append(shlex.quote(word[:size]))
        word = word[size:]
    return pieces
