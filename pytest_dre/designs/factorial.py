"""Full factorial designs (Montgomery 2017, chapter 5), with or without constraints."""

import itertools
import math
from pathlib import Path

from pytest_dre.designs.ordering import arranged
from pytest_dre.designs.points import DesignPoint, block_combinations, block_count, refuse_explosion
from pytest_dre.model.study import Study


def factorial_size(study: Study) -> int:
    """Return the number of combinations of all factors and blocks."""
    return math.prod(len(factor.values) for factor in study.factors) * block_count(study)


def factorial_points(study: Study) -> list[DesignPoint]:
    """Return every combination: the last factor varies fastest, blocks inside each combination of factors."""
    refuse_explosion(factorial_size(study))
    names = [factor.name for factor in study.factors]
    combinations = block_combinations(study)
    return [
        DesignPoint(dict(zip(names, values, strict=True)), blocks)
        for values in itertools.product(*(factor.values for factor in study.factors))
        for blocks in combinations
    ]


def plan_factorial(study: Study, base_dir: Path) -> list[DesignPoint]:  # noqa: ARG001 - the signature of all families
    """Return all combinations in the order the study asks for."""
    return arranged(study, factorial_points(study))
