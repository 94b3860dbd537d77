"""Claiming the studies of a session in one process, before its first run."""

from contextlib import suppress

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.limit_names import require_known_agents
from pytest_dre.integration.nodes import GateItem, RunItem
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores


class Opening:
    """Opens the stores outside of any run: waiting for another session must not count as a run's time."""

    def __init__(self, settings: Settings, baselines: Baselines, stores: Stores) -> None:
        self._settings = settings
        self._baselines = baselines
        self._stores = stores

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Claim each study that has selected runs; what is wrong with a store is told by its runs."""
        if session.testsfailed and not session.config.option.continue_on_collection_errors:
            return
        for study_file in dict.fromkeys(item.parent for item in session.items if isinstance(item, GateItem)):
            self._baselines.require(study_file.planned)
        files = dict.fromkeys(item.parent for item in session.items if isinstance(item, RunItem))
        require_known_agents(self._settings, [study_file.planned for study_file in files])
        for study_file in files:
            with suppress(StoreError):
                self._stores.of(study_file.planned)
