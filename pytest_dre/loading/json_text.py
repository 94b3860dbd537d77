"""JSON text → the same nodes with marks as YAML gives.

JSON is read as JSON, not as the YAML it resembles: JSON allows tabs, and text in it is never a number.
"""

import re
from bisect import bisect_right
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

import yaml

from pytest_dre.errors import Fault, StudyError
from pytest_dre.loading.limits import MAX_DEPTH, MAX_VALUES
from pytest_dre.loading.yaml_text import TAG, too_deep, too_many

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<real>(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)")
_SURROGATE = re.compile("[\ud800-\udfff]")  # no file in UTF-8 can hold one: such a study could not be written again
_WORDS = {
    "true": "bool",
    "false": "bool",
    "null": "null",
    "NaN": "float",
    "Infinity": "float",
    "-Infinity": "float",
}
_WORD = re.compile("|".join(_WORDS))


def compose_json(text: str) -> yaml.Node:
    """Return the root node of JSON text; NaN, Infinity and -Infinity are numbers.

    Raises StudyError, with line and column, for text that is no JSON.
    """
    return _Scanner(text).document()


class _Scanner:
    """One pass over the text; each method reads what its name says and moves on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.count = 0
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def document(self) -> yaml.Node:
        self.skip_space()
        if self.at == len(self.text):
            raise StudyError([Fault("the file is empty", "a study needs at least study_id and title")])
        node = self.value()
        self.skip_space()
        if self.at < len(self.text):
            raise self.error("there is more after the end of the study", "write one study a file")
        return node

    def value(self) -> yaml.Node:
        self.count += 1
        if self.count > MAX_VALUES:
            raise StudyError([too_many(self.mark())])
        char = self.text[self.at : self.at + 1]
        if char == '"':
            start = self.mark()
            return self.scalar("str", self.string(), start, '"')
        if char in ("{", "["):
            return self.collection(char)
        if number := _NUMBER.match(self.text, self.at):
            return self.literal("float" if number["real"] else "int", number[0])
        if word := _WORD.match(self.text, self.at):
            return self.literal(_WORDS[word[0]], word[0])
        raise self.error(
            "a value is missing or misspelt", 'write text in double quotes, or true, false, null, a number, "[" or "{"'
        )

    def collection(self, opening: str) -> yaml.Node:
        start = self.mark()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise StudyError([too_deep(start)])
        closing, read = ("}", self.pair) if opening == "{" else ("]", self.value)
        self.at += 1
        self.skip_space()
        items: list[Any] = []
        while self.text[self.at : self.at + 1] != closing:
            if items:
                self.expect(",", f"a ',' or '{closing}' is missing (opened in line {start.line + 1})")
            items.append(read())
            self.skip_space()
        self.at += 1
        self.depth -= 1
        node = yaml.MappingNode if opening == "{" else yaml.SequenceNode
        return node(f"{TAG}{'map' if opening == '{' else 'seq'}", items, start, self.mark())

    def pair(self) -> tuple[yaml.Node, yaml.Node]:
        start = self.mark()
        if self.text[self.at : self.at + 1] != '"':
            raise self.error("a key is missing", "write each key in double quotes, and no ',' after the last")
        key = self.scalar("str", self.string(), start, '"')
        self.skip_space()
        self.expect(":", "a ':' is missing after the key")
        return key, self.value()

    def string(self) -> str:
        start = self.at
        try:
            text, self.at = scanstring(self.text, self.at + 1, True)
        except JSONDecodeError as error:
            self.at = error.pos
            closed = "Unterminated" not in error.msg
            message = "a control character or escape is not allowed in text" if closed else "a quote is never closed"
            raise self.error(message, "write \\n, \\t, \\\\ or \\uXXXX" if closed else "close it") from None
        if half := _SURROGATE.search(text):
            self.at = start
            message = f"text holds half a character, the surrogate U+{ord(half[0]):04X}"
            raise self.error(message, "remove it, or write both halves")
        return str(text)

    def literal(self, kind: str, text: str) -> yaml.Node:
        start = self.mark()
        self.at += len(text)
        return self.scalar(kind, text, start, None)

    def scalar(self, kind: str, text: str, start: yaml.Mark, style: str | None) -> yaml.Node:
        return yaml.ScalarNode(f"{TAG}{kind}", text, start, self.mark(), style=style)

    def expect(self, char: str, message: str) -> None:
        if self.text[self.at : self.at + 1] != char:
            raise self.error(message, f"add '{char}'")
        self.at += 1
        self.skip_space()

    def skip_space(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def mark(self) -> yaml.Mark:
        line = bisect_right(self.line_starts, self.at) - 1
        return yaml.Mark("", self.at, line, self.at - self.line_starts[line], None, 0)

    def error(self, message: str, hint: str) -> StudyError:
        mark = self.mark()
        fault = Fault(f"this is no valid JSON: {message}", hint, line=mark.line + 1, column=mark.column + 1)
        return StudyError([fault])
