"""What designs made of rows share: replication, centre points, randomisation, indices and blocks."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from pytest_dre.designs.ordering import randomization_key, shuffled
from pytest_dre.designs.points import DesignPoint, block_count, cross_with_blocks
from pytest_dre.designs.texts import value_text
from pytest_dre.model.factors import Factor
from pytest_dre.model.study import Study

Row = Mapping[str, Any]


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether `value` is a finite number (a boolean is none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max


def row_design_size(study: Study, base_rows: int) -> int:
    """Return how many conditions `base_rows` rows come to."""
    spec = study.design_spec
    return (base_rows * spec.replicates + spec.center_points) * block_count(study)


def points_of_rows(study: Study, rows: Sequence[Row], center: Row) -> list[DesignPoint]:
    """Return the points of a design whose rows are `rows`.

    The whole design is repeated `replicates` times, `center_points` centre points follow, then the rows are put in a
    random order if the study says so, and only then get their index; each row meets every combination of block levels.
    """
    spec = study.design_spec
    everything = [*list(rows) * spec.replicates, *[center] * spec.center_points]
    if spec.randomize:
        key = randomization_key(study)
        # Rows have no block values yet: one order serves every block.
        inside = key if key is not None and key in center else None
        group = None if inside is None else lambda row: row[inside]
        everything = shuffled(everything, study.seed_policy.base_seed, group)
    indexed = [(row, {"design_kind": spec.kind, "row_index": index}) for index, row in enumerate(everything)]
    return cross_with_blocks(study, indexed)


def midpoint(low: float, high: float) -> float:
    """Return the value halfway between two numbers."""
    return (low + high) / 2


def most_frequent(factor: Factor, rows: Sequence[Row]) -> Any:
    """Return the factor's most frequent value in `rows`; of equally frequent ones the level declared first."""
    counts = Counter(value_text(row[factor.name]) for row in rows)
    return max(factor.values, key=lambda value: counts[value_text(value)])
