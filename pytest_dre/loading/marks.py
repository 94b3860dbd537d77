"""Nodes → plain data, with the place of every key and the faults that plain data cannot show any more."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from pytest_dre.errors import Fault, StudyError
from pytest_dre.loading.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_DIGITS, MAX_VALUES
from pytest_dre.loading.wording import shortened
from pytest_dre.loading.yaml_text import TAG, too_deep, too_long, too_many
from pytest_dre.model.source import KeyPath

_TRUE = ("true", "yes", "on")
_FALSE = ("false", "no", "off")
_WORDS_AS_BOOLEANS = ("yes", "no", "on", "off")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+\Z")
_SPECIAL = {".inf": math.inf, "infinity": math.inf, ".nan": math.nan, "nan": math.nan}


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of a study file.

    Attributes:
        data: Maps, lists and scalars.
        marks: Line and column (both from 1) of each key or list item, by key path.
        written: What the file says where a plain scalar is not text (`on`, `0x10`), by key path.
        faults: Mistakes that do not keep the rest from being read.
    """

    data: Any
    marks: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    written: dict[KeyPath, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_nodes(root: yaml.Node) -> Document:
    """Return the data of a tree of nodes.

    Raises StudyError if the tree contains itself or its aliases expand beyond what is safe.
    """
    builder = _Builder()
    return Document(builder.value(root, ()), builder.marks, builder.written, builder.faults)


def is_boolean_word(written: str) -> bool:
    """Return whether YAML 1.1 reads the word (on, off, yes, no) as a boolean, though it looks like a name."""
    return written.lower() in _WORDS_AS_BOOLEANS


class _Builder:
    def __init__(self) -> None:
        self.marks: dict[KeyPath, tuple[int, int]] = {}
        self.written: dict[KeyPath, str] = {}
        self.faults: list[Fault] = []
        self.count = 0
        self.characters = 0
        self.open: list[yaml.Node] = []

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the data of `node` at `path`."""
        self.marks.setdefault(path, _position(node))
        self.spend(node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path)
        self.enter(node)
        self.refuse_foreign_tag(node, path, "map" if isinstance(node, yaml.MappingNode) else "seq")
        result: Any
        if isinstance(node, yaml.MappingNode):
            result = {key: self.value(item, (*path, key)) for key, item in self.keys(node, path)}
        else:
            result = [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        self.open.pop()
        return result

    def spend(self, node: yaml.Node) -> None:
        """Count a node; aliases of aliases grow exponentially."""
        self.count += 1
        if self.count > MAX_VALUES:
            raise StudyError([too_many(node.start_mark)])
        if isinstance(node, yaml.ScalarNode):
            self.characters += len(node.value)
        if self.characters > MAX_CHARACTERS:
            raise StudyError([too_long(node.start_mark)])

    def enter(self, node: yaml.Node) -> None:
        """Note that what follows is inside `node`, until it is popped."""
        if any(node is outer for outer in self.open):
            raise StudyError(
                [self.fault(node, (), "this anchor's content contains itself", "remove the alias inside it")]
            )
        self.open.append(node)
        if len(self.open) > MAX_DEPTH:
            raise StudyError([too_deep(node.start_mark)])

    def keys(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, yaml.Node]]:
        """Yield the keys of a map with their values; a key of its own wins over merged ones (`<<`)."""
        own: dict[str, yaml.Node] = {}
        merged: dict[str, yaml.Node] = {}
        has_merge = False
        for key, item in node.value:
            if key.tag == f"{TAG}merge":
                if has_merge:
                    self.faults.append(
                        self.fault(key, (*path, "<<"), "the key '<<' is given twice", "merge a list: '<<: [*a, *b]'")
                    )
                has_merge = True
                merged.update(self.merged(item, path))
                continue
            name = self.key(key, path)
            if name is None:
                continue
            if name in own:
                first = self.marks[(*path, name)][0]
                message = f"the key {shortened(name)!r} is given twice, first in line {first}"
                self.faults.append(self.fault(key, (*path, name), message, "keep one of the two"))
                continue
            own[name] = item
            self.marks[(*path, name)] = _position(key)
        yield from {**merged, **own}.items()

    def merged(self, node: yaml.Node, path: KeyPath) -> dict[str, yaml.Node]:
        """Return the keys that `<<: node` brings in; of several maps the first wins."""
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, yaml.Node] = {}
        for source in sources:
            self.spend(source)
            if not isinstance(source, yaml.MappingNode):
                self.faults.append(
                    self.fault(source, (*path, "<<"), "'<<' merges only maps", "write '<<: *anchor' of a map")
                )
                continue
            self.enter(source)
            for name, item in self.keys_of_merged(source, path):
                found.setdefault(name, item)
            self.open.pop()
        return found

    def keys_of_merged(self, source: yaml.MappingNode, path: KeyPath) -> list[tuple[str, yaml.Node]]:
        inherited: dict[str, yaml.Node] = {}
        own: dict[str, yaml.Node] = {}
        for key, item in source.value:
            self.spend(key)
            if key.tag == f"{TAG}merge":
                inherited.update(self.merged(item, path))
            elif isinstance(key, yaml.ScalarNode) and key.tag == f"{TAG}str":
                own[key.value] = item
        return list({**inherited, **own}.items())

    def key(self, node: yaml.Node, path: KeyPath) -> str | None:
        """Return the text of a key, None for a key that is no text."""
        self.spend(node)
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{TAG}str":
            return str(node.value)
        if not isinstance(node, yaml.ScalarNode):
            self.faults.append(self.fault(node, (*path, "?"), "a key is a list or map", "a key must be text"))
            return None
        written = shortened(node.value)
        path = (*path, node.value)
        what = f"the key {written} is no text to YAML" if written else "a key is empty"
        self.faults.append(
            self.fault(node, path, what, f'quote it: "{written}"' if written else "write one before the ':'")
        )
        return None

    def scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        kind = node.tag.removeprefix(TAG)
        text: str = node.value
        if kind == "str":
            return text
        if not node.style:
            self.written[path] = text
        try:
            match kind:
                case "null":
                    return None
                case "bool":
                    return _boolean(text)
                case "int":
                    return _integer(text)
                case "float":
                    return _real(text)
                case "merge":
                    return text
        except ValueError as error:
            message, _, hint = str(error).partition("; ")
            self.faults.append(self.fault(node, path, message, hint))
            return None
        self.refuse_foreign_tag(node, path, "str")
        return text

    def refuse_foreign_tag(self, node: yaml.Node, path: KeyPath, kind: str) -> None:
        """Report a tag: studies hold plain data and never name Python objects."""
        if node.tag != f"{TAG}{kind}":
            tag = node.tag.replace(TAG, "!!", 1)
            message = f"the tag {shortened(tag)} is not allowed"
            self.faults.append(self.fault(node, path, message, "remove it: a study holds plain data only"))

    def fault(self, node: yaml.Node, path: KeyPath, message: str, hint: str) -> Fault:
        line, column = _position(node)
        return Fault(message, hint, path, line=line, column=column)


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"{shortened(text)} is no boolean; write true or false")


def _integer(text: str) -> int:
    """Return the number; one with a leading zero has two readings (octal in YAML 1.1) and is refused."""
    if _LEADING_ZERO.match(text):
        raise ValueError(
            f"{shortened(text)} has a leading zero, octal to some readers; leave it out, or quote the text"
        )
    if len(text) > MAX_DIGITS:
        raise ValueError(f"the number has more than {MAX_DIGITS} digits; quote it if it is text")
    plain = text.replace("_", "")
    try:
        return int(plain, 0)
    except ValueError:
        raise ValueError(
            f"{shortened(text)} is no whole number; write digits only, or quote it if it is text"
        ) from None


def _real(text: str) -> float:
    """Return the number; one beyond the range of floating point is refused, `.inf` and `.nan` are not."""
    sign, plain = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if plain.lower() in _SPECIAL:
        return sign * _SPECIAL[plain.lower()]
    try:
        number = float(plain.replace("_", ""))
    except ValueError:
        raise ValueError(f"{shortened(text)} is no number; write digits, or quote it if it is text") from None
    if math.isinf(number):
        raise ValueError(f"{shortened(text)} is beyond the range of floating point; write .inf if that is meant")
    return sign * number
