"""References to Python objects: "module:attribute" and "./file.py:attribute"."""

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from pytest_dre.canonical import digest
from pytest_dre.definitions import failing_line, public_names, relative_name
from pytest_dre.errors import DreError
from pytest_dre.imports import imports_from

SHOWN_NAMES = 8  # in advice
CLOSE = 0.6  # likeness of names from which on one may be meant for the other
SHOWN_WIDTH = 300  # characters of another package's message
FORMS = "write 'module:attribute' or './file.py:attribute'"


class ReferenceProblem(DreError):
    """A reference names nothing that can be imported."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, None if none is close."""
    found = [(_likeness(name, other), other) for other in known]
    likeness, best = max(found, default=(0.0, ""))
    return best if likeness >= CLOSE else None


def _likeness(name: str, other: str) -> float:
    """Return how much two names are alike, from 0 to 1, whichever is named first.

    difflib takes the first of several longest parts that agree, so its ratio depends on the order.
    """
    matcher = difflib.SequenceMatcher(None, name, other)
    if matcher.real_quick_ratio() < CLOSE or matcher.quick_ratio() < CLOSE:
        return 0.0
    return max(matcher.ratio(), difflib.SequenceMatcher(None, other, name).ratio())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return advice that names the nearest known name, else the known names (at most eight)."""
    names = sorted(set(known))
    close = nearest(name, names)
    if close:
        return f"did you mean {close!r}?"
    if not names:
        return "none is known"
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"known: {', '.join(names[:SHOWN_NAMES])}{more}"


def listed(items: Sequence[str]) -> str:
    """Return the items as prose: "a, b and c"."""
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def is_reference(text: str) -> bool:
    """Return whether `text` has the form of a reference, "place:attribute"."""
    place, colon, attribute = text.rpartition(":")
    return bool(colon and place) and all(part.isidentifier() for part in attribute.split("."))


def missing_colon(text: str, base_dir: Path) -> str | None:
    """Return what to add to `text` if it names a file or module but nothing in it; None if it names neither.

    Nothing is imported: modules are looked for where Python looks, and in `base_dir`.
    """
    if ":" in text:
        return None
    file = base_dir / text if text.endswith(".py") else _module_file(text, base_dir)
    if file is None:
        return None
    if not _is_file(file):
        return _no_file(text, base_dir)
    names = public_names(file)
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    defines = f"; {file.name} defines {', '.join(names[:SHOWN_NAMES])}{more}" if names else ""
    return f"add ':' and the name of what it defines{defines}"


def _module_file(name: str, base_dir: Path) -> Path | None:
    """Return the file of a module's dotted name, None if there is none. A name without dots is more likely an id."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    roots: Sequence[str | Path] = (base_dir,) if len(parts) == 1 else (*sys.path, base_dir)
    places = [Path(root).joinpath(*parts) for root in roots]
    files = (file for place in places for file in (place / "__init__.py", place.with_suffix(".py")))
    return next((file for file in files if _is_file(file)), None)


def _is_file(path: Path) -> bool:
    """Return whether there is a file; a name that no file can have is none's."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, say, or with a NUL
        return False


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _resolved(place: str, base_dir: Path) -> Path:
    try:
        return (base_dir / place).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, half a character, links that go round
        shown = place if len(place) <= SHOWN_WIDTH else f"{place[: SHOWN_WIDTH - 1]}…"
        raise ReferenceProblem(f"{shown!r} is no path that can be followed; {FORMS}") from error


def load_reference(reference: str, base_dir: Path) -> object:
    """Return the object that `reference` names.

    A place that ends in ".py" is a file, relative to `base_dir`; any other is a module, found as Python finds it, and
    in `base_dir`. Raises ReferenceProblem with the cause, its place in the user's code and the nearest known name.
    """
    if not is_reference(reference):
        raise ReferenceProblem(_no_reference(reference, base_dir))
    place, _, attribute = reference.rpartition(":")
    module = _load_file(place, base_dir) if place.endswith(".py") else _load_module(place, base_dir)
    value: object = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            public = [name for name in vars(value) if not name.startswith("_")] if hasattr(value, "__dict__") else []
            raise ReferenceProblem(f"{place!r} has no attribute {part!r}; {did_you_mean(part, public)}")
        value = getattr(value, part)
    return value


def _no_reference(text: str, base_dir: Path) -> str:
    advice = missing_colon(text, base_dir)
    return f"{text!r} is no reference; {advice or FORMS}"


def _load_file(place: str, base_dir: Path) -> ModuleType:
    """Import the file under a name of its own, once a process as long as it does not change."""
    resolved = _resolved(place, base_dir)
    if not _is_file(resolved):
        raise ReferenceProblem(_no_file(place, base_dir))
    # Named after its path: two studies may each have an agents.py, and pickles must find the module again. And after
    # its content: in a notebook the file is edited between two runs, and results say what file they were made with.
    try:
        name = f"{resolved.stem}_{digest([str(resolved), resolved.read_bytes()])[:8]}"
    except OSError as error:
        raise _import_failed(resolved, error, base_dir) from error
    if name in sys.modules:
        with imports_from(resolved.parent, base_dir):  # what it imports as it runs is in place again
            return sys.modules[name]
    loader = _FromSource(name, str(resolved))
    spec = importlib.util.spec_from_file_location(name, resolved, loader=loader)
    assert spec is not None, "there is a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with imports_from(resolved.parent, base_dir):
            loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _import_failed(resolved, error, base_dir) from error
    return module


def _no_file(place: str, base_dir: Path) -> str:
    resolved = _resolved(place, base_dir)
    siblings = [item.name for item in resolved.parent.glob("*.py")] if _is_directory(resolved.parent) else []
    advice = did_you_mean(resolved.name, siblings) if siblings else "a file's path starts at the study's directory"
    return f"there is no file {relative_name(resolved, base_dir)!r}; {advice}"


def _load_module(name: str, base_dir: Path) -> ModuleType:
    try:
        with imports_from(base_dir, base_dir):
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise _import_failed(name, error, base_dir) from error


def _import_failed(place: Path | str, error: BaseException, base_dir: Path) -> ReferenceProblem:
    """Return the message for what a user's module raised, on one line, with the place in the user's code."""
    name = place if isinstance(place, str) else relative_name(place, base_dir)
    said = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    said = said if len(said) <= SHOWN_WIDTH else f"{said[: SHOWN_WIDTH - 1]}…"
    line = failing_line(error, base_dir)
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return ReferenceProblem(f"importing {name!r} failed with {what}{f' ({line})' if line else ''}")


class _FromSource(SourceFileLoader):
    """Compiles what the file holds now, which is what its version is made of.

    Python takes compiled code of an earlier state for current if the file has kept its size and was saved again within
    the same second: results would be told to come from an agent that has not run.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled source."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code
