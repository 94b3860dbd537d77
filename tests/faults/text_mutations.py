"""Changes to the text of a study file: bytes, lines, words, and what YAML makes grow."""

import random
import re
from collections.abc import Callable

from odd_words import EXPRESSIONS, NUMBERS, ODD, RAW, WORDS

_SCALAR = re.compile(r"(?<=[:\[,{-] )[^\s,\[\]{}#][^,\[\]{}\n]*|(?<=: )\S.*|\b\d[\d._]*\b|\b[A-Za-z_]\w*\b")


def _span(rng: random.Random, text: str, longest: int = 40) -> tuple[int, int]:
    start = rng.randrange(len(text) + 1)
    return start, min(len(text), start + rng.randint(1, longest))


def flip(rng: random.Random, text: str) -> str:
    start, end = _span(rng, text, 2)
    return text[:start] + "".join(chr(ord(char) ^ (1 << rng.randrange(6))) for char in text[start:end]) + text[end:]


def delete(rng: random.Random, text: str) -> str:
    start, end = _span(rng, text)
    return text[:start] + text[end:]


def duplicate(rng: random.Random, text: str) -> str:
    start, end = _span(rng, text, 200)
    return text[:end] + text[start:end] * rng.choice((1, 1, 3)) + text[end:]


def insert_odd(rng: random.Random, text: str) -> str:
    start = rng.choice((0, rng.randrange(len(text) + 1)))
    return text[:start] + rng.choice(ODD) * rng.choice((1, 1, 1, 2, 80)) + text[start:]


def truncate(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text) + 1)]


def raw_bytes(rng: random.Random, content: bytes) -> bytes:
    start = rng.choice((0, rng.randrange(len(content) + 1)))
    return content[:start] + rng.choice(RAW) + content[start:]


def other_encoding(rng: random.Random, text: str) -> str:
    encoded = text.encode(rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-7", "latin-1")), "replace")
    return encoded.decode("utf-8", "surrogateescape")


def line_ends(rng: random.Random, text: str) -> str:
    return text.replace("\n", rng.choice(("\r\n", "\r", "\n\n", "\u2028", " \n", "\\\n")))


def drop_lines(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    return "\n".join(lines[:start] + lines[start + rng.randint(1, 4) :])


def swap_lines(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return "\n".join(lines)


def repeat_lines(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    block = lines[start : start + rng.randint(1, 12)]
    where = rng.choice((start, rng.randrange(len(lines))))
    return "\n".join(lines[:where] + block * rng.choice((1, 1, 2, 50)) + lines[where:])


def reindent(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    indent = rng.choice((" ", "  ", "    ", "\t", "- ", "", " " * 2000))
    for number in range(start, min(len(lines), start + rng.randint(1, 5))):
        lines[number] = indent + (lines[number].lstrip() if rng.random() < 0.3 else lines[number])
    return "\n".join(lines)


def token(rng: random.Random, text: str) -> str:
    """Put something else in the place of a key or value."""
    places = list(_SCALAR.finditer(text))
    if not places:
        return text + rng.choice(WORDS)
    place = rng.choice(places)
    words = rng.choice((NUMBERS, WORDS, WORDS, EXPRESSIONS))
    return text[: place.start()] + rng.choice(words) + text[place.end() :]


def token_from_elsewhere(rng: random.Random, text: str) -> str:
    places = list(_SCALAR.finditer(text))
    if not places:
        return text
    place, other = rng.choice(places), rng.choice(places)
    return text[: place.start()] + other[0] + text[place.end() :]


def anchor(rng: random.Random, text: str) -> str:
    """Name a value, and use it elsewhere: before it, inside it, as a merged map, many times."""
    places = list(_SCALAR.finditer(text))
    if len(places) < 2:
        return text
    first, second = sorted(rng.sample(places, 2), key=lambda place: place.start())
    alias = rng.choice(("*x", "{<<: *x}", "[*x, *x]", "[" + "*x, " * 500 + "]"))
    if rng.random() < 0.2:
        return f"{text[: first.start()]}{alias}{text[first.end() : second.start()]}&x {text[second.start() :]}"
    return f"{text[: first.start()]}&x {text[first.start() : second.start()]}{alias}{text[second.end() :]}"


def merge_line(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    line = rng.choice(("<<: *x", "<<: {a: 1}", "<<: [{name: x}, {name: y}]", "<<: 1", "<<: [1]", "<<: *outcome"))
    where = rng.randrange(len(lines))
    indent = lines[where][: len(lines[where]) - len(lines[where].lstrip())]
    return "\n".join([*lines[:where], indent + line, *lines[where:]])


def bomb(rng: random.Random, text: str) -> str:
    """Add what grows when it is read: aliases of aliases, deep nesting, long text many times."""
    key = rng.choice(("notes", "provenance_metadata", "tags", "x", "authors", "design_spec"))
    kind = rng.randrange(6)
    if kind == 0:
        layers = ["l0: &l0 [x, x]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))]
        body = "{" + ", ".join(layers) + "}"
    elif kind == 1:
        layers = ["l0: &l0 {a: 1}", *(f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 12))]
        body = "{" + ", ".join(layers) + "}"
    elif kind == 2:
        opening, closing = rng.choice((("[", "]"), ("{a: ", "}"), ("[{a: [", "]}]")))
        depth = rng.choice((60, 65, 500, 20_000))
        body = opening * depth + closing * rng.choice((depth, depth - 1, 0))
    elif kind == 3:
        body = f"[&t {'t' * rng.choice((10_000, 1_000_000))}, {'*t, ' * rng.choice((10, 20_000))}]"
    elif kind == 4:
        body = "\n" + "".join(f"{'  ' * depth}- - a:\n" for depth in range(rng.choice((20, 200))))
    else:
        body = f"{{? {{a: 1}} : b, ? [c] : d, {'k' * rng.choice((100, 2000))}: e, 1: f, true: g, null: h, ~: i}}"
    return f"{key}: {body}\n{text}" if rng.random() < 0.5 else f"{text}\n{key}: {body}\n"


TextChange = Callable[[random.Random, str], str]
TEXT_CHANGES: tuple[TextChange, ...] = (
    flip,
    delete,
    duplicate,
    insert_odd,
    truncate,
    other_encoding,
    line_ends,
    drop_lines,
    swap_lines,
    repeat_lines,
    reindent,
    token,
    token,
    token,
    token,
    token_from_elsewhere,
    anchor,
    merge_line,
    bomb,
)
