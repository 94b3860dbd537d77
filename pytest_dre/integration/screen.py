"""How much room there is to show something."""

import shutil

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
