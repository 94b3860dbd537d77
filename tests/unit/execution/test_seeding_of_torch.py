"""PyTorch's generators, seeded and restored where PyTorch is loaded.

A stand-in takes PyTorch's place, which is too large to install for this: the functions that PyTorch documents,
over generators of Python's.
"""

import random
import sys
import types
import warnings

import pytest

from pytest_dre.execution.seeding import GlobalSeeder, torch_drew_unseeded
from pytest_dre.execution.surroundings import LeakWarning, kept_surroundings

DEFAULT_SEED = 67280421310721


class Generator:
    def __init__(self):
        self.manual_seed(DEFAULT_SEED)

    def manual_seed(self, seed):
        self.seed, self.random = seed, random.Random(seed)
        return self

    def initial_seed(self):
        return self.seed

    def get_state(self):
        return self.seed, self.random.getstate()

    def set_state(self, state):
        self.seed = state[0]
        self.random.setstate(state[1])


class Cuda:
    """Two devices; as with PyTorch, asking for their states starts CUDA, and a seed given before waits for that."""

    def __init__(self):
        self.devices = None
        self.waiting = DEFAULT_SEED

    def is_initialized(self):
        return self.devices is not None

    def start(self):
        if self.devices is None:
            self.devices = [Generator().manual_seed(self.waiting) for _ in range(2)]

    def manual_seed_all(self, seed):
        self.waiting = seed
        for device in self.devices or ():
            device.manual_seed(seed)

    def get_rng_state_all(self):
        self.start()
        return [device.get_state() for device in self.devices]

    def set_rng_state_all(self, states):
        self.start()
        for device, state in zip(self.devices, states, strict=True):
            device.set_state(state)

    def rand(self):
        self.start()
        return [device.random.random() for device in self.devices]


def make_torch():
    torch, cpu = types.ModuleType("torch"), Generator()
    torch.cuda, torch.Generator = Cuda(), Generator
    torch.get_rng_state, torch.set_rng_state, torch.initial_seed = cpu.get_state, cpu.set_state, cpu.initial_seed
    torch.equal = lambda one, other: one == other
    torch.rand = lambda: cpu.random.random()  # noqa: PLW0108 - the seed exchanges cpu.random

    def manual_seed(seed):
        torch.cuda.manual_seed_all(seed)
        return cpu.manual_seed(seed)

    torch.manual_seed = manual_seed
    return torch


@pytest.fixture
def absent(monkeypatch):
    """PyTorch is not loaded; what a test puts into sys.modules is taken out again."""
    monkeypatch.setitem(sys.modules, "torch", None)
    del sys.modules["torch"]
    return monkeypatch


@pytest.fixture
def torch(absent):
    absent.setitem(sys.modules, "torch", make_torch())
    return sys.modules["torch"]


def wanted(draws, *, seed=None, cuda=False):
    """Return what a PyTorch of its own would draw."""
    other = make_torch()
    if seed is not None:
        other.manual_seed(seed)
    return [other.cuda.rand() if cuda else other.rand() for _ in range(draws)]


def test_runs_draw_from_their_seed_and_the_process_as_if_there_were_none(torch):
    seeder = GlobalSeeder()
    assert torch.rand() == wanted(1)[0]
    for _ in range(2):
        with seeder.seeded(5):
            assert [torch.rand(), torch.rand()] == wanted(2, seed=5)
    assert torch.rand() == wanted(2)[1]


def test_runs_under_hold_are_restored_at_its_end(torch):
    seeder = GlobalSeeder()
    with seeder.held():
        for seed in (5, 6):
            with seeder.seeded(seed):
                assert torch.rand() == wanted(1, seed=seed)[0]
        assert torch.rand() != wanted(1)[0]
    assert torch.rand() == wanted(1)[0]


def test_cuda_in_use_is_seeded_and_restored(torch):
    first = torch.cuda.rand()
    assert first == wanted(1, cuda=True)[0]
    with GlobalSeeder().seeded(5):
        assert torch.cuda.rand() == wanted(1, seed=5, cuda=True)[0]
    assert torch.cuda.rand() == wanted(2, cuda=True)[1]


def test_cuda_that_is_not_in_use_is_not_started(torch):
    with GlobalSeeder().seeded(5):
        torch.rand()
    assert not torch.cuda.is_initialized()
    assert torch.cuda.rand() == wanted(1, cuda=True)[0]


def test_cuda_that_a_run_starts_has_its_seed_and_not_after_it(torch):
    with GlobalSeeder().seeded(5):
        assert torch.cuda.rand() == wanted(1, seed=5, cuda=True)[0]
    assert torch.cuda.rand() == wanted(1, cuda=True)[0]


def test_once_a_run_has_imported_it_the_next_is_seeded(absent):
    seeder = GlobalSeeder()
    with seeder.held():
        with seeder.seeded(5):
            sys.modules["torch"] = make_torch()
        with seeder.seeded(6):
            assert sys.modules["torch"].rand() == wanted(1, seed=6)[0]
    assert sys.modules["torch"].rand() == wanted(1)[0]


def test_it_may_be_gone_at_the_end(torch, absent):
    with GlobalSeeder().seeded(5):
        del sys.modules["torch"]
    assert "torch" not in sys.modules


@pytest.mark.parametrize("other", [None, types.ModuleType("torch")], ids=["failed import", "half a module"])
def test_a_module_that_is_not_pytorch_is_let_alone(absent, other):
    absent.setitem(sys.modules, "torch", other)
    with GlobalSeeder().seeded(5):
        pass
    assert not torch_drew_unseeded()


def messages(run):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with kept_surroundings(), GlobalSeeder().seeded(5):
            run()
    assert all(warning.category is LeakWarning for warning in caught)
    return [str(warning.message) for warning in caught]


def importing(then):
    def run():
        sys.modules["torch"] = make_torch()
        then(sys.modules["torch"])

    return run


def test_draws_of_the_run_that_imports_it_are_told(absent):
    (message,) = messages(importing(lambda torch: torch.rand()))
    assert message == ("the run drew from PyTorch, which it imported unseeded (import it where the agent is defined)")


def test_a_run_that_only_imports_it_or_seeds_it_itself_is_fine(absent):
    assert messages(importing(lambda torch: None)) == []
    del sys.modules["torch"]
    assert messages(importing(lambda torch: (torch.manual_seed(3), torch.rand()))) == []
    assert messages(sys.modules["torch"].rand) == []
