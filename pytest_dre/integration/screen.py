"""What a user can see from where they stand: paths, and how much room there is."""

import os
import shutil
from pathlib import Path

import pytest

LOG_COLUMNS = 80  # where there is no terminal: a worker, or `-p no:terminal`
LOG_LINES = 40


def columns(config: pytest.Config) -> int:
    """Return the width that pytest writes with."""
    if config.pluginmanager.has_plugin("terminalreporter"):
        return config.get_terminal_writer().fullwidth
    return LOG_COLUMNS


def lines() -> int:
    """Return the height of the terminal, at least ten lines."""
    return max(10, shutil.get_terminal_size((LOG_COLUMNS, LOG_LINES)).lines - 2)


def from_here(path: Path, config: pytest.Config) -> str:
    """Return the path as one would type it: relative to where pytest was started, or absolute if that is shorter."""
    return min(str(path), os.path.relpath(path, config.invocation_params.dir), key=len)
