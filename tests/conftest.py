"""Options of this project's own tests. Property tests: the same examples every time, no time limit that could flake."""

import signal

import pytest
from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how much of the fault injection in tests/faults is done."""
    group = parser.getgroup("faults", "tests of faults")
    group.addoption("--faults-full", action="store_true", help="inject all faults, not a tenth of them")
    group.addoption("--faults-seed", type=int, default=0, metavar="N", help="draw other faults (default: 0)")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C reach the sessions that tests start and interrupt: a shell's background job ignores it, and passes
    that on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def not_a_ci_job():
    """Let the sessions that tests start print and write the same wherever the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
            patch.delenv(name, raising=False)
        yield
