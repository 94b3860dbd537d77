"""What closes a session: the parts of the process that its user started, the only one or the controller."""

import pytest

from pytest_dre.integration.admission import SharedLedger
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.closing import Exporter
from pytest_dre.integration.gates import GateJudge, GatesAfterwards, GatesLast
from pytest_dre.integration.github import StepSummary
from pytest_dre.integration.memory import SettledItems
from pytest_dre.integration.nodes import judge_key
from pytest_dre.integration.opening import Opening
from pytest_dre.integration.packing import ReportsUnpacked
from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.integration.terminal import Replays, Terminal
from pytest_dre.integration.xdist import ClosingParts, Controller


def register_single(
    config: pytest.Config, settings: Settings, registry: StudyRegistry, stores: Stores, baselines: Baselines
) -> None:
    """Register the parts that only the only process has; it carries out the runs as well."""
    _register_closing(config, settings, registry, stores, baselines)
    config.pluginmanager.register(Opening(settings, baselines, stores))
    config.pluginmanager.register(GatesLast())


def register_controller(
    config: pytest.Config, settings: Settings, registry: StudyRegistry, stores: Stores, baselines: Baselines
) -> None:
    """Register the parts of the controller of an xdist session."""
    closing = _register_closing(config, settings, registry, stores, baselines)
    config.pluginmanager.register(SettledItems(config))
    config.pluginmanager.register(ReportsUnpacked())
    config.pluginmanager.register(closing.gates, "dre-gates")
    config.pluginmanager.register(Controller(config, settings, registry, stores, closing), "dre-controller")


def _register_closing(
    config: pytest.Config, settings: Settings, registry: StudyRegistry, stores: Stores, baselines: Baselines
) -> ClosingParts:
    """Whoever sees all reports closes the session."""
    pending = PendingRuns(config)
    stores.when_salvaged(pending.add_undone)
    judge = config.stash[judge_key] = GateJudge(settings, baselines, stores)
    exporter = Exporter(settings, registry, stores, judge, pending=pending, config=config)
    terminal = Terminal(config, registry, exporter, pending)
    for part in (pending, exporter, terminal, StepSummary(exporter), SharedLedger(settings)):
        config.pluginmanager.register(part)
    if settings.resumption.resume:
        config.pluginmanager.register(Replays())
    return ClosingParts(pending, exporter, terminal, GatesAfterwards(registry), baselines)
