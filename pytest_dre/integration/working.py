"""What carries out and records runs: the parts of the only process, and of each xdist worker."""

import pytest

from pytest_dre.integration.admission import SessionPurse
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.gates import GatesElsewhere
from pytest_dre.integration.masking import masker_of
from pytest_dre.integration.memory import SettledItems
from pytest_dre.integration.nodes import recorder_key
from pytest_dre.integration.packing import ReportsPacked
from pytest_dre.integration.recorder import Recorder
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores


def register_recorder(config: pytest.Config, settings: Settings, stores: Stores, baselines: Baselines) -> None:
    """Register what each process needs that has runs."""
    purse = SessionPurse(settings)
    recorder = config.stash[recorder_key] = Recorder(settings, stores, purse, masker_of(config), baselines)
    config.pluginmanager.register(purse)
    config.pluginmanager.register(recorder, "dre-recorder")
    config.pluginmanager.register(SettledItems(config))


def register_worker(config: pytest.Config, settings: Settings, stores: Stores, baselines: Baselines) -> None:
    """Register the parts of an xdist worker: gates are another's."""
    config.pluginmanager.register(GatesElsewhere(stores))
    config.pluginmanager.register(ReportsPacked())
    register_recorder(config, settings, stores, baselines)
