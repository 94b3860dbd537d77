"""Bringing the plugin's parts in, once a session meets a study."""

import pytest

from pytest_dre.builtins.hooks import SiblingPackages
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.nodes import registry_key
from pytest_dre.integration.ordering import ReplicatesInOrder
from pytest_dre.integration.settings import Role, settings_of
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.studies import StudyRegistry

_ACTIVE = "dre-session"


def activate(config: pytest.Config) -> None:
    """Register the parts of this process; the second call and later ones do nothing.

    The role is decided here and nowhere else: each role has other parts, no part asks for it. And each brings in only
    what its parts need: that is much of what a short session takes, in each of its processes.
    """
    plugins = config.pluginmanager
    if plugins.has_plugin(_ACTIVE):
        return
    settings = settings_of(config)
    registry = config.stash[registry_key] = StudyRegistry(settings)
    plugins.register(SiblingPackages(), _ACTIVE)
    plugins.register(ReplicatesInOrder())
    if settings.role is not Role.CONTROLLER or config.getoption("collectonly"):  # else workers collect, and mask
        from pytest_dre.integration.masking import FaultsMasked, masker_of

        plugins.register(FaultsMasked(masker_of(config)))
    if config.getoption("dre_plan"):
        from pytest_dre.integration.planning import PlanPrinter

        plugins.register(PlanPrinter(config, registry))
        return
    if config.getoption("collectonly"):
        from pytest_dre.integration.terminal import Terminal

        plugins.register(Terminal(config, registry, None, None))
        return
    stores, baselines = Stores(config, settings), Baselines(settings)
    plugins.register(stores)
    match settings.role:
        case Role.WORKER:
            from pytest_dre.integration.working import register_worker

            register_worker(config, settings, stores, baselines)
        case Role.CONTROLLER:
            from pytest_dre.integration.leading import register_controller

            register_controller(config, settings, registry, stores, baselines)
        case Role.SINGLE:
            from pytest_dre.integration.leading import register_single
            from pytest_dre.integration.working import register_recorder

            register_single(config, settings, registry, stores, baselines)
            register_recorder(config, settings, stores, baselines)
