"""Text in terminal columns: untrusted text made harmless, measured, shortened and padded."""

import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from typing import Literal

# wcwidth is imported only where a text needs it: that takes longer than all else that most sessions print.

ELLIPSIS = "…"
MAX_MARKS = 4  # combining characters on one base; no script needs more, "Zalgo" text does
MAX_CLEANED = 2_000  # characters of one text that are looked at: no terminal shows more of a value

_MARKS_START = "\u0300"  # all printable characters before it take one column
_NARROW = frozenset("…–—±×≤≥≈√²·")  # of those after it, what we print ourselves
_JOINERS = "\u200c\u200d"
_NEWLINE_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def clean(text: str) -> str:
    """Return `text` as one line that cannot steer a terminal.

    Control characters (so also ANSI escapes), format characters (so also bidirectional overrides), line and paragraph
    separators, lone surrogates, marks without a base or beyond four on one become visible escapes such as "\\x1b".
    Of a text over 2,000 characters the middle is left out.
    """
    if len(text) > MAX_CLEANED:
        text = text[: MAX_CLEANED // 2] + ELLIPSIS + text[-MAX_CLEANED // 2 :]
    if text.isascii() and text.isprintable():
        return text
    return "".join(_cleaned(text))


def harmless(text: str) -> str:
    """Return a text of several lines, tabs and all, in which each is as `clean` makes it, but whole."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "\n".join("\t".join("".join(_cleaned(part)) for part in line.split("\t")) for line in text.split("\n"))


def _cleaned(text: str) -> Iterator[str]:
    marks = MAX_MARKS  # a mark at the start, or after a space, has no base
    previous = ""
    for index, char in enumerate(text):
        category = unicodedata.category(char)
        shown = char
        if char in _JOINERS and _joins(previous, text[index + 1 : index + 2]):
            marks += 1
        elif category in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            marks, shown = 0, _escape(char)
        elif category.startswith("M") or _columns(char) <= 0:
            marks += 1
            shown = char if marks <= MAX_MARKS else _escape(char)
        else:
            marks = MAX_MARKS if char.isspace() else 0
        yield shown
        previous = shown


def _joins(before: str, after: str) -> bool:
    """Return whether a joiner between the two stands in a script or emoji that may need it."""
    based = len(before) == 1 and not before.isascii() and unicodedata.category(before)[0] in "LMS"
    return (
        based and bool(after) and not after.isascii() and unicodedata.category(after)[0] in "LS" and _columns(after) > 0
    )


def _escape(char: str) -> str:
    code = ord(char)
    if char in _NEWLINE_ESCAPES:
        return _NEWLINE_ESCAPES[char]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def display_width(text: str) -> int:
    """Return the terminal columns `text` takes: 2 for wide characters and emoji, 0 for combining ones."""
    if text.isprintable() and (text.isascii() or all(map(_is_narrow, text))):
        return len(text)
    from wcwidth import wcswidth

    measured = int(wcswidth(text))
    return measured if measured >= 0 else sum(max(_columns(char), 0) for char in text)


def _is_narrow(char: str) -> bool:
    return char < _MARKS_START or char in _NARROW


def _columns(char: str) -> int:
    """Return the columns of one character, -1 for a control character."""
    if _is_narrow(char) and char.isprintable():
        return 1
    from wcwidth import wcwidth

    return int(wcwidth(char))


def shorten(text: str, width: int, where: Literal["end", "middle"] = "end") -> str:
    """Return `text` in at most `width` columns, with "…" for what was left out."""
    if width <= 0:
        return ""
    if display_width(text) <= width:
        return text
    clusters = _clusters(text)
    tail = _fitting(clusters[::-1], (width - 1) // 2)[::-1] if where == "middle" else []
    head = _fitting(clusters, width - 1 - display_width("".join(tail)))
    while head and display_width("".join([*head, ELLIPSIS, *tail])) > width:
        head.pop()
    return "".join([*head, ELLIPSIS, *tail])


def fit(text: str, width: int, where: Literal["end", "middle"] = "end") -> str:
    """Return untrusted `text` cleaned and shortened to `width` columns."""
    return shorten(clean(text), width, where)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` filled with spaces to `width` columns, on its left if `right` (aligned)."""
    space = " " * (width - display_width(text))
    return space + text if right else text + space


def _clusters(text: str) -> list[str]:
    """Return `text` in pieces that must not be cut: a base with its marks, joined emoji, a flag's two letters."""
    clusters: list[str] = []
    for char in text:
        if clusters and _continues(clusters[-1], char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _continues(cluster: str, char: str) -> bool:
    skin_tone = "\U0001f3fb" <= char <= "\U0001f3ff"
    joined = cluster[-1] == "\u200d" or skin_tone or _columns(char) <= 0
    return joined or (len(cluster) == 1 and _is_flag(cluster, char))


def _is_flag(first: str, second: str) -> bool:
    return all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in (first, second))


def _fitting(clusters: list[str], width: int) -> list[str]:
    """Return the first clusters that take at most `width` columns together."""
    ends = accumulate(map(display_width, clusters))
    return [cluster for cluster, end in zip(clusters, ends, strict=True) if end <= width]
