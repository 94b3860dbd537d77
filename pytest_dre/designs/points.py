"""Design points: combinations of factor and block values before they get an identity."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.designs.faults import refuse
from pytest_dre.designs.texts import value_text
from pytest_dre.model.study import Study

MAX_CONDITIONS = 100_000  # every process of a session plans them: 2 s and 150 MB
MAX_TEXT = 100_000_000  # characters of all conditions' values


@dataclass(frozen=True, slots=True)
class DesignPoint:
    """One combination of factor and block values.

    Attributes:
        factors: Factor name → value, in the order of the study.
        blocks: Block name → value.
        position: Where the point stands in its design; part of the condition's identity.
        notes: Further metadata that is no part of the identity.
    """

    factors: Mapping[str, Any]
    blocks: Mapping[str, Any]
    position: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def assignments(self) -> dict[str, Any]:
        """Factor and block values by name."""
        return {**self.factors, **self.blocks}


def block_combinations(study: Study) -> list[dict[str, Any]]:
    """Return every combination of block levels, the last block varying fastest; one empty map without blocks."""
    names = [block.name for block in study.blocks]
    return [dict(zip(names, levels, strict=True)) for levels in itertools.product(*(b.levels for b in study.blocks))]


def block_count(study: Study) -> int:
    """Return the number of block combinations."""
    return math.prod(len(block.levels) for block in study.blocks)


def cross_with_blocks(study: Study, rows: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[DesignPoint]:
    """Return each row, a pair of factor values and position, with every combination of block levels."""
    refuse_explosion(len(rows) * block_count(study))
    combinations = block_combinations(study)
    return [DesignPoint(factors, blocks, position) for factors, position in rows for blocks in combinations]


def refuse_bulk(study: Study, count: int) -> None:
    """Raise StudyError if the values of `count` conditions are more text than ids can be made of in seconds."""
    columns = [*(factor.values for factor in study.factors), *(block.levels for block in study.blocks)]
    mean = sum(sum(len(value_text(value)) for value in values) / len(values) for values in columns)
    if count * mean > MAX_TEXT:
        size, limit = f"{count * mean / 1e6:,.0f} MB", f"{MAX_TEXT // 10**6} MB"
        refuse(
            f"the values of {count:,} conditions come to {size}, at most {limit} can be planned",
            "keep long values in files, and let levels name these",
            "factors",
        )


def refuse_explosion(count: int) -> None:
    """Raise StudyError if a design has more conditions than can be planned; call it before they are made."""
    if count > MAX_CONDITIONS:
        refuse(
            f"the design has {count:,} conditions, at most {MAX_CONDITIONS:,} can be planned",
            "use fewer factors or levels, or a fractional design or Latin hypercube",
            "design_spec",
        )
