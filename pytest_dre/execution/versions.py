"""Versions of agents and problems: what a result was made with, and when it is stale."""

import functools
import hashlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from pytest_dre.canonical import ID_DIGITS, digest
from pytest_dre.execution.composition import carried_along
from pytest_dre.execution.content import attributes, content_version, enclosed_values, name_of
from pytest_dre.model.runs import UNKNOWN
from pytest_dre.references import is_reference

_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of an agent or problem beside the object itself.

    Attributes:
        declared: The version that the study declares.
        params: What its reference is called with.
        origin: The file that its reference names.
        data: What it consists of, if it is data.
        with_attributes: Whether plain attributes of an object count, as they are now, and of other contents the types:
            an object of a running program may have changed since it was made.
        whole: Whether all contents count that the object was made of: dicts, lists, other objects.
    """

    declared: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    origin: Path | None = None
    data: Sequence[Any] = ()
    with_attributes: bool = False
    whole: bool = False


def version_of(target: Any, known: Description | None = None) -> str:
    """Return the version of an agent or problem.

    The declared one; else the object's own `version`; else "<distribution> <version>" of an installed package; else
    "sha256:" and 12 hex digits of the source file that defines it, and of the file its reference names; else a hash of
    its code. Then "@" and the name of the function or class: two in one file are not the same agent. Data, arguments
    of partials, values of enclosing scopes, attributes and params add a digest of theirs.
    """
    known = known or Description()
    version = known.declared or _own_version(target) or _source_version(target, known.origin)
    if version == UNKNOWN:
        version = content_version(target)
    name = f"@{name_of(target)}" if target is not None else ""
    values = [*known.data, *_contents(target, known)]
    return f"{version}{name}{_suffix('data', values)}{_suffix('params', known.params)}"


def _contents(target: Any, known: Description) -> list[Any]:
    if known.whole and not (known.declared or _own_version(target)):  # which settle what counts
        return carried_along(target)
    return [*enclosed_values(target), *(attributes(target) if known.with_attributes else ())]


def _suffix(label: str, content: Any) -> str:
    return f"+{label}:{digest(content)[:ID_DIGITS]}" if content else ""


def origin_of(reference: str, base_dir: Path) -> Path | None:
    """Return the file that a reference names, None if there is none."""
    if not is_reference(reference):
        return None
    place = reference.rpartition(":")[0]
    if place.endswith(".py"):
        return (base_dir / place).resolve()
    file = getattr(sys.modules.get(place), "__file__", None)
    return Path(file) if file else None


def source_file(target: Any) -> Path | None:
    """Return the file that defines a function or class (for an instance, its class), through partials and wrappers."""
    while isinstance(target, functools.partial):
        target = target.func
    target = inspect.unwrap(target) if callable(target) else target
    if not (inspect.isroutine(target) or inspect.isclass(target) or inspect.ismodule(target)):
        target = type(target)
    try:
        name = inspect.getsourcefile(target)
    except TypeError:  # builtins
        return None
    return Path(name) if name and Path(name).is_file() else None


def _own_version(target: Any) -> str | None:
    version = getattr(target, "version", None)
    return version if isinstance(version, str) and version else None


def _source_version(target: Any, origin: Path | None) -> str:
    file = source_file(target)
    if file is not None and (distribution := _distribution(file)):
        return distribution
    files = sorted({item.resolve() for item in (file, origin) if item is not None and item.is_file()})
    if not files:
        return UNKNOWN
    content = hashlib.sha256()
    for item in files:
        content.update(item.read_bytes())
    return f"sha256:{content.hexdigest()[:ID_DIGITS]}"


def _distribution(file: Path) -> str | None:
    """Return the name and version of the distribution that has installed `file`."""
    parents = [parent.name for parent in file.parents]
    place = next((name for name in _INSTALLED if name in parents), None)
    if place is None:
        return None
    depth = parents.index(place)
    package = parents[depth - 1] if depth else file.stem
    names = metadata.packages_distributions().get(package)
    return f"{names[0]} {metadata.version(names[0])}" if names else None
