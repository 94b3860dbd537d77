"""What a run may change in its process: put back after it, so that the next run does not depend on this one."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_surroundings() -> Iterator[None]:
    """Restore the working directory, the environment, the root logger's level and the warnings filters afterwards."""
    directory, environment = _working_directory(), os.environ.copy()
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


def _restore_environment(before: dict[str, str]) -> None:
    now = os.environ.copy()
    if now == before:
        return
    for name in now.keys() - before.keys():
        del os.environ[name]
    for name, value in before.items():
        if now.get(name) != value:
            os.environ[name] = value


def _working_directory() -> str | None:
    """Return the working directory, None if somebody has removed it."""
    try:
        return os.getcwd()  # noqa: PTH109 - a Path would cost more than all else here
    except FileNotFoundError:
        return None
