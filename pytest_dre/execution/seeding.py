"""The global random generators of Python, NumPy and PyTorch: seeded for a run, restored after it."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.execution import numpy_seeding
from pytest_dre.execution.numpy_seeding import NumpyState, SeededOnImport, loaded_module


@dataclass(frozen=True, slots=True)
class _TorchState:
    """PyTorch's generators as they were; `cuda_states` is None if CUDA was not in use."""

    state: Any
    cuda_states: Any


@dataclass(slots=True)
class _Saved:
    """The generators as they were.

    Those of NumPy and PyTorch are saved when they are first seen: an agent may bring them in after a few runs.
    """

    python_state: tuple[Any, ...]
    numpy: NumpyState | None = None
    torch: _TorchState | None = None


@dataclass(slots=True)
class GlobalSeeder:
    """Seeds the generators behind `random`, `numpy.random` and, if it is loaded, `torch`; puts them back as they were.

    A run that is the first to import `numpy.random` finds it seeded.

    PyTorch is never imported here. The run that imports it first draws from PyTorch's own default seed, whichever run
    of the process that is; `torch_drew_unseeded` tells. From the next run on it is seeded.
    """

    _spare: list[Any] = field(default_factory=list)  # NumPy's twisters; nested uses each need one of their own
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

    def seeded(self, seed: int) -> "_Seeded":
        """Seed all generators for the block and restore them after it, also after an error."""
        return _Seeded(self, seed)

    def start(self, seed: int) -> _Saved:
        """Seed all generators; return what `end` restores."""
        saved = self._held or self._save()
        try:
            random.seed(seed)
            self._seed_numpy(saved, seed)
            if "torch" in sys.modules:
                _seed_torch(saved, seed)
        except BaseException:
            self.end(saved)
            raise
        return saved

    def end(self, saved: _Saved) -> None:
        """Restore the generators, unless they are held for more runs."""
        if saved is not self._held:
            self._restore(saved)

    def _save(self) -> _Saved:
        module = loaded_module()
        return _Saved(random.getstate(), None if module is None else self._save_numpy(module))

    def _save_numpy(self, module: Any) -> NumpyState:
        return numpy_seeding.save_state(module, self._spare.pop() if self._spare else None)

    def _seed_numpy(self, saved: _Saved, seed: int) -> None:
        module = loaded_module()
        if module is None:
            return
        if saved.numpy is None:  # an earlier run has brought it in, and left it with draws from its seed
            numpy_seeding.unseed(module)
            saved.numpy = self._save_numpy(module)
        numpy_seeding.seed(module, saved.numpy, seed)

    def _restore(self, saved: _Saved) -> None:
        random.setstate(saved.python_state)
        module = loaded_module()
        if module is not None and saved.numpy is None:
            numpy_seeding.unseed(module)
        elif module is not None and saved.numpy is not None:
            numpy_seeding.restore_state(module, saved.numpy)
            self._spare.append(saved.numpy.twister)
        if saved.torch is not None:
            _restore_torch(saved.torch)


@dataclass(slots=True)
class _Seeded:
    """The block of `GlobalSeeder.seeded`: a class, as each of many runs enters one, and a generator takes longer."""

    _seeder: GlobalSeeder
    _seed: int
    _saved: _Saved | None = None
    _imports: SeededOnImport | None = None

    def __enter__(self) -> None:
        self._saved = self._seeder.start(self._seed)
        if self._saved.numpy is None:
            self._imports = SeededOnImport(self._seed)
            self._imports.install()

    def __exit__(self, *_: object) -> None:
        if self._imports is not None:
            self._imports.remove()
        if self._saved is not None:
            self._seeder.end(self._saved)


def torch_drew_unseeded() -> bool:
    """Return whether something was drawn from PyTorch's CPU generator though nobody has seeded it."""
    torch = _loaded_torch()
    if torch is None:
        return False
    fresh = torch.Generator()  # every process starts from the same default seed
    unseeded = torch.initial_seed() == fresh.initial_seed()
    return bool(unseeded and not torch.equal(torch.get_rng_state(), fresh.get_state()))


def _loaded_torch() -> Any:
    """Return PyTorch if it is loaded, None if not, or if its import has failed or is under way."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "Generator") and hasattr(torch, "get_rng_state") and hasattr(torch, "cuda") else None


def _seed_torch(saved: _Saved, seed: int) -> None:
    torch = _loaded_torch()
    if torch is None:
        return
    if saved.torch is None:
        # To ask for CUDA's states would start CUDA where it is not in use.
        cuda_states = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
        saved.torch = _TorchState(torch.get_rng_state(), cuda_states)
    torch.manual_seed(seed)  # CUDA too; where that is not in use yet, it is seeded when it starts


def _restore_torch(saved: _TorchState) -> None:
    torch = _loaded_torch()
    if torch is None:
        return
    torch.set_rng_state(saved.state)
    if saved.cuda_states is None:  # else CUDA would start, or go on, with a run's seed
        torch.cuda.manual_seed_all(torch.initial_seed())
    else:
        torch.cuda.set_rng_state_all(saved.cuda_states)
