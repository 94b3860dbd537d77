"""References to Python objects: "module:attribute" and "./file.py:attribute"."""

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from pytest_dre.canonical import digest
from pytest_dre.errors import DreError


class ReferenceProblem(DreError):
    """A reference names nothing that can be imported."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, None if none is close."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return advice that names the nearest known name, else the known names (at most eight)."""
    names = sorted(set(known))
    close = nearest(name, names)
    if close:
        return f"did you mean {close!r}?"
    if not names:
        return "none is known"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"known: {', '.join(names[:8])}{more}"


def is_reference(text: str) -> bool:
    """Return whether `text` has the form of a reference, "place:attribute"."""
    place, colon, attribute = text.rpartition(":")
    return bool(colon and place) and all(part.isidentifier() for part in attribute.split("."))


def load_reference(reference: str, base_dir: Path) -> object:
    """Return the object that `reference` names.

    A place that ends in ".py" is a file, relative to `base_dir`; any other is a module, found as Python finds it, and
    in `base_dir`. Raises ReferenceProblem with the cause and the nearest known name.
    """
    if not is_reference(reference):
        raise ReferenceProblem(f"{reference!r} is no reference; write 'module:attribute' or './file.py:attribute'")
    place, _, attribute = reference.rpartition(":")
    module = _load_file(base_dir / place) if place.endswith(".py") else _load_module(place, base_dir)
    value: object = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            public = [name for name in vars(value) if not name.startswith("_")] if hasattr(value, "__dict__") else []
            raise ReferenceProblem(f"{place!r} has no attribute {part!r}; {did_you_mean(part, public)}")
        value = getattr(value, part)
    return value


def _load_file(path: Path) -> ModuleType:
    """Import the file under a name of its own, once a process as long as it does not change."""
    resolved = path.resolve()
    if not resolved.is_file():
        siblings = [item.name for item in resolved.parent.glob("*.py")] if resolved.parent.is_dir() else []
        raise ReferenceProblem(f"there is no file {str(path)!r}; {did_you_mean(path.name, siblings)}")
    # Named after its path: two studies may each have an agents.py, and pickles must find the module again. And after
    # its content: in a notebook the file is edited between two runs, and results say what file they were made with.
    try:
        name = f"{resolved.stem}_{digest([str(resolved), resolved.read_bytes()])[:8]}"
    except OSError as error:
        raise _import_failed(str(path), error) from error
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise ReferenceProblem(f"{str(path)!r} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _importable(resolved.parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _import_failed(str(path), error) from error
    return module


def _load_module(name: str, base_dir: Path) -> ModuleType:
    try:
        with _importable(base_dir):
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise _import_failed(name, error) from error


def _import_failed(place: str, error: BaseException) -> ReferenceProblem:
    return ReferenceProblem(f"importing {place!r} failed with {type(error).__name__}: {error}")


class _importable:
    """Let imports find modules in a directory, behind all else; the path is restored afterwards."""

    def __init__(self, directory: Path) -> None:
        self.entry = str(directory.resolve())

    def __enter__(self) -> None:
        sys.path.append(self.entry)

    def __exit__(self, *_: object) -> None:
        sys.path.remove(self.entry)
