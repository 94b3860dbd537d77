"""Files beside the agents' source whose content counts as the agents' version: prompts, data, configuration."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_dre.canonical import ID_DIGITS
from pytest_dre.errors import DreError

_CHUNK = 1 << 20
MAX_FILES = 10_000  # a pattern that takes in more names a disk, not prompts and data


def tracked_version(patterns: Iterable[str], base_dir: Path) -> str:
    """Return "+tracked:" and 12 hex digits of the names and contents of all files that match, "" of no patterns.

    A pattern is a path relative to `base_dir`, of a file, of a directory (all files below it), or with `*`, `?` and
    `**`. Files and directories whose names start with a dot, and `__pycache__`, are left out below directories.
    Raises DreError for a pattern that matches nothing: a misspelt one would leave a changed prompt unnoticed.
    """
    found: set[Path] = set()
    for pattern in patterns:
        for path in _files(pattern, base_dir):
            found.add(path.resolve())
            if len(found) > MAX_FILES:
                raise DreError(f"{pattern!r} takes in more than {MAX_FILES:,} files; name those that agents read")
    if not found:
        return ""
    content = hashlib.sha256()
    base = base_dir.resolve()
    for name, path in sorted((_name(path, base), path) for path in found):
        content.update(f"{name}\0{_digest(path)}\n".encode())
    return f"+tracked:{content.hexdigest()[:ID_DIGITS]}"


def _name(path: Path, base: Path) -> str:
    """Return a name that is the same wherever the project is checked out, if the file is in it."""
    return Path(os.path.relpath(path, base)).as_posix()


def _files(pattern: str, base_dir: Path) -> Iterator[Path]:
    plain = base_dir / pattern
    if plain.is_file():
        yield plain
        return
    found = False
    for match in [plain] if plain.is_dir() else _matches(pattern, base_dir):
        for file in _below(match):
            found = True
            yield file
    if not found:
        raise DreError(f"no file matches {pattern!r} in {base_dir}; correct the path, or remove it")


def _matches(pattern: str, base_dir: Path) -> Iterator[Path]:
    place = Path(pattern)
    root, relative = (Path(place.anchor), pattern[len(place.anchor) :]) if place.anchor else (base_dir, pattern)
    try:
        yield from root.glob(relative)
    except (ValueError, NotImplementedError, OSError):  # no pattern that pathlib understands
        return


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            if not child.name.startswith(".") and child.name != "__pycache__":
                yield from _below(child)


def _digest(path: Path) -> str:
    content = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                content.update(chunk)
    except OSError as error:
        raise DreError(f"the tracked file {path} cannot be read: {error.strerror or error}") from error
    return content.hexdigest()
