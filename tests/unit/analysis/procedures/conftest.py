"""Classic data sets as tables, and asking a test about them. Every data file names its source in its first line."""

import csv
from pathlib import Path

import pytest

from pytest_dre.analysis.procedures.registry import run_test
from pytest_dre.analysis.procedures.request import ArmContrast, TestRequest
from pytest_dre.analysis.procedures.table import Table

DATA = Path(__file__).parent / "data"
WORDS = {"": None, "true": True, "false": False}


def cell_of(text):
    if text in WORDS:
        return WORDS[text]
    try:
        return float(text)
    except ValueError:
        return text


@pytest.fixture(scope="session")
def classic():
    """Reads a data set; rows with a `count` stand for as many."""

    def read(name):
        with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
            next(file)
            rows = [{key: cell_of(text) for key, text in row.items()} for row in csv.DictReader(file)]
        repeated = [row for row in rows for _ in range(int(row.pop("count", 1)))]
        return Table({name: [row[name] for row in repeated] for name in repeated[0]})

    return read


@pytest.fixture(scope="session")
def arms():
    """Makes a table of named arms: `arm`, `unit` (place in the arm) and `value`."""

    def table(**values):
        rows = [(arm, unit, value) for arm, found in values.items() for unit, value in enumerate(found)]
        return Table(dict(zip(("arm", "unit", "value"), map(list, zip(*rows, strict=True)), strict=True)))

    return table


@pytest.fixture(scope="session")
def ask():
    """Runs a test of `value` by `arm`, treatment against control, unless told otherwise."""

    def run(table, test, treatment=None, control=None, **asked):
        asked = {"outcome": "value", "independent": ("arm",), **asked}
        if treatment is not None:
            asked["contrast"] = ArmContrast(asked["independent"][0], treatment, control)
        return run_test(table, TestRequest(test=test, **asked))

    return run


@pytest.fixture(scope="session")
def terms_of():
    """Returns a result's terms by name."""
    return lambda result: {term.name: term for term in result.terms}
