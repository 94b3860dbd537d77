"""Misspelt keys, read as what they must have meant: so that what stands under them is checked as well."""

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from pytest_dre.loading.anatomy import model_at
from pytest_dre.loading.structure import Misfit
from pytest_dre.loading.wording import near
from pytest_dre.model.source import KeyPath

Item = TypeVar("Item")


def corrected(data: dict[str, Any], misfits: list[Misfit]) -> tuple[dict[str, Any], dict[KeyPath, KeyPath]]:
    """Return `data` with each misspelt key under its nearest known name, and the old path by the new one."""
    data = copy.deepcopy(data)
    renamed: dict[KeyPath, KeyPath] = {}
    for item in misfits:
        model = model_at(item.path[:-1])
        if item.kind != "extra_forbidden" or model is None:
            continue
        close = near(str(item.path[-1]), model.model_fields)
        parent: Any = data
        for part in item.path[:-1]:
            parent = parent[part]
        if close is not None and close not in parent:
            parent[close] = parent.pop(item.path[-1])
            renamed[*item.path[:-1], close] = item.path
    return data, renamed


def as_written(path: KeyPath, renamed: Mapping[KeyPath, KeyPath]) -> KeyPath:
    """Return `path` with the key as the file has it."""
    for length in range(1, len(path) + 1):
        if path[:length] in renamed:
            return renamed[path[:length]] + path[length:]
    return path


def is_renamed(path: KeyPath, renamed: Mapping[KeyPath, KeyPath]) -> bool:
    """Return whether `path` is a key that was misspelt, or below one."""
    return any(path[:length] in renamed for length in range(1, len(path) + 1))


def by_corrected(values: Mapping[KeyPath, Item], renamed: Mapping[KeyPath, KeyPath]) -> dict[KeyPath, Item]:
    """Return `values`, found by the file's paths, by the corrected paths."""
    new = {old: new for new, old in renamed.items()}
    return {as_written(path, new): value for path, value in values.items()}
