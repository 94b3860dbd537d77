"""What is likely wrong with an expression that Python cannot parse."""

import re

_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_UNCLOSED_QUOTE = re.compile("unterminated|EOL while")
_SHOWN = 40  # characters of the rest that cannot be read

# What the text has outside quotes → what is wrong, and what to write.
_SLIPS = (
    (re.compile(r"&&?"), "'{found}' is no operator here", "write 'and'"),
    (re.compile(r"\|\|?"), "'{found}' is no operator here", "write 'or'"),
    (re.compile(r"<>|≠|=/=|=!"), "'{found}' is no comparison", "write '!='"),
    (re.compile(r"=<|≤"), "'{found}' is no comparison", "write '<='"),
    (re.compile(r"=>|≥"), "'{found}' is no comparison", "write '>='"),
    (re.compile(r"==="), "'{found}' is no comparison", "write '=='"),
    (re.compile(r"!(?!=)"), "'{found}' is no operator here", "write 'not'"),
    (re.compile(r"(?<![=!<>:])=(?!=)"), "'=' is no comparison", "write '=='"),
    (re.compile(r"\b(?:AND|OR|NOT|IN)\b"), "{found!r} is no operator", "write it in small letters"),
    (re.compile(r"\bthen\b"), "'{found}' is not known here", "write 'x if condition else y'"),
)


def explain(source: str, error: SyntaxError) -> tuple[str, str]:
    """Return what is wrong with `source`, an expression that Python refused with `error`, and what to do."""
    if _UNCLOSED_QUOTE.search(error.msg):
        return "a quote is opened and never closed", "close it"
    bare = _QUOTED.sub("''", source)
    for pattern, message, hint in _SLIPS:
        if found := pattern.search(bare):
            return message.format(found=found[0]), hint
    unbalanced = _unbalanced(bare)
    if unbalanced:
        return unbalanced
    return _at(source, error)


def _unbalanced(bare: str) -> tuple[str, str] | None:
    for opening, closing in ("()", "[]", "{}"):
        if bare.count(opening) > bare.count(closing):
            return f"{opening!r} is never closed", f"add {closing!r}"
        if bare.count(opening) < bare.count(closing):
            return f"{closing!r} closes nothing", f"remove it, or add {opening!r}"
    return None


def _at(source: str, error: SyntaxError) -> tuple[str, str]:
    """Name where Python stumbled: what still was to be read there, or the end."""
    lines = source.splitlines()
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    rest = line[error.offset - 1 :].strip() if error.offset else ""
    if rest in ("", ")"):  # text of several lines is parsed in parentheses
        return "the expression ends too early", "write what is missing at its end"
    shown = rest if len(rest) <= _SHOWN else f"{rest[: _SHOWN - 1]}…"
    return f"the expression cannot be read from {shown!r} on", "join comparisons with 'and' or 'or', and quote text"
