"""The sibling packages as the last to be asked for an agent or problem."""

import pytest

from pytest_dre.builtins.siblings import resolve_sibling_agent, resolve_sibling_problem


class SiblingPackages:
    """Looks up in `design-research-agents` and `design-research-problems` what nothing else binds."""

    @pytest.hookimpl(trylast=True)
    def pytest_dre_resolve_agent(self, ref: str) -> object | None:
        """Return the agent that the package exports under this name."""
        return resolve_sibling_agent(ref)

    @pytest.hookimpl(trylast=True)
    def pytest_dre_resolve_problem(self, ref: str) -> object | None:
        """Return the packaged problem of this id."""
        return resolve_sibling_problem(ref)
