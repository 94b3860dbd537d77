"""What a study must not hold, because its artifacts would publish it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_dre.errors import Fault
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.model.study import Study

MIN_LENGTH = 16  # characters; a shorter password may be a word of ordinary texts

_Path = tuple[str | int, ...]


def secret_faults(study: Study) -> list[Fault]:
    """Return where the study holds the value of an environment variable that looks like a key.

    Unlike what agents say, its texts are not masked: ids, levels and tables would not be the study's any more.
    """
    masker = SecretMasker()
    secrets = masker.secrets(MIN_LENGTH)
    if not secrets:
        return []
    found = dict.fromkeys(
        (path, name)
        for path, text in _texts(study.model_dump(), ())
        for secret, name in secrets.items()
        if secret in text
    )
    return [
        Fault(
            f"it holds the value of the environment variable {name}, which the artifacts would publish",
            "read it from the environment where it is used",
            path,
        )
        for path, name in found
    ]


def _texts(value: Any, path: _Path) -> Iterator[tuple[_Path, str]]:
    """Yield each text with its path; a key's is that of its map, as the path itself is shown."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield path, str(key)
            yield from _texts(item, (*path, key if isinstance(key, str) else str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
