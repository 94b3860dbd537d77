"""Plain data → Study, with faults in our own words where it does not have the study's form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pytest_dre.errors import Fault
from pytest_dre.loading.anatomy import annotation_at, choices, field_at, model_at
from pytest_dre.loading.limits import MAX_FAULTS
from pytest_dre.loading.marks import is_boolean_word
from pytest_dre.loading.shorthand import boolean_word_fault
from pytest_dre.loading.wording import advice, kind_of, near, shortened, shown
from pytest_dre.model.factors import DESIGN_ALIASES
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study

_MEANT = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """One place where data does not have the study's form: pydantic's error, freed of its own notions.

    Attributes:
        kind: pydantic's error type ("missing", "extra_forbidden", "string_type", …).
        path: The key it concerns; for "missing" the key that is not there.
        value: What is there.
        context: Bounds and the like.
    """

    kind: str
    path: KeyPath
    value: Any
    context: Mapping[str, Any]


def fit(data: dict[str, Any]) -> tuple[Study | None, list[Misfit]]:
    """Return the study of `data`, or None and the places where it does not fit."""
    try:
        return Study.model_validate(data), []
    except ValidationError as error:
        details = error.errors(include_url=False)[:MAX_FAULTS]
    return None, [_misfit(dict(detail), data) for detail in details]


def _misfit(detail: dict[str, Any], data: Any) -> Misfit:
    path: KeyPath = ()
    value = data
    for part in detail["loc"]:
        # Beyond the data, pydantic goes on with names of alternatives: ("export_tables", "bool").
        if not _has(value, part):
            break
        value, path = value[part], (*path, part)
    if detail["type"] == "missing":
        path, value = (*path, detail["loc"][-1]), None
    kind = "empty_key" if detail["loc"][-1] == "[key]" else detail["type"]
    return Misfit(kind, path, value, detail.get("ctx", {}))


def _has(value: Any, part: Any) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)


def structure_faults(misfits: list[Misfit], written: Mapping[KeyPath, str]) -> list[Fault]:
    """Return one fault for each place that does not fit.

    `written` is what the file says where YAML reads no text. A missing key is not reported where a misspelt one stands.
    """
    misspelt = {(*item.path[:-1], _nearest_key(item)) for item in misfits if item.kind == "extra_forbidden"}
    faults: dict[KeyPath, Fault] = {}
    for item in misfits:
        if item.path in faults or (item.kind == "missing" and item.path in misspelt):
            continue
        if item.kind == "too_short" and any(other.path[:-1] == item.path for other in misfits):
            continue  # pydantic counts only the items that fit
        alike = [other.kind for other in misfits if other.path == item.path] if item.kind in _MEANT else [item.kind]
        faults[item.path] = _fault(item, alike, written.get(item.path))
    return list(faults.values())


def _nearest_key(item: Misfit) -> str | None:
    model = model_at(item.path[:-1])
    return near(str(item.path[-1]), model.model_fields) if model else None


def _fault(item: Misfit, alike: list[str], written: str | None) -> Fault:
    """Return the fault for a place; `alike` are the error types of all alternatives there."""
    match item.kind:
        case "missing":
            return Fault(f"the key {item.path[-1]!r} is missing", f"add '{item.path[-1]}: …'", item.path[:-1])
        case "extra_forbidden":
            return _unknown_key(item)
        case "literal_error":
            return _no_choice(item, written)
        case "value_error":
            return Fault(str(item.context.get("error")), _missing_rule_hint(item), item.path)
    if item.kind in _MEANT:
        return _wrong_kind(item, alike, written)
    message, hint = _bound(item)
    return Fault(message, hint, item.path)


def _missing_rule_hint(item: Misfit) -> str:
    return "add one" if isinstance(item.value, dict) else ""


def _unknown_key(item: Misfit) -> Fault:
    key = str(item.path[-1])
    model = model_at(item.path[:-1])
    known = model.model_fields if model else {}
    owners = [] if near(key, known) else [part for part in Study.model_fields if _owns(part, key)]
    hint = f"it belongs under {' or '.join(owners)}" if owners and len(item.path) == 1 else advice(key, known)
    return Fault(f"the key {shortened(key)!r} is unknown", hint, item.path)


def _owns(part: str, key: str) -> bool:
    model = model_at((part,))
    return bool(model and key in model.model_fields)


def _no_choice(item: Misfit, written: str | None) -> Fault:
    words = choices(annotation_at(item.path))
    if item.path == ("design_spec", "kind"):
        words = (*words, *DESIGN_ALIASES)
    hint = f"write one of {', '.join(words)}"
    if not isinstance(item.value, str):
        return _mistaken(item, "one of these words", hint, written)
    close = near(item.value, words)
    return Fault(f"{shown(item.value)} is not known here", f"did you mean {close!r}?" if close else hint, item.path)


def _wrong_kind(item: Misfit, alike: list[str], written: str | None) -> Fault:
    meant = " or ".join(dict.fromkeys(_MEANT[kind] for kind in alike if kind in _MEANT))
    return _mistaken(item, meant, _correction(item, meant, written), written)


def _mistaken(item: Misfit, meant: str, hint: str, written: str | None) -> Fault:
    """Return the fault of a value that is not what is `meant`; `hint` may be "" if that says what to do."""
    if written and is_boolean_word(written):
        return boolean_word_fault(item.path, written)
    if item.value is None:
        hint = hint or f"write {meant}"
        return Fault("there is no value", f"{hint}, or leave the key out" if _optional(item) else hint, item.path)
    if isinstance(item.value, dict | list | tuple):
        return Fault(f"this is {kind_of(item.value)}; {meant} is meant", hint, item.path)
    what = shortened(written) if written else shown(item.value)
    if meant == "a whole number" and isinstance(item.value, float):
        return Fault(f"{what} is no whole number", hint or "write one, without a point", item.path)
    return Fault(f"{what} is {kind_of(item.value)}; {meant} is meant", hint, item.path)


def _optional(item: Misfit) -> bool:
    field = field_at(item.path)
    return bool(field and not field.is_required())


def _correction(item: Misfit, meant: str, written: str | None) -> str:
    """Return what to write instead, "" if that is only what is meant."""
    value = item.value
    if "text" in meant and isinstance(value, bool | int | float):
        return f'quote it: "{shortened(written or shown(value))}"'
    if meant == "a whole number" and isinstance(value, float) and value.is_integer():
        return f"write {int(value)}" if abs(value) < 1e15 else "write its digits"
    if meant == "true or false" or "number" in meant:
        return "write it without quotes" if isinstance(value, str) and _reads_as(value, meant) else ""
    if meant == "a list":
        return (
            f"write [{shortened(str(value), 30)}]" if isinstance(value, str | int | float) else "write '- item' lines"
        )
    if meant == "a map":
        model = model_at(item.path)
        names = [name for name, field in model.model_fields.items()] if model else []
        return f"write 'key: value' lines ({', '.join(names[:8])})" if names else "write 'key: value' lines"
    return ""


def _reads_as(text: str, meant: str) -> bool:
    """Return whether YAML reads the text, unquoted, as what is meant."""
    if meant == "true or false":
        return text in ("true", "false")
    try:
        (int if meant == "a whole number" else float)(text)
    except ValueError:
        return False
    return True


def _bound(item: Misfit) -> tuple[str, str]:
    """Return message and hint for a value of the right kind outside its bounds."""
    limits = item.context
    match item.kind:
        case "string_too_short":
            return "this is empty", "write a name"
        case "empty_key":
            return "a key is empty", "write a name before the ':'"
        case "invalid_key":
            return "a key is no text", "quote it"
        case "too_short":
            return f"{limits['actual_length']} items are too few", f"give at least {limits['min_length']}"
        case "too_long":
            return "there are too many items", f"give at most {limits['max_length']}"
        case "finite_number":
            return f"{shown(item.value)} is no finite number", "write a finite number"
        case "greater_than_equal":
            return f"{shown(item.value)} is too small", f"write {_bare(limits['ge'])} or more"
        case "greater_than":
            return f"{shown(item.value)} is too small", f"write a number above {_bare(limits['gt'])}"
        case "less_than":
            return f"{shown(item.value)} is too large", f"write a number below {_bare(limits['lt'])}"
    return f"{shown(item.value)} does not fit here", "see the table of keys in docs/study-file.md"


def _bare(bound: float) -> str:
    """Return a bound without the ".0" that its type gives it."""
    return f"{bound:g}"
