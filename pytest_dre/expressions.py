"""Small expressions over named values, as constraints and derivations of studies use them.

The text is parsed as Python and compiled to closures; Python's own `eval` is not involved. Allowed are names,
constants, lists, tuples, sets, subscripts, `and`/`or`/`not`, `x if c else y`, comparisons with `in` and `not in`,
`+ - * / %`, unary plus and minus, and the functions len, int, float, str and bool. Everything an expression can build
is bounded in size, so that its time is, too.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from pytest_dre.errors import DreError
from pytest_dre.expression_syntax import explain
from pytest_dre.references import did_you_mean

MAX_LENGTH = 2_000  # characters of an expression
MAX_DEPTH = 60  # levels of nesting
MAX_SIZE = 10_000  # characters or elements of a value that an expression builds
MAX_BITS = 1_024  # of an integer that an expression computes

Evaluator = Callable[[Mapping[str, Any]], Any]


class ExpressionError(DreError):
    """An expression is malformed, not allowed or fails on the values it is given."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message}; {hint}" if hint else message)


@dataclass(frozen=True, slots=True)
class CompiledExpression:
    """An expression that is ready to be evaluated.

    Attributes:
        text: The expression as written.
        names: The names it reads.
    """

    text: str
    names: frozenset[str]
    _evaluator: Evaluator

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the expression's value for `values`; raises ExpressionError, and nothing else, if that fails."""
        try:
            return self._evaluator(values)
        except ExpressionError:
            raise
        except Exception as error:  # a value may be any object, and its operators may raise anything
            raise ExpressionError(str(error) or type(error).__name__) from error


def compile_expression(
    text: str, names: Collection[str], maps: Mapping[str, Collection[str]] | None = None
) -> CompiledExpression:
    """Compile `text`, which may read `names`.

    `maps` gives the keys of those names that stand for maps with known keys, so that `factors["typo"]` is found
    without evaluating. Raises ExpressionError, with the nearest known name for an unknown one.
    """
    tree = parse_expression(text)
    read: set[str] = set()
    compiler = _Compiler(frozenset(names), maps or {}, read)
    evaluator = compiler.compile(tree)
    return CompiledExpression(text, frozenset(read), evaluator)


def parse_expression(text: str) -> ast.expr:
    """Return the syntax tree of an expression. Raises ExpressionError, which says what is likely wrong."""
    source = text.strip()
    if not source:
        raise ExpressionError("the expression is empty")
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"the expression has {len(source)} characters, at most {MAX_LENGTH} are allowed")
    if "\n" in source:  # YAML's literal text; inside parentheses Python reads it on
        source = f"({source}\n)"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on style is not for the user of a study
            tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(*explain(source, error)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"the expression cannot be read: {error}") from error
    if any(depth > MAX_DEPTH for depth in _depths(tree)):
        raise ExpressionError(f"the expression is nested more than {MAX_DEPTH} levels deep", "split it up")
    return tree


def _depths(tree: ast.AST) -> Iterator[int]:
    """Yield the depth of each node, without recursion."""
    stack = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        yield depth
        stack.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


@dataclass(frozen=True, slots=True)
class _Compiler:
    """Turns a tree into closures; notes in `read` which names it met."""

    names: frozenset[str]
    maps: Mapping[str, Collection[str]]
    read: set[str]

    def compile(self, node: ast.expr) -> Evaluator:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise ExpressionError(f"{_NOT_ALLOWED.get(type(node), ast.unparse(node))} is not allowed", _ALLOWED_HINT)
        return handler(self, node)

    def compile_all(self, nodes: list[ast.expr]) -> list[Evaluator]:
        return [self.compile(node) for node in nodes]

    def constant(self, node: ast.Constant) -> Evaluator:
        value = node.value
        if not isinstance(value, bool | int | float | str | None):
            raise ExpressionError(f"the constant {ast.unparse(node)} is not allowed", "use numbers, text, True or None")
        _bounded(value)
        return lambda _: value

    def name(self, node: ast.Name) -> Evaluator:
        key = node.id
        if key not in self.names:
            hint = f"write {_WORDS[key]}" if key in _WORDS else did_you_mean(key, self.names)
            raise ExpressionError(f"unknown name {key!r}", hint)
        self.read.add(key)

        def look_up(values: Mapping[str, Any]) -> Any:
            if key not in values:
                raise ExpressionError(f"{key!r} has no value here")
            return values[key]

        return look_up

    def sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Evaluator:
        kind: type = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        items = self.compile_all(node.elts)
        return lambda values: kind(item(values) for item in items)

    def subscript(self, node: ast.Subscript) -> Evaluator:
        if isinstance(node.slice, ast.Slice):
            raise ExpressionError("a slice is not allowed", "take one element, as in x[0]")
        if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
            self._check_key(node.value.id, node.slice.value)
        container, index = self.compile(node.value), self.compile(node.slice)
        return lambda values: _element(container(values), index(values))

    def _check_key(self, name: str, key: object) -> None:
        known = self.maps.get(name)
        if known is not None and key not in known:
            raise ExpressionError(f"{name} has no {key!r}", did_you_mean(str(key), known))

    def boolean(self, node: ast.BoolOp) -> Evaluator:
        first, *others = self.compile_all(node.values)
        stop_at = isinstance(node.op, ast.Or)

        def decide(values: Mapping[str, Any]) -> Any:
            value = first(values)
            for item in others:
                if bool(value) is stop_at:
                    return value
                value = item(values)
            return value

        return decide

    def unary(self, node: ast.UnaryOp) -> Evaluator:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda values: not operand(values)
        apply = _UNARY.get(type(node.op))
        if apply is None:
            raise ExpressionError("the operator ~ is not allowed", _ALLOWED_HINT)
        return lambda values: apply(_number(operand(values)))

    def binary(self, node: ast.BinOp) -> Evaluator:
        apply = _BINARY.get(type(node.op))
        if apply is None:
            raise ExpressionError(f"the operator in {ast.unparse(node)!r} is not allowed", _ALLOWED_HINT)
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda values: apply(left(values), right(values))

    def comparison(self, node: ast.Compare) -> Evaluator:
        if any(type(op) not in _COMPARISONS for op in node.ops):
            raise ExpressionError("'is' is not allowed", "compare with == or !=")
        first = self.compile(node.left)
        links = [
            (_COMPARISONS[type(op)], self.compile(item)) for op, item in zip(node.ops, node.comparators, strict=True)
        ]

        def compare(values: Mapping[str, Any]) -> Any:
            left, result = first(values), None
            for holds, item in links:
                right = item(values)
                result = holds(left, right)
                if not result:
                    break
                left = right
            return result

        return compare

    def choice(self, node: ast.IfExp) -> Evaluator:
        test, yes, no = self.compile_all([node.test, node.body, node.orelse])
        return lambda values: yes(values) if test(values) else no(values)

    def call(self, node: ast.Call) -> Evaluator:
        name = ast.unparse(node.func)
        if name not in _FUNCTIONS:
            raise ExpressionError(f"{name!r} is no function here", did_you_mean(name, _FUNCTIONS))
        if node.keywords or len(node.args) != 1:
            raise ExpressionError(f"{name}() takes one value")
        function, argument = _FUNCTIONS[name], self.compile(node.args[0])
        return lambda values: function(argument(values))


def _number(value: Any) -> Any:
    if isinstance(value, int | float | Real):
        return value
    raise ExpressionError(f"{type(value).__name__} is no number")


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise ExpressionError(f"an integer of more than {MAX_BITS} bits is too large")
    return value


def _size(value: object) -> int:
    """Return how many characters and elements `value` holds at any depth; counting ends above MAX_SIZE."""
    size, stack = 0, [value]
    while stack and size <= MAX_SIZE:
        item = stack.pop()
        size += 1
        match item:
            case str() | bytes():
                size += len(item)
            case Mapping():
                stack.extend(item.keys())
                stack.extend(item.values())
            case list() | tuple() | set() | frozenset():
                stack.extend(item)
    return size


def _check_size(size: int) -> None:
    if size > MAX_SIZE:
        raise ExpressionError(f"a value of more than {MAX_SIZE} characters or elements is too large")


def _add(left: Any, right: Any) -> Any:
    if any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, list, tuple)):
        _check_size(len(left) + len(right))
        return left + right
    return _bounded(_number(left) + _number(right))


def _multiply(left: Any, right: Any) -> Any:
    sequence, times = (right, left) if isinstance(right, str | list | tuple) else (left, right)
    if isinstance(sequence, str | list | tuple) and isinstance(times, int):
        _check_size(_size(sequence) * max(times, 0))
        return sequence * times
    return _bounded(_number(left) * _number(right))


def _subtract(left: Any, right: Any) -> Any:
    return _bounded(_number(left) - _number(right))


def _divide(left: Any, right: Any) -> Any:
    return _number(left) / _number(right)


def _remainder(left: Any, right: Any) -> Any:
    return _number(left) % _number(right)  # never text: "%9999999d" % 1 builds what it says


def _element(container: Any, index: Any) -> Any:
    try:
        return container[index]
    except KeyError:
        known = [key for key in container if isinstance(key, str)]
        raise ExpressionError(f"there is no key {index!r}", did_you_mean(str(index), known)) from None
    except IndexError:
        raise ExpressionError(f"there is no element {index!r}, only {len(container)} elements") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        _check_size(_size(value))  # nested text grows with each str() around it, as its quotes are escaped
    return str(value)


def _integer(value: Any) -> int:
    return int(_bounded(int(value)))


_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.Mod: _remainder,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"len": len, "int": _integer, "float": float, "str": _text, "bool": bool}
_HANDLERS: dict[type[ast.expr], Callable[[_Compiler, Any], Evaluator]] = {
    ast.Constant: _Compiler.constant,
    ast.Name: _Compiler.name,
    ast.List: _Compiler.sequence,
    ast.Tuple: _Compiler.sequence,
    ast.Set: _Compiler.sequence,
    ast.Subscript: _Compiler.subscript,
    ast.BoolOp: _Compiler.boolean,
    ast.UnaryOp: _Compiler.unary,
    ast.BinOp: _Compiler.binary,
    ast.Compare: _Compiler.comparison,
    ast.IfExp: _Compiler.choice,
    ast.Call: _Compiler.call,
}
_WORDS = {"true": "True", "false": "False", "null": "None"}  # as YAML and JSON have them
_NOT_ALLOWED: dict[type[ast.expr], str] = {
    ast.Attribute: "an attribute of a value",
    ast.Lambda: "a lambda",
    ast.NamedExpr: "an assignment",
    ast.JoinedStr: "an f-string",
    ast.Starred: "a starred value",
    ast.Dict: "a map",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
_ALLOWED_HINT = "use names, constants, and/or/not, comparisons, in, + - * / %, and len, int, float, str, bool"
