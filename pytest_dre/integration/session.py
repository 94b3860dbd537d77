"""Bringing the plugin's parts in, once a session meets a study."""

import pytest

from pytest_dre.builtins.hooks import SiblingPackages
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.integration.admission import SessionPurse, SharedLedger
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.closing import Exporter
from pytest_dre.integration.gates import GateJudge, GatesAfterwards, GatesElsewhere, GatesLast
from pytest_dre.integration.github import StepSummary
from pytest_dre.integration.memory import SettledItems
from pytest_dre.integration.nodes import judge_key, recorder_key, registry_key
from pytest_dre.integration.opening import Opening
from pytest_dre.integration.ordering import ReplicatesInOrder
from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.planning import PlanPrinter
from pytest_dre.integration.recorder import Recorder
from pytest_dre.integration.reports import PropertiesRestored
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
    plugins.register(ReplicatesInOrder())
    if config.getoption("dre_plan"):
        plugins.register(PlanPrinter(config, registry))
    elif config.getoption("collectonly"):
        plugins.register(Terminal(config, registry, None, None))
    else:
        stores, baselines = Stores(config, settings), Baselines(settings)
        plugins.register(stores)
        if settings.role is Role.WORKER:
            plugins.register(GatesElsewhere(stores))
            _register_recorder(config, settings, stores, baselines)
        else:
            _register_closing(config, settings, registry, stores, baselines)


def _register_recorder(config: pytest.Config, settings: Settings, stores: Stores, baselines: Baselines) -> None:
    purse = SessionPurse(settings)
    masker = SecretMasker(config.getini("dre_secrets"))
    recorder = config.stash[recorder_key] = Recorder(settings, stores, purse, masker, baselines)
    config.pluginmanager.register(purse)
    config.pluginmanager.register(recorder, "dre-recorder")
    config.pluginmanager.register(SettledItems())


def _register_closing(
    config: pytest.Config, settings: Settings, registry: StudyRegistry, stores: Stores, baselines: Baselines
) -> None:
    """Whoever sees all reports closes the session."""
    pending = PendingRuns(config)
    judge = config.stash[judge_key] = GateJudge(settings, baselines, stores)
    exporter = Exporter(settings, registry, stores, judge, pending=pending, config=config)
    terminal = Terminal(config, registry, exporter, pending)
    closing = ClosingParts(pending, exporter, terminal, GatesAfterwards(registry), baselines)
    plugins = config.pluginmanager
    for part in (closing.pending, closing.exporter, closing.terminal, StepSummary(exporter), SharedLedger(settings)):
        plugins.register(part)
    if settings.role is Role.SINGLE:
        plugins.register(Opening(settings, baselines, stores))
        plugins.register(GatesLast())
        _register_recorder(config, settings, stores, baselines)
    else:
        plugins.register(PropertiesRestored())
        plugins.register(closing.gates, "dre-gates")
        plugins.register(Controller(config, settings, registry, stores, closing), "dre-controller")
