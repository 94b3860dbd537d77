"""Canonical JSON and the identifiers made from it.

Ids and seeds of studies are exchanged with other tools, so their bytes are a contract: keys sorted, separators `,`
and `:`, non-ASCII escaped.
"""

import dataclasses
import enum
import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

ID_DIGITS = 12
SEED_MODULUS = 2**31 - 1


def canonical_value(value: object) -> Any:
    """Return `value` as plain JSON data (dict with text keys, list, str, int, float, bool, None).

    Enums give their value, paths and anything unknown their text, tuples and sets lists (sets are sorted by their
    canonical JSON, so that equal sets give equal bytes), dataclasses maps of their fields.
    """
    match value:
        case enum.Enum():
            return canonical_value(value.value)
        case None | bool() | int() | float() | str():
            return value
        case PurePath():
            return str(value)
        case Mapping():
            return {str(key): canonical_value(item) for key, item in value.items()}
        case list() | tuple():
            return [canonical_value(item) for item in value]
        case set() | frozenset():
            return sorted((canonical_value(item) for item in value), key=canonical_json)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: canonical_value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return str(value)


def canonical_json(payload: object) -> str:
    """Return the canonical JSON text of `payload`."""
    return json.dumps(canonical_value(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(payload: object) -> str:
    """Return the SHA-256 of the canonical JSON of `payload`, as 64 hex digits."""
    return hashlib.sha256(canonical_json(payload).encode()).hexdigest()


def identifier(prefix: str, payload: object) -> str:
    """Return `prefix`, a hyphen and the first 12 hex digits of the payload's SHA-256."""
    return f"{prefix}-{digest(payload)[:ID_DIGITS]}"


def seed_from(payload: object) -> int:
    """Return a seed in [0, 2^31 - 1): the first 16 hex digits of the payload's SHA-256, modulo 2^31 - 1."""
    return int(digest(payload)[:16], 16) % SEED_MODULUS
