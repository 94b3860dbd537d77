"""Data that does not have the study's form → a study to cross-check all the same.

So that one look at a file finds all its faults, what is wrong is left out or replaced by a stand-in, and cross-checks
pass over what is only wrong because of that.
"""

import copy
from typing import Any, get_origin

from pytest_dre.loading.anatomy import alternatives, annotation_at, choices, field_at, is_model, model_at
from pytest_dre.loading.structure import Misfit, fit
from pytest_dre.model.factors import Constraint, Factor
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study

RULES: dict[type, dict[str, Any]] = {Factor: {"default": None}, Constraint: {"expression": "True"}}
ROUNDS = 6  # a stand-in for a part may lack keys of its own


def repaired_study(data: dict[str, Any], misfits: list[Misfit]) -> tuple[Study | None, frozenset[KeyPath]]:
    """Return a study near to `data` and the keys that were changed for it; None if there is no way."""
    data = copy.deepcopy(data)
    changed: set[KeyPath] = set()
    for _ in range(ROUNDS):
        for item in misfits:
            changed |= _repair(data, item)
        study, misfits = fit(data)
        if study:
            return study, frozenset(changed)
    return None, frozenset(changed)


def _repair(data: dict[str, Any], item: Misfit) -> set[KeyPath]:
    """Make the place fit; return the keys changed."""
    if item.kind == "value_error":
        return _satisfy_rule(data, item)
    parent = _container(data, item.path[:-1])
    if parent is None:
        return {item.path}
    key = item.path[-1]
    if item.kind == "extra_forbidden":
        parent.pop(key, None)
        return {item.path}
    field = field_at(item.path)
    annotation = annotation_at(item.path)
    keep = isinstance(parent, list) or (field is not None and (field.is_required() or str in alternatives(annotation)))
    if keep:
        parent[key] = _stand_in(annotation, item.path)
    else:
        parent.pop(key, None)
    return {item.path}


def _container(data: Any, path: KeyPath) -> Any:
    """Return the map or list at `path`, None if an earlier repair removed it."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data if isinstance(data, dict | list) else None


def _satisfy_rule(data: dict[str, Any], item: Misfit) -> set[KeyPath]:
    """Add the key that a part's own rule asks for; return the keys changed."""
    part = _container(data, item.path)
    added: dict[str, Any] = RULES.get(model_at(item.path) or Study, {})
    if isinstance(part, dict):
        part.update(added)
    return {(*item.path, key) for key in added}


def _stand_in(annotation: Any, path: KeyPath) -> Any:
    """Return a value of the type that no other place of the study has."""
    unique = f"\0{path}"
    kinds = alternatives(annotation)
    words = choices(annotation)
    if words:
        return words[0]
    if any(is_model(kind) for kind in kinds):
        return {}
    return [unique] if any(get_origin(kind) is tuple for kind in kinds) else unique
