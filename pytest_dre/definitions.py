"""What a Python file defines and where it fails, for messages: the file is read, never imported."""

import ast
import sysconfig
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

_INSTALLED = ("site-packages", "dist-packages")


def public_names(file: Path) -> list[str]:
    """Return the public names that a file's top level defines, sorted; none if it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return sorted({name for node in tree.body for name in _defined(node) if not name.startswith("_")})


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from (item.id for item in ast.walk(target) if isinstance(item, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            yield name


def failing_line(error: BaseException, inside: Path) -> str:
    """Return "file:line" of the innermost frame of the user's own code that raised `error`, "" if there is none.

    The user's own code is what is neither installed nor Python's. A SyntaxError has a place of its own. Files below
    the directory `inside` are named relative to it.
    """
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{relative_name(Path(error.filename), inside)}:{error.lineno}"
    own = [(file, line) for file, line in _frames(error.__traceback__) if is_users(file)]
    return f"{relative_name(Path(own[-1][0]), inside)}:{own[-1][1]}" if own else ""


def relative_name(file: Path, inside: Path) -> str:
    """Return the name of `file`, relative to the directory `inside` if it is below that."""
    try:
        return str(file.resolve().relative_to(inside.resolve()))
    except ValueError:
        return str(file)


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    for frame, line in traceback.walk_tb(trace):
        yield frame.f_code.co_filename, line


def is_users(file: str) -> bool:
    """Return whether a file of source code is the user's own: neither installed nor Python's."""
    path = Path(file)
    if file.startswith("<") or path.is_relative_to(Path(__file__).parent):
        return False
    if any(part in _INSTALLED for part in path.parts):
        return False
    return not path.is_relative_to(sysconfig.get_path("stdlib"))
