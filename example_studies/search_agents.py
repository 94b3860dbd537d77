"""Search agents for the design problems: random search, hill climbing, differential evolution.

The plugin passes each parameter by its name: the native problem, a generator of random numbers seeded for the run, and
the values of the factors and blocks. `start_region` is the half of the box in which the first design is drawn;
`constraint_handling` is how designs that break constraints compare with others.
"""

from math import exp
from typing import Any

import numpy as np
import numpy.typing as npt
from engineering_problems import DesignProblem, Evaluation
from scipy.optimize import Bounds
from scipy.optimize import differential_evolution as scipy_differential_evolution

from pytest_dre import agent_result

Vector = npt.NDArray[np.float64]

POPULATION = 20  # designs in each generation of differential evolution
FIRST_STEP, LAST_STEP = 0.2, 1e-3  # standard deviation of a hill climber's step, as a fraction of each variable's range


class Search:
    """Evaluates designs within a budget and keeps the best."""

    def __init__(self, problem: DesignProblem, budget: int, constraint_handling: str) -> None:
        self.problem = problem
        self.budget = budget
        self.feasibility_first = constraint_handling == "feasibility_first"
        self.low, self.high = np.array(problem.bounds).T
        self.used = 0
        self.best: Evaluation | None = None
        self.events: list[dict[str, Any]] = []

    @property
    def left(self) -> int:
        return self.budget - self.used

    def start(self, rng: np.random.Generator, region: str) -> Vector:
        """Draw a design from the lower or upper half of the box."""
        middle: Vector = (self.low + self.high) / 2
        return rng.uniform(self.low, middle) if region == "lower" else rng.uniform(middle, self.high)

    def merit(self, design: Vector, /) -> float:
        """Evaluate a design; lower is better."""
        if self.left <= 0:
            raise RuntimeError(f"the budget of {self.budget} evaluations is spent")
        self.used += 1
        evaluation = self.problem.evaluate(design.tolist())
        if self.best is None or evaluation.rank < self.best.rank:
            self.best = evaluation
            self.events.append(self._improvement(evaluation))
        if self.feasibility_first and not evaluation.is_feasible:
            return self.problem.ceiling + evaluation.violation  # Deb (2000): any feasible design is better
        return self.problem.penalised(evaluation)

    def result(self) -> dict[str, Any]:
        """What the run hands back: the best design, how many evaluations it took, each improvement on the way."""
        candidate = list(self.best.design) if self.best else None
        return agent_result(
            {"candidate": candidate},
            evaluations_used=self.used,
            events=self.events,
            metadata={"agent_kind": "search"},
        )

    def _improvement(self, evaluation: Evaluation) -> dict[str, Any]:
        text = f"evaluation {self.used}: objective {evaluation.objective:.6g}, violation {evaluation.violation:.3g}"
        return {"event_type": "step", "actor_id": "search", "text": text, "meta_json": {"evaluation": self.used}}


def random_search(
    problem: DesignProblem, rng: np.random.Generator, budget: int, start_region: str, constraint_handling: str
) -> dict[str, Any]:
    """Draw designs uniformly from the box."""
    search = Search(problem, budget, constraint_handling)
    search.merit(search.start(rng, start_region))
    while search.left:
        search.merit(rng.uniform(search.low, search.high))
    return search.result()


def hill_climbing(
    problem: DesignProblem, rng: np.random.Generator, budget: int, start_region: str, constraint_handling: str
) -> dict[str, Any]:
    """Mutate one design; steps grow on success, shrink on failure: in balance at one success in five (Rechenberg 1973).

    Once steps are too short to get anywhere, it starts again from a design drawn anew.
    """
    search = Search(problem, budget, constraint_handling)
    current = search.start(rng, start_region)
    merit, step = search.merit(current), FIRST_STEP
    while search.left:
        if step < LAST_STEP:
            current = rng.uniform(search.low, search.high)
            merit, step = search.merit(current), FIRST_STEP
            continue
        trial = current + step * (search.high - search.low) * rng.standard_normal(len(current))
        trial = np.clip(trial, search.low, search.high)
        trial_merit = search.merit(trial)
        success = trial_merit <= merit
        if success:
            current, merit = trial, trial_merit
        step *= exp(0.2) if success else exp(-0.05)
    return search.result()


def differential_evolution(
    problem: DesignProblem, rng: np.random.Generator, budget: int, start_region: str, constraint_handling: str
) -> dict[str, Any]:
    """Storn & Price (1997) as SciPy implements it, for as many generations as the budget pays for."""
    if budget < POPULATION:
        raise ValueError(f"differential evolution needs a budget of {POPULATION} evaluations or more, not {budget}")
    search = Search(problem, budget, constraint_handling)
    population = rng.uniform(search.low, search.high, size=(POPULATION, len(search.low)))
    population[0] = search.start(rng, start_region)
    scipy_differential_evolution(
        search.merit,
        Bounds(search.low, search.high),
        init=population,
        maxiter=budget // POPULATION - 1,  # the first generation is the initial population
        tol=0.0,
        polish=False,  # polishing would spend evaluations beyond the budget
        rng=rng,
    )
    return search.result()
