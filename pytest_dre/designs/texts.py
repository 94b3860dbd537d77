"""Canonical JSON of single values and of maps of them, quickly: a plan asks for it several times a condition."""

from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from typing import Any

from pytest_dre.canonical import canonical_json


def value_text(value: object) -> str:
    """Return `canonical_json(value)`; equal for two values exactly if the identities of conditions cannot tell them."""
    if type(value) is str:
        return encode_basestring_ascii(value)
    if type(value) is int:
        return str(value)
    if value is None:
        return "null"
    return canonical_json(value)


def map_text(values: Mapping[str, Any]) -> str:
    """Return `canonical_json(values)` of a map whose keys are text."""
    return f"{{{','.join(f'{encode_basestring_ascii(key)}:{value_text(values[key])}' for key in sorted(values))}}}"
