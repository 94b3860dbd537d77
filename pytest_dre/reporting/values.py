"""Values of factors and blocks as people read them."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_dre.canonical import canonical_json, canonical_value
from pytest_dre.model.factors import Factor
from pytest_dre.model.runs import Condition
from pytest_dre.model.study import Study
from pytest_dre.reporting.width import clean

SHOWN_FLOAT = 8  # characters of a float shown in full, so 0.1 and 0.0625 but not 0.30000000000000004


@dataclass(frozen=True, slots=True)
class LevelNames:
    """The names of factors' levels: factor → canonical JSON of the level's value → name."""

    by_factor: Mapping[str, Mapping[str, str]]

    def show(self, factor: str, value: Any) -> str:
        """Return the name of the level that `value` is, else the value itself, as one harmless line."""
        names = self.by_factor.get(factor)
        name = names.get(value_key(value)) if names else None
        return show_value(value) if name is None else clean(name)


def assignment_texts(condition: Condition, levels: LevelNames) -> tuple[str, ...]:
    """Return "name = value" for each factor and block of the condition."""
    return tuple(f"{clean(name)} = {levels.show(name, value)}" for name, value in condition.assignments.items())


def level_names(study: Study) -> LevelNames:
    """Return the level names of the study's factors; of levels with equal values the first counts."""
    return LevelNames({factor.name: _names(factor) for factor in study.factors if factor.levels})


def _names(factor: Factor) -> dict[str, str]:
    return {value_key(level.value): level.name for level in reversed(factor.levels)}


def show_value(value: Any) -> str:
    """Return any value as one harmless line: text bare, all else as JSON, floats to six digits."""
    match value:
        case str():
            return clean(value) if value.strip() else json.dumps(value)
        case float() if math.isfinite(value):
            text = repr(value)
            return text if len(text) <= SHOWN_FLOAT else f"{value:.6g}"
        case float():
            return str(value)
    try:
        return clean(json.dumps(canonical_value(value), ensure_ascii=False))
    except (ValueError, RecursionError):  # an integer too long for text, a value that contains itself
        return f"<{clean(type(value).__name__)}>"


def value_key(value: Any) -> str:
    """Return what is equal for equal values, and different for 1, 1.0, True and "1"."""
    try:
        return canonical_json(value)
    except (ValueError, RecursionError):
        return f"{type(value).__name__} at {id(value)}"


def is_number(value: Any) -> bool:
    """Return whether `value` is an int or a float (a boolean is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def varying(conditions: Iterable[Condition]) -> list[str]:
    """Return the factors and blocks that have more than one value among the conditions, in their order."""
    first: dict[str, Any] = {}
    found: dict[str, bool] = {}
    for condition in conditions:
        for assignments in (condition.factor_assignments, condition.block_assignments):
            for name, value in assignments.items():
                if not found.setdefault(name, False):
                    found[name] = not _same(first.setdefault(name, value), value)
    return [name for name, varies in found.items() if varies]


def _same(left: Any, right: Any) -> bool:
    """Compare as `value_key` does, but only write out what is not plainly the same."""
    if left is right:
        return True
    if type(left) is type(right) is str:
        return bool(left == right)
    return value_key(left) == value_key(right)
