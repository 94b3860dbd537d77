"""What the garbage collector looks at while runs are carried out."""

import gc

import pytest


class SettledItems:
    """Keeps the collector from the items: ten thousands of objects that live to the session's end.

    To look through them again and again takes a fiftieth of a session of trivial runs. What they refer to is freed as
    ever once nobody refers to it.
    """

    _frozen = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Freeze what is there, unless somebody else has frozen something."""
        if gc.get_freeze_count() == 0:
            gc.freeze()
            self._frozen = True

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Let the collector see everything again, once pytest has collected the garbage of the session."""
        if self._frozen:
            gc.unfreeze()
            self._frozen = False
