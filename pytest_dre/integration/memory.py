"""What the garbage collector looks at from the first study that a session meets to its end."""

import gc
from collections.abc import Callable

import pytest

SETTLED_AT_ONCE = 500  # items


_frozen_key = pytest.StashKey[bool]()


def freeze_until_the_end(config: pytest.Config, at_the_end: list[Callable[[], object]]) -> None:
    """Keep the collector from what is there before a study brings in more; not if somebody else has frozen something.

    pytest looks for garbage after the last hook: what it is to be spared stays frozen until `at_the_end` is called.
    """
    if _frozen_key not in config.stash:
        ours = config.stash[_frozen_key] = gc.get_freeze_count() == 0
        if ours:
            gc.freeze()
            at_the_end.append(gc.unfreeze)


class SettledItems:
    """Keeps the collector from items and reports: ten thousands of objects that live to the session's end.

    To look through them again and again takes a twentieth of a session of trivial runs: while they are made and run,
    while it exports, and when pytest looks for garbage at the very end. What they refer to is freed as ever once
    nobody refers to it.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Freeze what the study has brought in, if `freeze_until_the_end` has begun to."""
        self._finished = 0
        self._frozen = config.stash[_frozen_key]
        if self._frozen:
            gc.freeze()

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
