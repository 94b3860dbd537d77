"""YAML text → nodes with marks. Reads the dialect of YAML 1.1 that studies are exchanged in, less its surprises."""

import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from pytest_dre.errors import Fault, StudyError
from pytest_dre.loading.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_VALUES
from pytest_dre.loading.wording import shortened

TAG = "tag:yaml.org,2002:"


class _PythonParser(Reader, Scanner, Parser):
    """PyYAML's own parser, for where it was built without libyaml."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


if TYPE_CHECKING:
    EventParser = _PythonParser
else:
    # libyaml's parser takes a tenth of the time; each worker of a session reads the study.
    EventParser = yaml.cyaml.CParser if yaml.__with_libyaml__ else _PythonParser


class _Resolver(BaseResolver):
    """What plain scalars mean. Dates and sexagesimal numbers (`12:30`) stay text, `1e3` is a number."""


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF", "tTfFyYnNoO"),
    ("int", r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Resolver.add_implicit_resolver(f"{TAG}{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))


class _BoundedComposer(Composer):
    """Composes nodes of events, up to a depth and a number that are safe."""

    depth = 0
    count = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        self.count += 1
        if self.depth > MAX_DEPTH or self.count > MAX_VALUES:
            mark = self.peek_event().start_mark  # type: ignore[attr-defined]
            raise StudyError([too_deep(mark) if self.depth > MAX_DEPTH else too_many(mark)])
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def too_deep(mark: Any) -> Fault:
    """Return the fault of nesting beyond what is read."""
    return _at(mark, f"the file nests more than {MAX_DEPTH} levels deep", "flatten it")


def too_many(mark: Any) -> Fault:
    """Return the fault of more values than are read."""
    message = f"the file holds more than {MAX_VALUES:,} keys and values, its aliases expanded"
    return _at(mark, message, "use fewer aliases, or keep data in a file of its own")


def too_long(mark: Any) -> Fault:
    """Return the fault of more text than is read."""
    message = f"the file holds more than {MAX_CHARACTERS:,} characters, its aliases expanded"
    return _at(mark, message, "use fewer aliases, or keep long text in a file of its own")


def compose_yaml(text: str, parser: Any = None) -> yaml.Node:
    """Return the root node of YAML text.

    `parser` is the class that yields events, libyaml's where there is one. Raises StudyError, with line and column,
    for text that is not one YAML document.
    """
    base = parser or EventParser
    _refuse_control_characters(text)
    composer_type = type("_Loader", (_BoundedComposer, base, _Resolver), {"__init__": _init(base)})
    try:
        composer = composer_type(text)
        if not composer.check_node():
            raise StudyError([Fault("the file is empty", "a study needs at least study_id and title")])
        root: yaml.Node = composer.get_node()
        if composer.check_node():
            raise StudyError([_several_documents(composer.peek_event().start_mark)])
    except yaml.YAMLError as error:
        raise StudyError([_syntax_fault(error, text)]) from None
    return root


def _init(base: Any) -> Any:
    def initialise(self: Any, text: str) -> None:
        base.__init__(self, text)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    return initialise


def _at(mark: Any, message: str, hint: str) -> Fault:
    return Fault(message, hint, line=mark.line + 1, column=mark.column + 1) if mark else Fault(message, hint)


def _several_documents(mark: Any) -> Fault:
    return _at(mark, "a second document starts here", "write one study a file, without a further '---'")


def _refuse_control_characters(text: str) -> None:
    found = Reader.NON_PRINTABLE.search(text)
    if not found:
        return
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    message = f"the character U+{ord(found[0]):04X} is not allowed in a file"
    hint = f'remove it, or write it as "\\u{ord(found[0]):04x}" in double quotes'
    raise StudyError([Fault(message, hint, line=line, column=column)])


_FORMS = (
    # What the parser says → what it means to a user, and what to do.
    (
        r"mapping values are not allowed",
        "a second ': ' in this value, or a line indented too far",
        "quote text that contains ': '",
    ),
    (
        r"expected <block end>|did not find expected (?:'-' indicator|key)",
        "this line's indentation does not fit the lines above",
        "align it with its siblings; close quotes and brackets",
    ),
    (
        r"unexpected end of stream|unexpected document (?:separator|indicator)",
        "a quote is opened and never closed",
        "close it",
    ),
    (
        r"expected ',' or|found .*'<stream end>'",
        "a bracket is opened and not closed, or a comma is missing",
        "close it",
    ),
    (r"found (?:an )?undefined alias", "this alias names no anchor", "define it before, with '&name'"),
    (r"duplicate anchor|second occurrence", "this anchor is defined twice", "give each anchor a name of its own"),
    (
        r"(?:unknown escape|expected escape|expected hexdecimal|hexadecimal)",
        "an escape is no valid one",
        "write '\\\\' for a backslash, or use single quotes",
    ),
    (r"could not find expected ':'", "a key without ':' or value", "write 'key: value'"),
    (r"undefined tag handle|tag", "a tag is not understood", "remove what starts with '!', or quote it"),
    (r"expected (?:the )?node content", "a key or value is missing here", "write it, or '\"\"' for empty text"),
    (r"cannot start any token", "this character cannot start a value", "quote the value"),
)


def _syntax_fault(error: yaml.YAMLError, text: str) -> Fault:
    """Return the fault for what the parser refused."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed")
    if "maximum nesting depth" in problem:  # libyaml from 0.2.6 on gives up before our composer does
        return too_deep(mark)
    tab = _tab_near(text, mark)
    if tab:
        return Fault("YAML does not allow this tab", "indent and align with spaces", line=tab[0], column=tab[1])
    for pattern, message, hint in _FORMS:
        if re.search(pattern, problem):
            return _at(mark, f"this is no valid YAML: {message}", f"{hint}{_opened(error)}")
    return _at(mark, f"this is no valid YAML: {shortened(problem)}", "check indentation, quotes and brackets")


def _opened(error: yaml.YAMLError) -> str:
    """Return where the construct began that the error is in, if that is on another line."""
    start, end = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    return f" (it begins in line {start.line + 1})" if start and end and start.line != end.line else ""


def _tab_near(text: str, mark: Any) -> tuple[int, int] | None:
    """Return line and column of a tab that the parser stumbled on, at `mark` or in the indentation there or above."""
    if mark is None:
        return None
    lines = text.splitlines()
    for number in (mark.line, mark.line - 1):
        line = lines[number] if 0 <= number < len(lines) else ""
        indentation = line[: len(line) - len(line.lstrip())]
        column = indentation.find("\t")
        if number == mark.line and column < 0 and line[mark.column : mark.column + 1] == "\t":
            column = mark.column
        if column >= 0:
            return number + 1, column + 1
    return None
