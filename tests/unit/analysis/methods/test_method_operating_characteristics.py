"""A few cells of benchmarks/operating_characteristics.py, with few studies and fixed seeds."""

import importlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
ERRORS = 4.0


@pytest.fixture(scope="module")
def simulation() -> Iterator[ModuleType]:
    if not (BENCHMARKS / "operating_characteristics.py").exists():
        pytest.skip("the benchmarks are not part of this distribution")
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("operating_characteristics")
    finally:
        sys.path.remove(str(BENCHMARKS))


def found(simulation: ModuleType, table: str, name: str, studies: int = 200):
    (cell,) = (cell for cell in simulation.tables()[table] if cell.name == name)
    return simulation.simulate(cell, studies, simulation.ALPHA)


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("methods", "normal, one arm or paired, n=10, t"),
        ("methods", "normal, two arms, n=5, permutation"),
        ("methods", "U-shaped, one arm, n=10, betting, fixed n"),
        ("methods", "mostly 1, one arm, n=10, betting, a look at every n"),
        ("methods", "binary 0.95, one arm, n=30, Clopper-Pearson"),
        ("methods", "binary 0.5, looks at 10/20/30, n=30, guaranteed, pocock"),
        ("methods", "right-skewed, median of one arm, n=30, order statistics"),
        ("gates", "binary 0.5, one arm, at least, n=10"),
        ("gates", "mostly 1, one arm, at least, n=10"),
        ("looks", "binary 0.5, one arm, at least; pocock, n=20"),
    ],
)
def test_the_rate_of_wrong_verdicts_is_at_most_alpha(simulation: ModuleType, table: str, name: str) -> None:
    rates = found(simulation, table, name)
    assert not rates.broken(simulation.ALPHA, ERRORS)
    # of a method alone, an interval that misses the effect is a wrong verdict; a gate asks more of a PASS
    wrong = rates.wrong_pass + rates.wrong_fail
    assert math.isclose(rates.coverage, 1 - wrong) or table != "methods"


def test_the_simulation_notices_a_method_that_errs(simulation: ModuleType) -> None:
    """Student's t on left-skewed units: known to pass too often."""
    rates = found(simulation, "methods", "left-skewed, one arm or paired, n=10, t")
    assert rates.wrong_pass > 3 * simulation.ALPHA
    assert "over alpha" in rates.row(simulation.ALPHA, ERRORS)
    assert not rates.broken(simulation.ALPHA, ERRORS)  # expected of skewed units, and listed


def test_the_simulation_notices_a_plan_that_promises_too_much(simulation: ModuleType) -> None:
    power = simulation.PowerFound("a cell", ("paired t", "14", "0.1", "exact"), 2000, 0.7, least=False)
    assert power.broken(simulation.ALPHA, ERRORS)
    assert "off" in power.row(simulation.ALPHA, ERRORS)


def test_cells_have_names_of_their_own_and_give_the_same_rates_again(simulation: ModuleType) -> None:
    tables = simulation.tables()
    for cells in tables.values():
        assert len({cell.name for cell in cells}) == len(cells) > 5
    assert sum(map(len, tables.values())) > 250
    cell = tables["methods"][0]
    first, again = (simulation.simulate(cell, 20, 0.025).row(0.025, ERRORS) for _ in range(2))
    assert first == again
