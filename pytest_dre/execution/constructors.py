"""Which attributes of an object say how it was made, and are the same in every process.

A constructor may draw some anew: `self.session = uuid4().hex`. Were those to count, a result would be stale as soon as
another process looked at it. So the source of the class is read: what follows from arguments and constants counts.
"""

import ast
import builtins
import dataclasses
import datetime
import decimal
import fractions
import functools
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from pytest_dre.definitions import is_users

_CONSTRUCTORS = ("__new__", "__init__", "__post_init__")
_GENERATED = ("<string>", "<attrs")  # methods of data classes, which assign their fields
_PURE_BUILTINS = (
    *(abs, bool, bytes, complex, dict, enumerate, filter, float, frozenset, getattr, int, isinstance, len, list, map),
    *(max, min, range, reversed, round, set, sorted, str, sum, super, tuple, zip),
)
_PURE_TYPES = (PurePath, decimal.Decimal, fractions.Fraction, datetime.date, datetime.time, datetime.timedelta)
_PURE_METHODS = (
    "copy",
    "format",
    "get",
    "items",
    "join",
    "keys",
    "lower",
    "replace",
    "split",
    "strip",
    "upper",
    "values",
)
_PURE_ARRAYS = ("arange", "array", "asarray", "full", "linspace", "ones", "zeros")  # of NumPy


@dataclass(slots=True)
class _Attributes:
    """What the methods of a class assign to attributes; `unread` if the source of one cannot be read."""

    given: set[str] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)
    unread: bool = False


def settled_names(value: Any) -> list[str]:
    """Return the names of the attributes that follow from what an object was made of, sorted.

    Left out are those that a method computes by calling what may answer otherwise in another process, those that other
    methods than the constructor assign, which are its state, and private ones that no constructor of its own assigns.
    """
    kind: Any = type(value)
    found = _assigned(kind)
    names = {*getattr(value, "__dict__", ()), *(name for name in _slots(kind) if hasattr(value, name))}
    public = {name for name in names if not name.startswith("_")}
    if found.unread:
        public &= {item.name for item in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else set()
    return sorted((public | (names & found.given)) - found.drawn)


def is_own(cls: type) -> bool:
    """Return whether a class is written in the user's own code."""
    try:
        file = inspect.getsourcefile(cls)
    except (TypeError, OSError):
        return False
    return file is not None and is_users(file)


@functools.lru_cache(maxsize=512)
def _assigned(cls: type) -> _Attributes:
    """Return what the class and its bases assign."""
    found = _Attributes()
    for base in cls.__mro__:
        found.drawn.update(name for name, factory in _factories(base) if not _is_pure(factory))
        functions = [item for item in vars(base).items() if isinstance(item[1], types.FunctionType)]
        for name, function in functions if is_own(base) else ():
            _read(name, function, found)
    return found


def _read(name: str, function: types.FunctionType, found: _Attributes) -> None:
    if inspect.unwrap(function).__code__.co_filename.startswith(_GENERATED):
        return
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, ValueError):
        found.unread = True
        return
    if not isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef) or not (parameters := _parameters(tree)):
        return
    body = _Body(function, parameters[0])
    pure = body.settled(tree) if name in _CONSTRUCTORS else set()
    found.given |= pure
    found.drawn |= body.stored(tree) - pure


def _parameters(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [item.arg for item in (*tree.args.posonlyargs, *tree.args.args)]


class _Body:
    """The body of a method: what it assigns, and which of that is the same in every process."""

    def __init__(self, function: Callable[..., Any], own: str) -> None:
        self._known = {**vars(builtins), **getattr(function, "__globals__", {})}
        self._own = own
        self._drawn: set[str] = set()  # local names

    def stored(self, tree: ast.AST) -> set[str]:
        """Return the attributes that are assigned."""
        return {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del) and self._is_own(node)
        }

    def settled(self, tree: ast.AST) -> set[str]:
        """Return those attributes that are assigned nothing but what is the same in every process."""
        pairs = [pair for node in ast.walk(tree) for pair in _assignments(node)]
        while True:
            drawn = {
                name.id
                for target, value in pairs
                if not self._is_pure(value)
                for name in ast.walk(target)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            }
            if drawn <= self._drawn:
                break
            self._drawn |= drawn
        names: dict[str, bool] = {}
        for target, value in pairs:
            for node in ast.walk(target):
                if isinstance(node, ast.Attribute) and self._is_own(node):
                    names[node.attr] = names.get(node.attr, True) and self._is_pure(value)
        return {name for name, pure in names.items() if pure}

    def _is_own(self, node: ast.Attribute) -> bool:
        return isinstance(node.value, ast.Name) and node.value.id == self._own

    def _is_pure(self, value: ast.AST | None) -> bool:
        """Return whether an expression calls nothing that may answer otherwise in another process."""
        if value is None or isinstance(value, ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(value, ast.Lambda):  # not called here
            return True
        if isinstance(value, ast.Name) and value.id in self._drawn:
            return False
        if isinstance(value, ast.Call) and not self._is_pure_function(value.func):
            return False
        return all(self._is_pure(child) for child in ast.iter_child_nodes(value))

    def _is_pure_function(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Attribute) and function.attr in _PURE_METHODS:
            return True
        return _is_pure(self._meant(function))

    def _meant(self, expression: ast.expr) -> object:
        """Return the object that a dotted name stands for, None if it is not known before the call."""
        if isinstance(expression, ast.Name):
            return self._known.get(expression.id)
        if isinstance(expression, ast.Attribute):
            return getattr(self._meant(expression.value), expression.attr, None)
        return None


def _assignments(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """Yield the targets of a statement with what they are assigned; None for what has no expression of its own."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _pairs(target, value)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield target, value
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, value
        case ast.withitem(optional_vars=target) if target is not None:
            yield target, None


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each of `a, b = x, y` by itself."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _is_pure(function: object) -> bool:
    """Return whether a function is known to return the same in every process, given the same."""
    if isinstance(function, type) and (issubclass(function, _PURE_TYPES) or is_own(function)):
        return True  # what an object of the user's own draws is left out of that
    if any(function is known for known in _PURE_BUILTINS):
        return True
    module = getattr(function, "__module__", None)
    is_numpy = isinstance(module, str) and module.partition(".")[0] == "numpy"
    return is_numpy and getattr(function, "__name__", None) in _PURE_ARRAYS


def _factories(cls: type) -> Iterator[tuple[str, object]]:
    """Yield the fields of a class of data (also attrs' and pydantic's) that a function fills, with that function."""
    if dataclasses.is_dataclass(cls):
        for item in dataclasses.fields(cls):
            if item.default_factory is not dataclasses.MISSING:
                yield item.name, item.default_factory
    for item in vars(cls).get("__attrs_attrs__", ()):
        if (factory := getattr(item.default, "factory", None)) is not None:
            yield item.name, factory
    fields = vars(cls).get("__pydantic_fields__") or vars(cls).get("model_fields")  # before pydantic 2.10
    for name, info in fields.items() if isinstance(fields, dict) else ():
        if (factory := getattr(info, "default_factory", None)) is not None:
            yield name, factory


def _slots(cls: type) -> Iterator[str]:
    for base in cls.__mro__:
        slots = vars(base).get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
