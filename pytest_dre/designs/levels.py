"""Finding the declared level behind a value, and what levels say about comparisons."""

from collections.abc import Mapping
from typing import Any

from pytest_dre.designs.texts import value_text
from pytest_dre.errors import Fault
from pytest_dre.model.factors import Factor, Level
from pytest_dre.model.study import Study

Levels = Mapping[str, Mapping[str, Level]]


def levels_by_value(study: Study) -> dict[str, dict[str, Level]]:
    """Return, for each factor, its levels by the canonical JSON of their values; of equal values the first."""
    return {
        factor.name: {value_text(level.value): level for level in reversed(factor.levels)} for factor in study.factors
    }


def comparison_levels(study: Study) -> dict[str, dict[str, Level]]:
    """Return the levels of those factors that have levels declared as arms of a comparison."""
    return {
        name: levels
        for name, levels in levels_by_value(study).items()
        if any(level.marks_comparison for level in levels.values())
    }


def comparison_metadata(levels: Levels, factors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that a condition has for comparisons, {} if none of its levels is an arm of one."""
    axes, labels, baselines = {}, [], []
    for name, by_value in levels.items():
        level = by_value.get(value_text(factors[name]))
        if level is None or not level.marks_comparison:
            continue
        axes[name] = {
            "value": factors[name],
            "level_name": level.name,
            "label": level.shown_label,
            "role": level.role,
            "is_baseline": level.is_baseline,
        }
        labels.append(level.shown_label)
        if level.is_baseline:
            baselines.append(name)
    if not axes:
        return {}
    return {
        "condition_label": " | ".join(labels),
        "comparison_axes": axes,
        "comparison_baseline": {"is_baseline_condition": len(baselines) == len(axes), "axes": baselines},
    }


def equal_levels(study: Study) -> list[Fault]:
    """Return a fault for each level, of a factor or block, that has the value of an earlier one."""
    faults = [fault for index, factor in enumerate(study.factors) for fault in _equal_in_factor(index, factor)]
    for index, block in enumerate(study.blocks):
        texts = [value_text(value) for value in block.levels]
        for number, text in enumerate(texts):
            if text in texts[:number]:
                message = f"block {block.name!r} has the level {text} twice, so its conditions cannot be told apart"
                faults.append(Fault(message, "remove one", ("blocks", index, "levels", number)))
    return faults


def _equal_in_factor(index: int, factor: Factor) -> list[Fault]:
    faults = []
    first: dict[str, Level] = {}
    for number, level in enumerate(factor.levels):
        text = value_text(level.value)
        other = first.setdefault(text, level)
        if other is not level:
            message = (
                f"levels {other.name!r} and {level.name!r} of factor {factor.name!r} both have the value {text}, "
                "so their conditions cannot be told apart"
            )
            faults.append(Fault(message, "give each level a value of its own", ("factors", index, "levels", number)))
    return faults
