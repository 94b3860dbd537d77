"""Untrusted values as plain data: JSON types only, so that a result can be stored, sent and exported."""

import dataclasses
import enum
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from pytest_dre.canonical import canonical_json
from pytest_dre.encoding import encodable
from pytest_dre.execution.arrays import from_array, is_array
from pytest_dre.execution.keys import free_key
from pytest_dre.execution.texts import to_text

MAX_DEPTH = 100  # far above honest data, far below the recursion limit of json and pickle
MAX_INTEGER_BITS = 10_000  # Python refuses to print longer ones (sys.set_int_max_str_digits)
TOO_DEEP = "<nested too deeply>"
RECURSIVE = "<recursive>"

_Seen = frozenset[int]
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+(?=>)")  # in the text of an object: another one in each process


def to_plain(value: object) -> Any:
    """Return `value` made of dict (text keys), list, str, int, float, bool and None alone.

    NumPy scalars become numbers and arrays lists; enums, paths, dataclasses and sets what canonical JSON makes of
    them; bytes text; anything else `str(value)`, without an address in memory. NaN and infinities stay. What contains
    itself, or is nested deeper than 100 levels, is cut there with a note. Of keys that become the same text, a number
    tells the later ones apart.
    """
    return _plain(value, 0, frozenset())


def _plain(value: Any, depth: int, seen: _Seen) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is str:
        return encodable(value)
    if kind is int:
        return _integer(value)
    if kind is dict or kind is list or kind is tuple:
        return _container(value, depth, seen)
    return _other(value, depth, seen)


def _integer(value: int) -> int | str:
    return value if value.bit_length() <= MAX_INTEGER_BITS else hex(value)


def _container(value: Any, depth: int, seen: _Seen) -> Any:
    if id(value) in seen:
        return RECURSIVE
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    below = seen | {id(value)}
    if type(value) is dict or isinstance(value, Mapping):
        plain = {_key(key): _plain(item, depth + 1, below) for key, item in value.items()}
        return plain if len(plain) == len(value) else _told_apart(value, depth, below)
    return [_plain(item, depth + 1, below) for item in value]


def _told_apart(value: Mapping[Any, Any], depth: int, below: _Seen) -> dict[str, Any]:
    """Return a map of which several keys become one text (1 and "1"); a text keeps its own."""
    texts = [key for key in value if type(key) is str]
    plain = {_key(key): _plain(value[key], depth + 1, below) for key in texts}
    for key, item in value.items():
        if type(key) is not str:
            plain[free_key(_key(key), plain)] = _plain(item, depth + 1, below)
    return plain


def _key(key: object) -> str:
    return encodable(key) if type(key) is str else to_text(key)


def _other(value: Any, depth: int, seen: _Seen) -> Any:
    if depth > MAX_DEPTH:
        return TOO_DEEP
    if isinstance(value, enum.Enum):
        return _plain(value.value, depth + 1, seen)
    if is_array(value):
        return _plain(from_array(value), depth, seen)
    match value:
        case str() | PurePath():
            return to_text(str(value))
        case bool() | int():
            return _integer(int(value))
        case float():
            return float(value)
        case bytes() | bytearray():
            return bytes(value).decode("utf-8", "backslashreplace")
    try:
        return _structure(value, depth, seen)
    except Exception:  # a map or field of the agent's that fails when read
        return to_text(value)


def _structure(value: Any, depth: int, seen: _Seen) -> Any:
    if isinstance(value, Mapping | list | tuple):
        return _container(value, depth, seen)
    if isinstance(value, set | frozenset):
        return sorted((_plain(item, depth + 1, seen) for item in value), key=canonical_json)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if id(value) in seen:
            return RECURSIVE
        fields = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        return _plain(fields, depth, seen | {id(value)})
    return _ADDRESS.sub("", to_text(value))


def copy_containers(value: Any) -> Any:
    """Return `value` with its plain dicts, lists, tuples and sets copied at all levels; other objects are shared."""
    kind = type(value)
    if kind is dict:
        return {key: copy_containers(item) for key, item in value.items()}
    if kind is list:
        return [copy_containers(item) for item in value]
    if kind is tuple:
        return tuple(copy_containers(item) for item in value)
    return value.copy() if kind is set else value
