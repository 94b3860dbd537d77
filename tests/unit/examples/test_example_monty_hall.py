"""The Monty Hall runner."""

import random
from pathlib import Path

import pytest

from pytest_dre import Condition, RunSpec
from pytest_dre.references import load_reference

EXAMPLES = Path(__file__).parents[3] / "example_studies"


def play(strategy: str, doors: int, games: int, seed: int) -> float:
    condition = Condition("cond-1", {"strategy": strategy, "doors": doors, "games": games})
    random.seed(seed)
    output = load_reference("./monty_hall.py:play", EXAMPLES)(
        RunSpec("s", "run-1", condition, 1, None, None, seed), condition
    )
    assert output.metrics["primary_outcome"] == output.outputs["won"] / games
    return output.metrics["primary_outcome"]


@pytest.mark.parametrize(
    ("strategy", "doors", "known"), [("stay", 3, 1 / 3), ("switch", 3, 2 / 3), ("stay", 4, 1 / 4), ("switch", 4, 3 / 8)]
)
def test_win_rates_are_the_known_ones(strategy, doors, known):
    games = 20_000
    error = (known * (1 - known) / games) ** 0.5

    assert play(strategy, doors, games, seed=1) == pytest.approx(known, abs=4 * error)
    assert load_reference("./monty_hall.py:win_probability", EXAMPLES)(strategy, doors) == pytest.approx(known)


def test_a_run_depends_on_its_seed_alone():
    assert play("switch", 3, 500, seed=7) == play("switch", 3, 500, seed=7)
    assert len({play("switch", 3, 500, seed) for seed in range(8)}) > 1
