"""Two-level factorial designs and their fractions of resolution III (Box, Hunter & Hunter 2005, chapter 6)."""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_dre.designs.faults import refuse
from pytest_dre.designs.points import DesignPoint
from pytest_dre.designs.rows import Row, is_number, midpoint, most_frequent, points_of_rows, row_design_size
from pytest_dre.model.factors import Factor
from pytest_dre.model.study import Study

# Columns of the fourth to sixth factor, as products of the columns a, b, c (indices 0, 1, 2).
GENERATORS = ((0, 1, 2), (0, 2), (1, 2))
FEWEST, FULL, MOST = 2, 3, 6


def plan_fractional(study: Study, base_dir: Path) -> list[DesignPoint]:  # noqa: ARG001
    """Return the runs of a two-level design: all combinations of 2 or 3 factors, 8 runs for 4 to 6 factors.

    Factors without levels are held at their default.
    """
    _check_factors(study)
    varied = [factor for factor in study.factors if factor.levels]
    rows = [_row(study, varied, signs) for signs in sign_table(len(varied))]
    center = {factor.name: _center(factor, rows) for factor in study.factors}
    return points_of_rows(study, rows, center)


def fractional_size(study: Study) -> int:
    """Return the number of conditions."""
    return row_design_size(study, 2 ** min(sum(1 for factor in study.factors if factor.levels), FULL))


def sign_table(factors: int) -> list[tuple[int, ...]]:
    """Return the signs (-1, +1) of 2 to 6 factors: base columns in product order, then d = abc, e = ac, f = bc."""
    base = itertools.product((-1, 1), repeat=min(factors, FULL))
    generators = GENERATORS[: max(factors - FULL, 0)]
    return [(*row, *(math.prod(row[column] for column in columns) for columns in generators)) for row in base]


def _check_factors(study: Study) -> None:
    for index, factor in enumerate(study.factors):
        if factor.levels and len(factor.levels) != 2:
            message = f"factor {factor.name!r} has {len(factor.levels)} levels, a two-level design needs two"
            hint = "keep its lowest and highest level, give it a default instead, or use full_factorial"
            refuse(message, hint, "factors", index, "levels")
    count = sum(1 for factor in study.factors if factor.levels)
    if count > MOST:
        hint = "hold some at a default, or use latin_hypercube or a custom_matrix"
        refuse(f"{count} factors vary, this design takes at most {MOST}", hint, "design_spec", "kind")
    if count < FEWEST:
        hint = "use full_factorial, or add factors with two levels"
        refuse(f"{count} factors vary, this design needs at least {FEWEST}", hint, "design_spec", "kind")


def _row(study: Study, varied: Sequence[Factor], signs: Sequence[int]) -> Row:
    chosen = {factor.name: factor.values[sign > 0] for factor, sign in zip(varied, signs, strict=True)}
    return {factor.name: chosen.get(factor.name, factor.values[0]) for factor in study.factors}


def _center(factor: Factor, rows: Sequence[Row]) -> Any:
    if factor.levels and all(is_number(value) for value in factor.values):
        return midpoint(*factor.values)
    return most_frequent(factor, rows)
