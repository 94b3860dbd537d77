"""Latin squares (Montgomery 2017, section 4.2): each treatment once in each row and each column."""

from pathlib import Path
from typing import Any

from pytest_dre.designs.faults import refuse
from pytest_dre.designs.ordering import arranged
from pytest_dre.designs.points import DesignPoint, block_count, cross_with_blocks, refuse_explosion
from pytest_dre.model.factors import Factor
from pytest_dre.model.study import Study
from pytest_dre.references import did_you_mean

ROLES = ("row_factor", "column_factor", "treatment_factor")


def plan_latin_square(study: Study, base_dir: Path) -> list[DesignPoint]:  # noqa: ARG001
    """Return the n × n cells, row by row; the treatment's index is (row + column) mod n.

    Further factors must be constant; blocks are crossed with every cell.
    """
    rows, columns, treatments = (_factor_of(study, role) for role in ROLES)
    _check_distinct(rows, columns, treatments)
    size = len(rows.values)
    _check_sizes(size, rows, columns, treatments)
    constants = _constants(study, rows, columns, treatments)
    refuse_explosion(size * size * block_count(study))
    order = [factor.name for factor in study.factors]
    cells = []
    for row, row_value in enumerate(rows.values):
        for column, column_value in enumerate(columns.values):
            treatment = treatments.values[(row + column) % size]
            cell = {**constants, rows.name: row_value, columns.name: column_value, treatments.name: treatment}
            position = {"design_kind": "latin_square", "latin_square_row": row, "latin_square_col": column}
            cells.append(({name: cell[name] for name in order}, position))
    return arranged(study, cross_with_blocks(study, cells))


def _factor_of(study: Study, role: str) -> Factor:
    names = [factor.name for factor in study.factors]
    name = study.design_spec.options.get(role)
    if name is None:
        refuse(f"latin_square needs the option {role}", f"name a factor: {', '.join(names)}", "design_spec", "options")
    if name not in names:
        refuse(f"no factor is named {name!r}", did_you_mean(str(name), names), "design_spec", "options", role)
    return study.factors[names.index(name)]


def _check_distinct(*factors: Factor) -> None:
    for index, role in enumerate(ROLES):
        if factors[index].name in [factor.name for factor in factors[:index]]:
            message = f"factor {factors[index].name!r} has two parts in the square"
            refuse(message, "name three different factors", "design_spec", "options", role)


def _check_sizes(size: int, *factors: Factor) -> None:
    if any(len(factor.values) != size for factor in factors):
        counts = ", ".join(f"{factor.name!r} has {len(factor.values)}" for factor in factors)
        message = f"the factors of a Latin square need equally many levels: {counts}"
        refuse(message, "add or remove levels, or use full_factorial", "design_spec", "options")


def _constants(study: Study, *square: Factor) -> dict[str, Any]:
    used = {factor.name for factor in square}
    for index, factor in enumerate(study.factors):
        if factor.name not in used and len(factor.values) > 1:
            message = f"factor {factor.name!r} has several levels but no part in the Latin square"
            refuse(message, "give it one level, make it a block, or use full_factorial", "factors", index)
    return {factor.name: factor.values[0] for factor in study.factors if factor.name not in used}
