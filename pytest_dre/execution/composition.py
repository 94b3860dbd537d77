"""What an object consists of, as plain data that is the same in every process and session."""

import array
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import hashlib
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any

from pytest_dre.canonical import canonical_json
from pytest_dre.execution.constructors import is_own, settled_names
from pytest_dre.execution.content import PLAIN, carried_values, content_version, name_of

MAX_OBJECTS = 1000  # with their attributes; a larger web of objects is a program's state, not an agent's configuration
MAX_DEPTH = 100  # of lists in lists and objects in objects
_SHOWN_EXACTLY = (complex, decimal.Decimal, fractions.Fraction, datetime.timedelta, range)


def composition(value: Any, *, objects: bool = True) -> Any:
    """Return what `value` consists of.

    Values, containers (sets in no order), data classes, dates, paths and arrays are described by their content. With
    `objects`, functions are by their names and what they carry along, and objects of the user's own classes by those
    attributes that say how they were made. Anything else (clients, locks, files, generators) only by its type.
    """
    return _Composer(objects).of(value)


def carried_along(target: Any) -> list[Any]:
    """Return what a function or object consists of beside its code.

    These are arguments of partials, values of enclosing scopes and the attributes of the object that acts.
    """
    return _Composer(True).carried(target)


class _Composer:
    """Describes one object; cycles and large webs of objects end at the types."""

    def __init__(self, objects: bool) -> None:
        self._objects = objects
        self._left = MAX_OBJECTS
        self._above: set[int] = set()  # what is being described

    def of(self, value: Any) -> Any:
        """Return the description of a value."""
        if isinstance(value, PLAIN):
            return value
        if id(value) in self._above or len(self._above) >= MAX_DEPTH:
            return type(value).__qualname__
        self._above.add(id(value))
        try:
            return self._described(value)
        except Exception:  # a user's object that fails when it is read
            return type(value).__qualname__
        finally:
            self._above.discard(id(value))

    def carried(self, target: Any) -> list[Any]:
        """Return the contents of what a function carries along, and of the object that acts."""
        values, owner = carried_values(target)
        acts = not inspect.isroutine(owner) and _has_attributes(owner)
        return [*map(self.of, values), *(self._attributes(owner).items() if acts else ())]

    def _attributes(self, value: object) -> dict[str, Any]:
        """Return the attributes that say how an object was made; of one that tells its version, that."""
        version = getattr(value, "version", None)
        if isinstance(version, str) and version:
            return {"version": version}
        return {name: self.of(getattr(value, name, None)) for name in settled_names(value)}

    def _described(self, value: Any) -> Any:
        for known, describe in (*_BY_TYPE, *_numpy_types()):
            if isinstance(value, known):
                return describe(self, value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.fields(value)
        if not self._objects:
            return type(value).__qualname__
        if isinstance(value, functools.partial) or inspect.isroutine(value):
            return self._function(value)
        if inspect.isclass(value) or inspect.ismodule(value):
            return name_of(value)
        return self._object(value)

    def _function(self, value: Any) -> list[Any]:
        """Return name and contents of a function; a lambda has its code for a name."""
        name = name_of(value)
        return [content_version(value) if "<lambda>" in name else name, *self.carried(value)]

    def _object(self, value: object) -> Any:
        kind = type(value).__qualname__
        if not _has_attributes(value) or self._left <= 0:
            return kind
        self._left -= 1
        attributes = self._attributes(value)
        return [kind, attributes] if attributes else kind

    def items(self, values: Iterable[Any]) -> list[Any]:
        """Return the descriptions of the items of a sequence."""
        return [self.of(item) for item in values]

    def map(self, value: Any) -> dict[str, Any]:
        """Return a map; keys that are no plain values by their contents, as their texts may hold addresses."""
        return {
            str(key) if isinstance(key, PLAIN) else canonical_json(self.of(key)): self.of(item)
            for key, item in value.items()
        }

    def set(self, value: Iterable[Any]) -> list[Any]:
        """Return the items of a set, in an order that does not depend on hashes; nor does what is left for each."""
        left, found = self._left, []
        for item in value:
            self._left = left
            found.append(self.of(item))
        return ["set", *sorted(found, key=canonical_json)]

    def fields(self, value: Any) -> list[Any]:
        """Return type and fields of a data class, but those that are drawn or private."""
        settled = set(settled_names(value))
        names = [item.name for item in dataclasses.fields(value) if item.name in settled]
        return [type(value).__qualname__, {name: self.of(getattr(value, name)) for name in names}]

    def array(self, value: Any) -> list[Any]:
        """Return type, shape and content of a NumPy array or number."""
        if value.dtype.hasobject:
            return ["array", list(value.shape), self.of(value.tolist())]
        return ["array", str(value.dtype), list(value.shape), hashlib.sha256(value.tobytes()).hexdigest()]


def _numpy_types() -> list[tuple[Any, Callable[[_Composer, Any], Any]]]:
    numpy = sys.modules.get("numpy")  # not imported for a study that has no arrays
    return [] if numpy is None else [((numpy.ndarray, numpy.generic), _Composer.array)]


def _has_attributes(value: object) -> bool:
    return not isinstance(value, type | types.ModuleType) and is_own(type(value))


def _path(_: _Composer, value: PurePath) -> list[str]:
    """Return a relative path as it is, of others the name: the directories above differ from checkout to checkout."""
    return ["path", value.name if value.is_absolute() else value.as_posix()]


_BY_TYPE: tuple[tuple[Any, Callable[[_Composer, Any], Any]], ...] = (
    (enum.Enum, lambda _, value: [type(value).__qualname__, value.name]),
    ((list, tuple), _Composer.items),
    ((dict, types.MappingProxyType), _Composer.map),
    (types.SimpleNamespace, lambda composer, value: composer.map(vars(value))),
    ((set, frozenset), _Composer.set),
    ((bytearray, memoryview), lambda _, value: hashlib.sha256(bytes(value)).hexdigest()),
    (array.array, lambda composer, value: [value.typecode, *composer.items(value)]),
    ((datetime.date, datetime.time), lambda _, value: [type(value).__qualname__, value.isoformat()]),
    (_SHOWN_EXACTLY, lambda _, value: [type(value).__qualname__, str(value)]),
    (slice, lambda composer, value: ["slice", *composer.items((value.start, value.stop, value.step))]),
    (re.Pattern, lambda _, value: ["pattern", value.pattern, value.flags]),
    (PurePath, _path),
)
