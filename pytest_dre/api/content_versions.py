"""Versions of what no source file defines: functions, classes and data written in a notebook or at a prompt."""

import functools
import inspect
import types
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_dre.canonical import ID_DIGITS, digest
from pytest_dre.model.runs import UNKNOWN

PLAIN = (bool, int, float, str, bytes, type(None))


def content_version(target: Any, data: Sequence[Any] = ()) -> str:
    """Return "code:" and 12 hex digits of what a function (or a class, or an object's class) does, and of `data`.

    The hash covers instructions, constants, names, defaults and plain values of enclosing scopes; other Python
    versions give other hashes. "unknown" if there is neither Python code nor data.
    """
    functions = [] if target is None else [*_functions(target)]
    if not functions and not data:
        return UNKNOWN
    return f"code:{digest([*map(_content, functions), _plain(data)])[:ID_DIGITS]}"


def _functions(target: Any) -> Iterator[types.FunctionType]:
    while isinstance(target, functools.partial):
        target = target.func
    target = inspect.unwrap(target) if callable(target) else target
    target = getattr(target, "__func__", target)
    if inspect.isfunction(target):
        yield target
    elif not inspect.isroutine(target):
        members = vars(target if inspect.isclass(target) else type(target))
        yield from (item for _, item in sorted(members.items()) if inspect.isfunction(item))


def _content(function: types.FunctionType) -> list[Any]:
    cells = [_cell(cell) for cell in function.__closure__ or ()]
    defaults = [*(function.__defaults__ or ()), *sorted((function.__kwdefaults__ or {}).items())]
    return [function.__qualname__, _code(function.__code__), _plain(defaults), _plain(cells)]


def _code(code: types.CodeType) -> list[Any]:
    """Return what the code does, without where it was written."""
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames), _plain(code.co_consts)]


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def _plain(value: Any) -> Any:
    """Return plain values; of other objects only the type, for their text may differ in each process."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, types.CodeType):
        return _code(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return type(value).__qualname__
