"""The kinds of designs: who plans each, and which keys of the design each understands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_dre.designs.blocking import plan_randomized_block, plan_repeated_measures
from pytest_dre.designs.factorial import factorial_size, plan_factorial
from pytest_dre.designs.fractional import fractional_size, plan_fractional
from pytest_dre.designs.hypercube import OPTIONS as HYPERCUBE_OPTIONS
from pytest_dre.designs.hypercube import hypercube_size, plan_hypercube
from pytest_dre.designs.latin_square import ROLES, plan_latin_square
from pytest_dre.designs.matrix import plan_matrix
from pytest_dre.designs.points import DesignPoint
from pytest_dre.errors import Fault
from pytest_dre.model.factors import DesignKind, DesignSpec
from pytest_dre.model.study import Study
from pytest_dre.references import did_you_mean

ORDER = frozenset({"counterbalance"})
# Keys that only some kinds use; set for another kind they would be ignored without a word.
SPECIAL_KEYS = ("counterbalance", "matrix_path", "n_samples", "center_points")


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of design.

    Attributes:
        plan: Returns the points, in order; called with the study and the directory its paths are relative to.
        size: Returns the number of points before they are made, where that is known.
        keys: Those of SPECIAL_KEYS it uses.
        options: The options it takes.
        repeats_rows: Whether `replicates` repeats rows, as conditions of their own, instead of runs.
    """

    plan: Callable[[Study, Path], list[DesignPoint]]
    size: Callable[[Study], int] | None = None
    keys: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    repeats_rows: bool = False


FAMILIES: dict[DesignKind, Family] = {
    "full_factorial": Family(plan_factorial, factorial_size, ORDER),
    "constrained_factorial": Family(plan_factorial, factorial_size, ORDER),
    "randomized_block": Family(plan_randomized_block, factorial_size),
    "repeated_measures": Family(plan_repeated_measures, factorial_size, ORDER),
    "latin_square": Family(plan_latin_square, keys=ORDER, options=frozenset(ROLES)),
    "fractional_factorial_2level": Family(
        plan_fractional, fractional_size, frozenset({"center_points"}), repeats_rows=True
    ),
    "latin_hypercube": Family(
        plan_hypercube,
        hypercube_size,
        frozenset({"center_points", "n_samples"}),
        HYPERCUBE_OPTIONS,
        repeats_rows=True,
    ),
    "custom_matrix": Family(plan_matrix, keys=ORDER | {"matrix_path"}),
}


def family_of(study: Study) -> Family:
    """Return the family of the study's design."""
    return FAMILIES[study.design_spec.kind]


def setting_faults(spec: DesignSpec) -> list[Fault]:
    """Return a fault for each key or option that the design's kind does not use."""
    family = FAMILIES[spec.kind]
    faults = []
    for key in SPECIAL_KEYS:
        if key not in family.keys and getattr(spec, key):
            users = ", ".join(kind for kind, other in FAMILIES.items() if key in other.keys)
            faults.append(
                Fault(f"{spec.kind} has no use for {key}", f"remove it; it is for {users}", ("design_spec", key))
            )
    for option in spec.options:
        if option not in family.options:
            hint = did_you_mean(option, family.options) if family.options else "remove it; this kind takes no options"
            faults.append(Fault(f"{spec.kind} has no option {option!r}", hint, ("design_spec", "options", option)))
    return faults
