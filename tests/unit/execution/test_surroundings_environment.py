"""The environment after a run is the one before it."""

import os

import pytest

from pytest_dre.execution.surroundings import kept_surroundings

NAME = "DRE_TEST_SURROUNDINGS"


@pytest.fixture(autouse=True)
def _one_variable(monkeypatch):
    monkeypatch.setenv(NAME, "before \udcff")
    monkeypatch.delenv(f"{NAME}_NEW", raising=False)


def change() -> None:
    os.environ[NAME] = "after"


def delete() -> None:
    del os.environ[NAME]


def add() -> None:
    os.environ[f"{NAME}_NEW"] = "Ω"


@pytest.mark.parametrize("disturb", [change, delete, add])
def test_the_environment_is_put_back(disturb):
    before = os.environ.copy()
    with kept_surroundings():
        disturb()
        assert os.environ.copy() != before
    assert os.environ.copy() == before
    assert os.getenv(NAME) == "before \udcff"


def fail_after_a_change() -> None:
    with kept_surroundings():
        add()
        raise ZeroDivisionError


def test_it_is_put_back_after_an_error():
    before = os.environ.copy()
    with pytest.raises(ZeroDivisionError):
        fail_after_a_change()
    assert os.environ.copy() == before
