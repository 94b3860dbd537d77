"""What a run may change in its process: put back after it, so that the next run does not depend on this one."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def kept_surroundings() -> Iterator[None]:
    """Restore the working directory, the environment, the root logger's level and the warnings filters afterwards."""
    directory, environment = _working_directory(), _environment()
    level, disabled = logging.root.level, logging.root.manager.disable
    try:
        with warnings.catch_warnings():
            yield
    finally:
        if directory is not None and _working_directory() != directory:
            os.chdir(directory)
        _restore_environment(environment)
        if logging.root.level != level:
            logging.root.setLevel(level)
        if logging.root.manager.disable != disabled:
            logging.disable(disabled)


def _environment() -> dict[Any, Any]:
    """Return the environment as Python keeps it: `os.environ.copy()` decodes each variable, which takes too long."""
    return dict(getattr(os.environ, "_data", os.environ))


def _restore_environment(before: dict[Any, Any]) -> None:
    now = _environment()
    if now == before:
        return
    for name in now.keys() - before.keys():
        del os.environ[os.fsdecode(name)]
    for name, value in before.items():
        if now.get(name) != value:
            os.environ[os.fsdecode(name)] = os.fsdecode(value)


def _working_directory() -> str | None:
    """Return the working directory, None if somebody has removed it."""
    try:
        return os.getcwd()  # noqa: PTH109 - a Path would cost more than all else here
    except FileNotFoundError:
        return None
