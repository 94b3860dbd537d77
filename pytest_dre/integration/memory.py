"""What the garbage collector looks at while runs are carried out, and at the session's end."""

import gc

import pytest


class SettledItems:
    """Keeps the collector from items and reports: ten thousands of objects that live to the session's end.

    To look through them again and again takes a twentieth of a session of trivial runs: while they run, while it
    exports, and when pytest looks for garbage at the very end. What they refer to is freed as ever once nobody refers
    to it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._frozen = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Freeze what is there, unless somebody else has frozen something."""
        if gc.get_freeze_count() == 0:
            gc.freeze()
            self._frozen = True
            # pytest looks for garbage after the last hook: what it is to be spared must stay frozen until then.
            self._config.pluginmanager.get_plugin("dre-lazy").at_the_end.append(gc.unfreeze)  # type: ignore[union-attr]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Collect the garbage of the runs, with what its finalizers have to tell, and freeze the rest."""
        if self._frozen:
            gc.collect()
            gc.freeze()
