"""What tells one function, object or datum from another, where the source file does not."""

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
    return f"code:{digest([*map(_content, functions), plain_values(data)])[:ID_DIGITS]}"


def name_of(target: Any) -> str:
    """Return the name of a function or class, of an object that of its class; a lambda's with its line."""
    target = _definition(target)
    if not (inspect.isroutine(target) or inspect.isclass(target) or inspect.ismodule(target)):
        target = type(target)
    name = getattr(target, "__qualname__", None) or target.__name__
    code = getattr(target, "__code__", None)
    return f"{name}:{code.co_firstlineno}" if code is not None and name.endswith("<lambda>") else str(name)


def enclosed_values(target: Any) -> list[Any]:
    """Return the constant values that a function carries along: arguments of partials and enclosing scopes."""
    values: list[Any] = []
    while isinstance(target, functools.partial):
        values.append([_constant(target.args), [(name, _constant(item)) for name, item in target.keywords.items()]])
        target = target.func
    target = getattr(_definition(target), "__func__", target)
    values.extend(_constant(_cell(cell)) for cell in getattr(target, "__closure__", None) or ())
    return values


def carried_values(target: Any) -> tuple[list[Any], Any]:
    """Return the values that a function carries along, and the object that acts: a method's, or a callable one."""
    values: list[Any] = []
    while isinstance(target, functools.partial):
        values.append([target.args, list(target.keywords.items())])
        target = target.func
    target = _definition(target)
    owner = getattr(target, "__self__", None) if inspect.ismethod(target) else target
    values.extend(_cell(cell) for cell in getattr(getattr(target, "__func__", target), "__closure__", None) or ())
    return values, owner


def attributes(target: Any) -> list[Any]:
    """Return the constant attributes of an object that is neither function nor class."""
    if target is None or inspect.isroutine(target) or inspect.isclass(target) or not hasattr(target, "__dict__"):
        return []
    return [(name, _constant(value)) for name, value in sorted(vars(target).items())]


def _constant(value: Any) -> Any:
    """Return a value that nobody can change; of others the type: a list that an agent logs to grows as it runs."""
    if isinstance(value, tuple):
        return [_constant(item) for item in value]
    return value if isinstance(value, PLAIN) else type(value).__qualname__


def _definition(target: Any) -> Any:
    while isinstance(target, functools.partial):
        target = target.func
    return inspect.unwrap(target) if callable(target) else target


def _functions(target: Any) -> Iterator[types.FunctionType]:
    target = _definition(target)
    target = getattr(target, "__func__", target)
    if inspect.isfunction(target):
        yield target
    elif not inspect.isroutine(target):
        members = vars(target if inspect.isclass(target) else type(target))
        yield from (item for _, item in sorted(members.items()) if inspect.isfunction(item))


def _content(function: types.FunctionType) -> list[Any]:
    cells = [_cell(cell) for cell in function.__closure__ or ()]
    defaults = [*(function.__defaults__ or ()), *sorted((function.__kwdefaults__ or {}).items())]
    return [function.__qualname__, _code(function.__code__), plain_values(defaults), plain_values(cells)]


def _code(code: types.CodeType) -> list[Any]:
    """Return what the code does, without where it was written."""
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames), plain_values(code.co_consts)]


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def plain_values(value: Any) -> Any:
    """Return plain values; of other objects only the type, for their text may differ in each process."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, types.CodeType):
        return _code(value)
    if isinstance(value, list | tuple):
        return [plain_values(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain_values(item) for key, item in value.items()}
    return type(value).__qualname__
