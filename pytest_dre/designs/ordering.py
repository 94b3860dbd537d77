"""The order of conditions: counterbalancing and restricted randomisation."""

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pytest_dre.designs.faults import refuse
from pytest_dre.designs.points import DesignPoint
from pytest_dre.designs.texts import value_text
from pytest_dre.model.study import Study
from pytest_dre.references import did_you_mean

Item = TypeVar("Item")


def counterbalanced(items: Sequence[Item]) -> list[Item]:
    """Return every other item from the first, then the rest in reverse; fewer than three stay as they are."""
    if len(items) < 3:
        return list(items)
    return [*items[::2], *reversed(items[1::2])]


def shuffled(items: Sequence[Item], seed: int, group: Callable[[Item], Any] | None = None) -> list[Item]:
    """Return the items in an order drawn with `random.Random(seed)`.

    With `group`, items of one group stand together, groups in the order of their first item, and only the order inside
    each group is drawn (restricted randomisation: Montgomery 2017, section 4.1).
    """
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault("" if group is None else value_text(group(item)), []).append(item)
    generator = random.Random(seed)
    for members in groups.values():
        generator.shuffle(members)
    return [item for members in groups.values() for item in members]


def randomization_key(study: Study) -> str | None:
    """Return the factor or block inside whose values the order is drawn, None for all of them together."""
    key = study.design_spec.block_randomization_key
    known = [*(factor.name for factor in study.factors), *(block.name for block in study.blocks)]
    if key is not None and key not in known:
        refuse(
            f"no factor or block is named {key!r}", did_you_mean(key, known), "design_spec", "block_randomization_key"
        )
    return key


def arranged(study: Study, points: Sequence[DesignPoint], *, counterbalance: bool = False) -> list[DesignPoint]:
    """Return the points in the order the study asks for: counterbalanced, then randomised."""
    spec = study.design_spec
    ordered = counterbalanced(points) if spec.counterbalance or counterbalance else list(points)
    if not spec.randomize:
        return ordered
    key = randomization_key(study)
    group = None if key is None else lambda point: point.assignments[key]
    return shuffled(ordered, study.seed_policy.base_seed, group)
