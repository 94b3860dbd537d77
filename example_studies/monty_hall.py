"""The Monty Hall problem, played out.

A prize is behind one of n doors. The player points at a door; the host, who knows, opens another one without the prize;
the player stays or switches to one of the closed doors left. Staying wins with probability 1/n, switching with
(n - 1) / (n (n - 2)): 1/3 and 2/3 for three doors (Selvin 1975), 1/4 and 3/8 for four.
"""

import random

from pytest_dre import Condition, RunOutput, RunSpec


def win_probability(strategy: str, doors: int) -> float:
    return 1 / doors if strategy == "stay" else (doors - 1) / (doors * (doors - 2))


def wins(strategy: str, doors: int) -> bool:
    """Play one game."""
    prize, choice = random.randrange(doors), random.randrange(doors)
    opened = random.choice([door for door in range(doors) if door not in (prize, choice)])
    if strategy == "switch":
        choice = random.choice([door for door in range(doors) if door not in (opened, choice)])
    return choice == prize


def play(run_spec: RunSpec, condition: Condition) -> RunOutput:
    """Play the condition's games. The plugin has seeded `random` with the run's seed."""
    factors = condition.factor_assignments
    won = sum(wins(factors["strategy"], factors["doors"]) for _ in range(factors["games"]))
    return RunOutput(
        outputs={"won": won, "text": f"{run_spec.run_id} won {won} of {factors['games']} games"},
        metrics={"primary_outcome": won / factors["games"]},
    )
