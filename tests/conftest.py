"""Options of this project's own tests. Property tests: the same examples every time, no time limit that could flake."""

import pytest
from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how much of the fault injection in tests/faults is done."""
    group = parser.getgroup("faults", "tests of faults")
    group.addoption("--faults-full", action="store_true", help="inject all faults, not a tenth of them")
    group.addoption("--faults-seed", type=int, default=0, metavar="N", help="draw other faults (default: 0)")
