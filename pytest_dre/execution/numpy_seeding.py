"""NumPy's global random generator, in a process that may or may not have NumPy, or get it from a run.

NumPy takes a tenth of a second to import, so nothing here does: agents that call models seldom need it.
"""

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MODULE = "numpy.random"
_LEGACY_SEEDS = 2**32  # numpy.random.seed takes no more


@dataclass(frozen=True, slots=True)
class NumpyState:
    """The generator as it was, and the twister that stands in for it.

    NumPy's global functions run on a Mersenne twister of our own during a run: putting the old one back is then an
    exchange, twenty times faster than writing its 624 words, and a generator that the process has installed itself
    (`numpy.random.set_bit_generator`) survives as well.
    """

    state: dict[str, Any]
    original: Any
    twister: Any


def loaded_module() -> Any:
    """Return `numpy.random` if it is there; None if not, or not whole yet."""
    module = sys.modules.get(MODULE)
    return module if hasattr(module, "set_bit_generator") else None


def save_state(module: Any, twister: Any) -> NumpyState:
    """Return the generator as it is; `twister` is a spare one, None if there is none."""
    return NumpyState(module.get_state(legacy=False), module.get_bit_generator(), twister or module.MT19937(0))


def seed(module: Any, saved: NumpyState, number: int) -> None:
    """Seed the global functions."""
    module.set_bit_generator(saved.twister)  # also when the run before has put in another
    module.seed(number % _LEGACY_SEEDS)


def restore_state(module: Any, saved: NumpyState) -> None:
    """Put the generator back."""
    module.set_bit_generator(saved.original)
    if saved.state["has_gauss"]:  # the exchange drops the spare normal deviate
        module.set_state(saved.state)


def unseed(module: Any) -> None:
    """Give the generator that a run has brought in the state that others than this run expect of it.

    Outside of all runs that is nobody's seed; within another (a run that runs a study), it is that one's.
    """
    outer = next((finder for finder in sys.meta_path if isinstance(finder, SeededOnImport)), None)
    module.set_bit_generator(module.MT19937())  # the run may have put in one of another kind
    module.seed(None if outer is None else outer.number % _LEGACY_SEEDS)


class SeededOnImport:
    """A finder of modules: a run that imports `numpy.random` finds it seeded, as it would if it were there already."""

    def __init__(self, number: int) -> None:
        self.number = number

    def install(self) -> None:
        """Come before all other finders."""
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Be asked no more."""
        with contextlib.suppress(ValueError):  # the run has emptied the list
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders have for it, with a loader that seeds; None for other modules."""
        if name != MODULE:
            return None
        others = (finder for finder in sys.meta_path if not isinstance(finder, SeededOnImport))
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((found for found in specs if found is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_seed(module: Any) -> None:
                execute(module)
                module.seed(self.number % _LEGACY_SEEDS)

            spec.loader.exec_module = execute_and_seed  # type: ignore[method-assign]
        return spec
