"""What the garbage collector looks at from the first study that a session meets to its end."""

import gc

import pytest

SETTLED_AT_ONCE = 500  # items


class SettledItems:
    """Keeps the collector from items and reports: ten thousands of objects that live to the session's end.

    To look through them again and again takes a twentieth of a session of trivial runs: while they are made and run,
    while it exports, and when pytest looks for garbage at the very end. What they refer to is freed as ever once
    nobody refers to it.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Freeze what is there, unless somebody else has frozen something."""
        self._finished = 0
        self._frozen = gc.get_freeze_count() == 0
        if self._frozen:
            gc.freeze()
            # pytest looks for garbage after the last hook: what it is to be spared must stay frozen until then.
            config.pluginmanager.get_plugin("dre-lazy").at_the_end.append(gc.unfreeze)  # type: ignore[union-attr]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Freeze the items."""
        if self._frozen:
            gc.freeze()

    def pytest_runtest_logfinish(self) -> None:
        """Freeze what has come in, between two items, before it is much to look through."""
        self._finished += 1
        if self._finished % SETTLED_AT_ONCE == 0:
            self._settle()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Freeze the last of it."""
        self._settle()

    def _settle(self) -> None:
        """Collect the garbage of the runs, with what its finalizers have to tell, and freeze the rest."""
        if self._frozen:
            gc.collect()
            gc.freeze()
