"""Versions of what was written in a notebook."""

import functools

from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.execution.content import content_version


def cell(code, name="f"):
    """Run a notebook cell and return what it defines."""
    namespace = {}
    exec(compile(code, "<cell>", "exec"), namespace)
    return namespace[name]


def test_the_same_code_has_the_same_version_wherever_it_is_written():
    code = "def f(x, k=2):\n    return [x * k for _ in range(3)]"
    assert content_version(cell(code)) == content_version(cell("\n\n# moved\n" + code))


@given(st.integers(), st.integers())
def test_another_constant_is_another_version_and_the_same_is_not(first, second):
    versions = [content_version(cell(f"def f(x):\n    return x + {value}")) for value in (first, second)]
    assert (versions[0] == versions[1]) is (first == second)


def test_every_part_that_changes_what_a_function_does_counts():
    codes = [
        "def f(x): return x + 1",
        "def f(x): return x - 1",
        "def f(x, k=1): return x + k",
        "def f(x, k=2): return x + k",
        "def f(x, *, k=2): return x + k",
        "def f(x, *, k=3): return x + k",
        "def f(x): return (lambda: x + 1)()",
        "def f(x): return (lambda: x + 2)()",
        "def make(k):\n    def f(x): return x + k\n    return f\nf = make(1)",
        "def make(k):\n    def f(x): return x + k\n    return f\nf = make(2)",
        "def make(k):\n    def f(x): return x + k[0]['a']\n    return f\nf = make([{'a': 2}])",
        "def make(k):\n    def f(x): return x + k[0]['a']\n    return f\nf = make([{'a': 3}])",
    ]
    assert len({content_version(cell(code)) for code in codes}) == len(codes)


def test_objects_in_enclosing_scopes_do_not_change_the_version_from_process_to_process():
    code = "def make(k):\n    def f(x): return k\n    return f\nf = make(object())"
    assert content_version(cell(code)) == content_version(cell(code))


def test_a_variable_that_is_not_there_yet_does_no_harm():
    code = "def make():\n    def f(x): return later\n    g = f\n    if 0: later = 1\n    return g\nf = make()"
    assert content_version(cell(code)).startswith("code:")


def test_classes_objects_methods_partials_and_wrappers_are_known_by_their_functions():
    code = "class A:\n    size = 1\n    def run(self, x): return x + {}\n"
    first, second = cell(code.format(1), "A"), cell(code.format(2), "A")
    for of in (lambda cls: cls, lambda cls: cls(), lambda cls: cls().run, lambda cls: functools.partial(cls().run, 1)):
        assert content_version(of(first)) == content_version(of(first))
        assert content_version(of(first)) != content_version(of(second))
    assert content_version(first) == content_version(first())


def test_data_counts_and_what_has_neither_code_nor_data_is_unknown():
    assert content_version(None, ["brief"]) != content_version(None, ["other"])
    assert content_version(None, ["brief"]).startswith("code:")
    assert content_version(None) == content_version(len) == content_version(3) == "unknown"
