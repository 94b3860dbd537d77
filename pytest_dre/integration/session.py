"""Bringing the plugin's parts in, once a session meets a study."""

from pathlib import Path

import pytest

from pytest_dre.builtins.hooks import SiblingPackages
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.integration.admission import SessionPurse, SharedLedger
from pytest_dre.integration.closing import Exporter
from pytest_dre.integration.nodes import StudyFile, recorder_key, registry_key
from pytest_dre.integration.opening import Opening
from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.planning import PlanPrinter
from pytest_dre.integration.recorder import Recorder
from pytest_dre.integration.settings import Role, Settings, settings_of
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.integration.terminal import Terminal
from pytest_dre.integration.xdist import ClosingParts, Controller

_ACTIVE = "dre-session"


def activate(config: pytest.Config) -> None:
    """Register the parts of this process; the second call and later ones do nothing.

    The role is decided here and nowhere else: each role has other parts, no part asks for it.
    """
    plugins = config.pluginmanager
    if plugins.has_plugin(_ACTIVE):
        return
    settings = settings_of(config)
    registry = config.stash[registry_key] = StudyRegistry(settings)
    plugins.register(SiblingPackages(), _ACTIVE)
    if config.getoption("dre_plan"):
        plugins.register(PlanPrinter(config, registry))
    elif config.getoption("collectonly"):
        plugins.register(Terminal(config, registry, None, None))
    else:
        stores = Stores(config, settings)
        plugins.register(stores)
        if settings.role is Role.WORKER:
            _register_recorder(config, settings, stores)
        else:
            _register_closing(config, settings, registry, stores)


def collect_study(path: Path, parent: pytest.Collector) -> StudyFile:
    """Return the collector of the study at `path`."""
    if path.is_relative_to(parent.config.rootpath):
        return StudyFile.from_parent(parent, path=path)
    # pytest would give each study outside the rootdir that is named on the command line the same, empty node id.
    return StudyFile.from_parent(parent, path=path, nodeid=path.as_posix())


def _register_recorder(config: pytest.Config, settings: Settings, stores: Stores) -> None:
    purse = SessionPurse(settings)
    masker = SecretMasker(config.getini("dre_secrets"))
    recorder = config.stash[recorder_key] = Recorder(settings, stores, purse, masker)
    config.pluginmanager.register(purse)
    config.pluginmanager.register(recorder, "dre-recorder")


def _register_closing(config: pytest.Config, settings: Settings, registry: StudyRegistry, stores: Stores) -> None:
    """Whoever sees all reports closes the session."""
    pending = PendingRuns(config)
    exporter = Exporter(settings, registry, stores, config)
    closing = ClosingParts(pending, exporter, Terminal(config, registry, exporter, pending))
    plugins = config.pluginmanager
    for part in (closing.pending, closing.exporter, closing.terminal, SharedLedger(settings)):
        plugins.register(part)
    if settings.role is Role.SINGLE:
        plugins.register(Opening(stores))
        _register_recorder(config, settings, stores)
    else:
        plugins.register(Controller(config, settings, registry, stores, closing), "dre-controller")
