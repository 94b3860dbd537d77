"""A few cells of benchmarks/operating_characteristics.py, with few studies and fixed seeds."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    path = ROOT / "benchmarks" / "operating_characteristics.py"
    if not path.exists():
        pytest.skip("the benchmarks are not part of this distribution")
    spec = importlib.util.spec_from_file_location("operating_characteristics", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "normal, one arm or paired, n=10, t",
        "normal, two arms, n=5, permutation",
        "U-shaped, one arm, n=10, betting, fixed n",
        "U-shaped, two arms, n=30, betting, fixed n",
        "mostly 1, one arm, n=30, betting, fixed n",
        "mostly 1, one arm, n=10, betting, a look at every n",
        "binary 0.95, one arm, n=30, Clopper-Pearson",
        "binary 0.5, two arms, n=10, exact unconditional",
        "binary 0.95, paired, n=10, exact unconditional",
        "binary 0.5, looks at 10/20/30, n=30, guaranteed, pocock",
        "right-skewed, median of one arm, n=30, order statistics",
    ],
)
def test_the_rate_of_wrong_verdicts_is_at_most_alpha(simulation: ModuleType, name: str) -> None:
    (cell,) = (cell for cell in simulation.cells() if cell.name == name)
    rates = simulation.simulate(cell, 200)
    assert not rates.broken(simulation.ALPHA)
    assert rates.coverage == pytest.approx(1 - rates.wrong_pass - rates.wrong_fail)


def test_the_simulation_notices_a_method_that_errs(simulation: ModuleType) -> None:
    """Student's t on left-skewed units: known to pass too often."""
    (cell,) = (cell for cell in simulation.cells() if cell.name == "left-skewed, one arm or paired, n=10, t")
    rates = simulation.simulate(cell, 200)
    assert rates.wrong_pass > 3 * simulation.ALPHA
    assert "over alpha" in rates.row(simulation.ALPHA)
    assert not rates.broken(simulation.ALPHA)  # expected of skewed units, and listed


def test_cells_have_names_of_their_own_and_give_the_same_rates_again(simulation: ModuleType) -> None:
    cells = list(simulation.cells())
    assert len({cell.name for cell in cells}) == len(cells) > 100
    assert simulation.simulate(cells[0], 20) == simulation.simulate(cells[0], 20)
