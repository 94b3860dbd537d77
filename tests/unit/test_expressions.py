import contextlib
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.expressions import MAX_DEPTH, MAX_LENGTH, ExpressionError, compile_expression

VALUES: dict[str, Any] = {
    "budget": 100,
    "depth": 4,
    "name": "spring",
    "items": [1, 2],
    "factors": {"budget": 100, "my key": 1},
}
MAPS = {"factors": ("budget", "my key")}


def evaluate(text: str) -> Any:
    return compile_expression(text, VALUES, MAPS).evaluate(VALUES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("budget / depth >= 25", True),
        ("not (name == 'autumn' and budget > 10)", True),
        ("depth in [1, 2]", False),
        ("depth not in (1, 2)", True),
        ("depth in {4}", True),
        ("1 < depth < 5 <= 5", True),
        ("1 < depth < 4 < 'never compared'", False),
        ("factors['my key'] + 1", 2),
        ("items[0] == 1", True),
        ("name[-1]", "g"),
        ("len(name) % 4", 2),
        ("-depth + +depth", 0),
        ("int('7') * float('0.5') - 1", 2.5),
        ("str(depth) + name", "4spring"),
        ("str(items)", "[1, 2]"),
        ("bool(items) and name", "spring"),
        ("budget == 1 or depth == 1 or 7", 7),
        ("False and 1 / 0", False),
        ("True or 1 / 0", True),
        ("2 * [1] + items", [1, 1, 1, 2]),
        ("(1,) * 2", (1, 1)),
        ("'ab' * -3", ""),
        ("1 if depth == 4 else 2", 1),
        ("None == factors['budget']", False),
        ("  budget\n  == 100  ", True),
        ("'\\d' == name", False),
    ],
)
def test_value(text: str, value: object) -> None:
    result = evaluate(text)
    assert result == value
    assert type(result) is type(value)


def test_says_which_names_it_reads() -> None:
    assert compile_expression("budget > 1 and factors['budget']", VALUES).names == {"budget", "factors"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the expression is empty"),
        ("budget ==", "the expression ends too early; write what is missing at its end"),
        ("budget\n==", "the expression ends too early"),
        ("budget = 100", "'=' is no comparison; write '=='"),
        ("name == 'a=b' and budget = 1", "'=' is no comparison; write '=='"),
        ("budget === 1", "'===' is no comparison; write '=='"),
        ("budget => 1", "'=>' is no comparison; write '>='"),
        ("budget =< 1", "'=<' is no comparison; write '<='"),
        ("budget <> 1", "'<>' is no comparison; write '!='"),
        ("budget ≤ 1", "'≤' is no comparison; write '<='"),
        ("budget == 1 && depth == 1", "'&&' is no operator here; write 'and'"),
        ("budget == 1 || depth == 1", "'||' is no operator here; write 'or'"),
        ("!(budget == 1)", "'!' is no operator here; write 'not'"),
        ("budget == 1 AND depth == 1", "'AND' is no operator; write it in small letters"),
        ("if budget == 1 then depth == 1", "'then' is not known here; write 'x if condition else y'"),
        ("(budget == 1", "'(' is never closed; add ')'"),
        ("budget == 1]", "']' closes nothing; remove it, or add '['"),
        ("name == 'spring", "a quote is opened and never closed; close it"),
        ("budget == 1 depth == 1", "join comparisons with 'and' or 'or', and quote text"),
        ("name == 1st " + "x" * 90, "…' on; join"),
        ("budget == true", "unknown name 'true'; write True"),
        ("budgte > 1", "unknown name 'budgte'; did you mean 'budget'?"),
        ("False and budgte > 1", "unknown name 'budgte'"),
        ("factors['bugdet'] > 1", "factors has no 'bugdet'; did you mean 'budget'?"),
        ("name.upper()", "'name.upper' is no function here"),
        ("name.real", "an attribute of a value is not allowed"),
        ("2 ** 3", "the operator in '2 ** 3' is not allowed"),
        ("2 // 3", "the operator in '2 // 3' is not allowed"),
        ("~depth", "the operator ~ is not allowed"),
        ("lambda: 1", "a lambda is not allowed"),
        ("[x for x in items]", "a comprehension is not allowed"),
        ("f'{name}'", "an f-string is not allowed"),
        ("(y := 1)", "an assignment is not allowed"),
        ("{'a': 1}", "a map is not allowed"),
        ("[*items]", "a starred value is not allowed"),
        ("items[0:1]", "a slice is not allowed"),
        ("depth is None", "'is' is not allowed; compare with == or !="),
        ("b'a' == name", "the constant b'a' is not allowed"),
        ("open('x')", "'open' is no function here"),
        ("len(name, name)", "len() takes one value"),
        ("str(object=name)", "str() takes one value"),
        ("len(*items)", "a starred value is not allowed"),
        ("9" * 1000 + " > 1", "more than 1024 bits"),
        ("1 + " * 600 + "1", f"has 2401 characters, at most {MAX_LENGTH}"),
        ("1 + " * (MAX_DEPTH + 1) + "1", "nested more than 60 levels deep"),
        ("-" * 1500 + "1", ""),
        ("(" * 900 + "1" + ")" * 900, ""),
        ("name == '\0'", ""),
        ("name == '\ud800'", "the expression cannot be read"),
    ],
)
def test_refused_at_compilation(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, VALUES, MAPS)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("budget / (depth - 4)", "division by zero"),
        ("name + 1", "str is no number"),
        ("-name", "str is no number"),
        ("name < 1", "not supported"),
        ("name in 5", "not iterable"),
        ("'%1000000000d' % 1", "str is no number"),
        ("[1] * 1000 * 1000", "more than 10000 characters or elements"),
        ("1000000 * 'x'", "more than 10000 characters or elements"),
        ("[[[1] * 100] * 100] * 100", "more than 10000 characters or elements"),
        ("'x' * 9000 + 'x' * 9000", "more than 10000 characters or elements"),
        ("str(['x' * 9000, 'y' * 9000])", "more than 10000 characters or elements"),
        ("int('9' * 5000)", "limit"),
        ("int('9' * 1000)", "more than 1024 bits"),
        (" * ".join(["9" * 60] * 8), "more than 1024 bits"),
        ("1e308 * 10 == int(1e308 * 10)", "infinity"),
        ("len(5)", "has no len()"),
        ("factors[name]", "there is no key 'spring'; known: budget, my key"),
        ("items[5]", "there is no element 5, only 2 elements"),
        ("items['a']", "indices"),
        ("{items} == 1", "unhashable"),
    ],
)
def test_failure_at_evaluation(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text)
    assert message in str(caught.value)


def test_text_that_escapes_itself_again_and_again_is_stopped() -> None:
    text = "'\\\\' * 3000"
    for _ in range(8):
        text = f"str([{text}])"
    with pytest.raises(ExpressionError, match="too large"):
        evaluate(text)


def test_a_map_inside_a_value_counts_towards_its_size() -> None:
    values = {"x": {"key": "y" * 20_000}}
    with pytest.raises(ExpressionError, match="too large"):
        compile_expression("str(x)", values).evaluate(values)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ExpressionError, match="'depth' has no value here"):
        compile_expression("depth > 1", ["depth"]).evaluate({})


def test_an_object_whose_operators_fail_gives_a_message() -> None:
    class Hostile:
        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

    with pytest.raises(ExpressionError, match="AssertionError"):
        compile_expression("x == 1", ["x"]).evaluate({"x": Hostile()})


ATOMS = st.sampled_from(
    ["budget", "depth", "name", "items", "factors", "x", "1", "0", "99999", "1e300", "'%s'", "'ab'", "None", "True"]
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "%", "**", "//", "==", "<", "in", "and", "or", "if", "is"])
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["len", "int", "float", "str", "bool", "eval", "-", "not "]), inner).map(
            "({0[0]}({0[1]}))".format
        ),
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map("{0[0]}[{0[1]}]".format),
    )


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.recursive(ATOMS, _combined, max_leaves=40), st.text(max_size=60)))
def test_nothing_but_its_own_error_escapes_and_time_is_bounded(text: str) -> None:
    start = time.process_time()
    with contextlib.suppress(ExpressionError):
        assert not callable(evaluate(text))
    assert time.process_time() - start < 2
