"""Agents and problems that the caller hands over."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.errors import DreError


@dataclass(slots=True)
class Lookup:
    """Finds the caller's objects by id and keeps those it found: they are what other processes need.

    Attributes:
        find: Returns the object of an id, None if there is none.
        known: The ids, as far as they can be listed.
        found: What was asked for and found.
    """

    find: Callable[[str], Any]
    known: tuple[str, ...] = ()
    found: dict[str, Any] = field(default_factory=dict)

    def __call__(self, name: str) -> Any:
        """Return the object of the id `name`, None if there is none."""
        if name not in self.found:
            value = self.find(name)
            if value is None:
                return None
            self.found[name] = value
        return self.found[name]


def lookup_in(given: Any, parameter: str) -> Lookup:
    """Return the lookup of what a caller gave as `parameter`.

    That is a map, or an object with a method `resolve` or `get` which takes an id; a LookupError of it, or None, says
    that it has none of that id. Raises DreError for anything else.
    """
    if given is None:
        return Lookup(_nothing)
    if isinstance(given, Mapping):
        return Lookup(given.get, tuple(_checked(given, parameter)))
    method = getattr(given, "resolve", None) or getattr(given, "get", None)
    if not callable(method):
        raise DreError(f"{parameter} is {type(given).__name__}; give a map from id to object")
    return Lookup(_guarded(method, parameter))


def _nothing(_: str) -> None:
    return None


def _checked(names: Iterable[Any], parameter: str) -> Iterable[str]:
    for name in names:
        if not isinstance(name, str) or not name:
            raise DreError(f"{parameter} has the key {name!r}; ids are texts")
        yield name


def _guarded(method: Callable[[str], Any], parameter: str) -> Callable[[str], Any]:
    def find(name: str) -> Any:
        try:
            return method(name)
        except LookupError:
            return None
        except Exception as error:
            raise DreError(f"{parameter} failed for {name!r} with {type(error).__name__}: {error}") from error

    return find
