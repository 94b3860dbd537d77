"""pytest_dre: the pytest plugin for experiments on agents."""

from pytest_dre._version import __version__

__all__ = ["__version__"]
