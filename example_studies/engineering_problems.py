"""Two classic constrained problems of engineering design, with the best designs known.

Pressure vessel (Sandgren 1990; Kannan & Kramer 1994): the cheapest cylindrical vessel with hemispherical heads that
holds 750 ft³. Plates come in multiples of 1/16 in. With length ≤ 200 in, as here, the best known cost is 6059.714335 at
(0.8125, 0.4375, 42.0984456, 176.6365958); papers that allow a length of 240 in report other optima.

Welded beam (Ragsdell & Phillips 1976; in the formulation of Coello 2000, whose polar moment of inertia differs from the
original): the cheapest beam that carries 6000 lb at its end. The best known cost is 1.724852 at
(0.205730, 3.470489, 9.036624, 0.205730).

Both minimise a cost that grows with every variable. Constraints are written as demand / capacity - 1 ≤ 0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, pi, sqrt

from pytest_dre import ProblemPacket

FEASIBILITY_TOLERANCE = 1e-6  # published designs are rounded
PENALTY = 10.0  # a demand 1 % over its capacity costs 10 % of the best known objective

Design = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a design comes to; `violation` sums how far demands exceed their capacities, as fractions of them."""

    design: Design
    objective: float
    violation: float

    @property
    def is_feasible(self) -> bool:
        return self.violation <= FEASIBILITY_TOLERANCE

    @property
    def rank(self) -> tuple[float, float]:
        """Feasible before infeasible, then the lower objective or violation (Deb 2000)."""
        return (0.0, self.objective) if self.is_feasible else (self.violation, self.objective)


@dataclass(frozen=True, slots=True)
class DesignProblem:
    """A box-bounded problem with inequality constraints, to be minimised."""

    variables: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    objective: Callable[..., float]
    constraints: Callable[..., Sequence[float]]
    best_known: float
    steps: tuple[float, ...] = ()  # stock sizes of the first variables

    @property
    def ceiling(self) -> float:
        """The highest objective in the box."""
        return self.objective(*(high for _, high in self.bounds))

    def as_built(self, design: Sequence[float]) -> Design:
        """Return the design in the box and with the nearest stock sizes."""
        if len(design) != len(self.variables) or not all(isfinite(value) for value in design):
            raise ValueError(f"a design has {len(self.variables)} finite numbers: {', '.join(self.variables)}")
        boxed = [min(max(float(value), low), high) for value, (low, high) in zip(design, self.bounds, strict=True)]
        for index, step in enumerate(self.steps):
            boxed[index] = round(boxed[index] / step) * step
        return tuple(boxed)

    def evaluate(self, design: Sequence[float]) -> Evaluation:
        built = self.as_built(design)
        violation = sum(max(0.0, excess) for excess in self.constraints(*built))
        return Evaluation(built, self.objective(*built), violation)

    def penalised(self, evaluation: Evaluation) -> float:
        """The objective of a feasible design; an infeasible one pays in proportion to its violation."""
        excess = 0.0 if evaluation.is_feasible else evaluation.violation
        return evaluation.objective + PENALTY * self.best_known * excess

    def score(self, candidate: Sequence[float]) -> list[Mapping[str, object]]:
        """Return evaluation rows; the first is the run's primary outcome, whatever the agent says of itself."""
        evaluation = self.evaluate(candidate)
        values = {
            "penalised_objective": self.penalised(evaluation),
            "objective": evaluation.objective,
            "constraint_violation": evaluation.violation,
            "is_feasible": evaluation.is_feasible,
        }
        return [
            {"evaluator_id": "design", "metric_name": name, "metric_value": value} for name, value in values.items()
        ]


def vessel_cost(shell: float, head: float, radius: float, length: float) -> float:
    return (
        0.6224 * shell * radius * length
        + 1.7781 * head * radius**2
        + 3.1661 * shell**2 * length
        + 19.84 * shell**2 * radius
    )


def vessel_constraints(shell: float, head: float, radius: float, length: float) -> Sequence[float]:
    volume = pi * radius**2 * length + 4 / 3 * pi * radius**3
    return (0.0193 * radius / shell - 1, 0.00954 * radius / head - 1, 1_296_000 / volume - 1)


def beam_cost(weld: float, length: float, depth: float, width: float) -> float:
    return 1.10471 * weld**2 * length + 0.04811 * depth * width * (14 + length)


def beam_constraints(weld: float, length: float, depth: float, width: float) -> Sequence[float]:
    load, overhang, young, shear_modulus = 6000.0, 14.0, 30e6, 12e6  # lb, in, psi, psi
    arm = sqrt(length**2 / 4 + ((weld + depth) / 2) ** 2)
    inertia = 2 * sqrt(2) * weld * length * (length**2 / 12 + ((weld + depth) / 2) ** 2)
    primary = load / (sqrt(2) * weld * length)
    secondary = load * (overhang + length / 2) * arm / inertia
    shear = sqrt(primary**2 + primary * secondary * length / arm + secondary**2)
    bending = 6 * load * overhang / (width * depth**2)
    deflection = 4 * load * overhang**3 / (young * depth**3 * width)
    slenderness = 1 - depth / (2 * overhang) * sqrt(young / (4 * shear_modulus))
    buckling = 4.013 * young * depth * width**3 / 6 / overhang**2 * slenderness
    return (
        shear / 13_600 - 1,
        bending / 30_000 - 1,
        weld / width - 1,
        (0.10471 * weld**2 + 0.04811 * depth * width * (14 + length)) / 5 - 1,
        0.125 / weld - 1,
        deflection / 0.25 - 1,
        load / buckling - 1 if buckling > 0 else inf,
    )


PRESSURE_VESSEL = DesignProblem(
    variables=("shell_thickness", "head_thickness", "radius", "length"),
    bounds=((0.0625, 6.1875), (0.0625, 6.1875), (10.0, 200.0), (10.0, 200.0)),
    objective=vessel_cost,
    constraints=vessel_constraints,
    best_known=6059.714335,
    steps=(0.0625, 0.0625),
)
WELDED_BEAM = DesignProblem(
    variables=("weld_thickness", "weld_length", "depth", "width"),
    bounds=((0.1, 2.0), (0.1, 10.0), (0.1, 10.0), (0.1, 2.0)),
    objective=beam_cost,
    constraints=beam_constraints,
    best_known=1.724852,
)


def packet(problem_id: str, brief: str, problem: DesignProblem) -> ProblemPacket:
    return ProblemPacket(
        problem_id=problem_id,
        family="constrained optimisation",
        brief=brief,
        payload={"problem_object": problem},
        metadata={"best_known": problem.best_known, "variables": list(problem.variables)},
        evaluator=problem.score,
    )


def pressure_vessel() -> ProblemPacket:
    brief = "Choose plate thicknesses, radius and length (inches) of the cheapest vessel that holds 750 cubic feet."
    return packet("pressure_vessel", brief, PRESSURE_VESSEL)


def welded_beam() -> ProblemPacket:
    brief = "Choose weld and cross-section (inches) of the cheapest welded beam that carries 6000 lb at its end."
    return packet("welded_beam", brief, WELDED_BEAM)
