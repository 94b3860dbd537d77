"""Other ways to write the same study: what they stand for.

`levels: [low, high]` stands for `levels: [{name: low, value: low}, …]`, and the default output directory, written out,
for none.
"""

from typing import Any

from pytest_dre.errors import Fault
from pytest_dre.loading.marks import is_boolean_word
from pytest_dre.model.source import KeyPath


def level_name(value: Any) -> str:
    """Return the name that the level `value` gets if it is written without one."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
    return str(value)


def expand(data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` in its full form; the data given stays as it is."""
    data = _expand_levels(data)
    if isinstance(data.get("study_id"), str) and data.get("output_dir") == f"artifacts/{data['study_id']}":
        return {**data, "output_dir": None}
    return data


def _expand_levels(data: dict[str, Any]) -> dict[str, Any]:
    factors = data.get("factors")
    if not isinstance(factors, list | tuple):
        return data
    return {**data, "factors": [_expand_factor(factor) for factor in factors]}


def _expand_factor(factor: Any) -> Any:
    if not isinstance(factor, dict) or not isinstance(factor.get("levels"), list | tuple):
        return factor
    return {**factor, "levels": [_expand_level(level) for level in factor["levels"]]}


def _expand_level(level: Any) -> Any:
    plain = level is None or isinstance(level, bool | int | float | str)
    return {"name": level_name(level), "value": level} if plain else level


def boolean_word_faults(written: dict[KeyPath, str]) -> list[Fault]:
    """Return a fault for each plain level `on`, `off`, `yes` or `no`: YAML reads a boolean, a name is meant."""
    return [boolean_word_fault(path, text) for path, text in written.items() if _is_plain_level(path, text)]


def boolean_word_fault(path: KeyPath, text: str) -> Fault:
    """Return the fault of a word that YAML reads as a boolean."""
    return Fault(f"YAML reads {text} as a boolean; text is meant", f'quote it: "{text}"', path)


def _is_plain_level(path: KeyPath, text: str) -> bool:
    match path:
        case ("factors" | "blocks", int(), "levels", int()):
            return is_boolean_word(text)
    return False
