"""Designs around blocks and subjects: randomised blocks and repeated measures (Montgomery 2017, chapters 4 and 15)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_dre.designs.factorial import factorial_points
from pytest_dre.designs.ordering import arranged, randomization_key, shuffled
from pytest_dre.designs.points import DesignPoint
from pytest_dre.model.study import Study


def plan_randomized_block(study: Study, base_dir: Path) -> list[DesignPoint]:  # noqa: ARG001
    """Return every treatment in every block, in an order drawn anew inside each block; blocks stay together.

    A block is a combination of the levels of all blocks and of factors of kind "blocked"; with
    `block_randomization_key`, a value of that factor or block.
    """
    key = randomization_key(study)
    blocked = [factor.name for factor in study.factors if factor.kind == "blocked"]

    def block_of(point: DesignPoint) -> Any:
        if key is not None:
            return point.assignments[key]
        return [point.blocks, [point.factors[name] for name in blocked]]

    return shuffled(factorial_points(study), study.seed_policy.base_seed, block_of)


def plan_repeated_measures(study: Study, base_dir: Path) -> list[DesignPoint]:  # noqa: ARG001
    """Return all combinations, counterbalanced, each noting its place in the order a subject meets them."""
    points = arranged(study, factorial_points(study), counterbalance=True)
    return [
        replace(point, notes={"within_subject_order": order, "design_kind": "repeated_measures"})
        for order, point in enumerate(points)
    ]
