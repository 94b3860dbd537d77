"""Finding the caller's objects."""

import pytest

from pytest_dre.api.lookup import lookup_in
from pytest_dre.errors import DreError


def test_nothing_given_finds_nothing():
    lookup = lookup_in(None, "agents")
    assert (lookup("a"), lookup.known, lookup.found) == (None, (), {})


def test_what_was_found_is_kept():
    lookup = lookup_in({"a": 1, "b": 2}, "agents")
    assert [lookup("a"), lookup("a"), lookup("c")] == [1, 1, None]
    assert (lookup.known, lookup.found) == (("a", "b"), {"a": 1})


def test_a_failing_registry_is_named():
    class Registry:
        def get(self, name):
            raise OSError("server away")

    with pytest.raises(DreError, match=r"problem_registry failed for 'p' with OSError: server away"):
        lookup_in(Registry(), "problem_registry")("p")


def test_a_registry_that_lacks_an_id_may_raise():
    class Registry:
        def resolve(self, name):
            raise KeyError(name)

    assert lookup_in(Registry(), "problem_registry")("p") is None
