"""The global random generators of Python and NumPy: seeded for a run, restored after it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_LEGACY_SEEDS = 2**32  # numpy.random.seed takes no more
_numpy_random: Any = np.random  # whose type stubs lack the exchange of generators


@dataclass(frozen=True, slots=True)
class _Saved:
    """The generators as they were, and the twister that stands in for NumPy's."""

    python_state: tuple[Any, ...]
    numpy_state: dict[str, Any]
    original: Any
    twister: np.random.MT19937


@dataclass(slots=True)
class GlobalSeeder:
    """Seeds the generators behind `random` and `numpy.random` and puts them back as they were.

    NumPy's global functions run on a Mersenne twister of our own meanwhile: putting the old one back is then an
    exchange, twenty times faster than writing its 624 words, and a generator that the process has installed itself
    (`numpy.random.set_bit_generator`) survives as well.
    """

    _spare: list[np.random.MT19937] = field(default_factory=list)
    _held: _Saved | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Save the state once for many runs in a row; it is restored at the end, not after each of them."""
        if self._held is not None:
            yield
            return
        self._held = saved = self._save()
        try:
            yield
        finally:
            self._held = None
            self._restore(saved)

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Seed both generators for the block and restore them after it, also after an error."""
        saved = self._held or self._save()
        try:
            _seed(saved.twister, seed)
            yield
        finally:
            if saved is not self._held:
                self._restore(saved)

    def _save(self) -> _Saved:
        # Nested uses (a run that runs a study) each get a twister of their own.
        twister = self._spare.pop() if self._spare else np.random.MT19937(0)
        numpy_state: Any = np.random.get_state(legacy=False)
        return _Saved(random.getstate(), numpy_state, _numpy_random.get_bit_generator(), twister)

    def _restore(self, saved: _Saved) -> None:
        random.setstate(saved.python_state)
        _numpy_random.set_bit_generator(saved.original)
        if saved.numpy_state["has_gauss"]:  # the exchange drops the spare normal deviate
            np.random.set_state(saved.numpy_state)
        self._spare.append(saved.twister)


def _seed(twister: np.random.MT19937, seed: int) -> None:
    random.seed(seed)
    _numpy_random.set_bit_generator(twister)  # also when the run before has put in another
    np.random.seed(seed % _LEGACY_SEEDS)
