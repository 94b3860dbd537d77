"""Keys of maps that come to be the same text."""

from collections.abc import Container
from typing import Any


def free_key(key: Any, taken: Container[Any]) -> Any:
    """Return the key, told apart by a number if it is taken."""
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free
