"""The generators are restored exactly, whatever happens to them between runs."""

import random
from contextlib import contextmanager

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.execution.seeding import GlobalSeeder


def draw_normal() -> None:
    np.random.standard_normal()  # leaves a spare deviate every other time


def draw_uniform() -> None:
    np.random.random_sample()
    random.random()


def reseed() -> None:
    np.random.seed(3)
    random.seed(3)


def exchange_twister() -> None:
    np.random.set_bit_generator(np.random.MT19937(5))


def exchange_kind() -> None:
    np.random.set_bit_generator(np.random.PCG64(5))


def nothing() -> None:
    pass


BETWEEN_RUNS = [draw_normal, draw_uniform, reseed, exchange_twister, exchange_kind, nothing]


@contextmanager
def numpy_generator_put_back():
    """Hypothesis restores the state of NumPy's generator itself, but not another kind of generator."""
    before, state = np.random.get_bit_generator(), np.random.get_state(legacy=False)
    try:
        yield
    finally:
        np.random.set_bit_generator(before)
        np.random.set_state(state)


def observed() -> tuple[object, ...]:
    state = np.random.get_state(legacy=False)
    values = state["state"]
    shown = {key: np.asarray(value).tolist() for key, value in values.items()}
    generator = type(np.random.get_bit_generator()).__name__
    return generator, shown, state["has_gauss"], state["gauss"], random.getstate()


@given(st.lists(st.sampled_from(BETWEEN_RUNS), max_size=8))
@settings(max_examples=60, deadline=None)
def test_runs_leave_the_generators_as_they_were(between):
    with numpy_generator_put_back():
        check(between)


def check(between) -> None:
    seeder = GlobalSeeder()
    for disturb in between:
        disturb()
        before = observed()
        with seeder.seeded(7):
            drawn = (random.random(), np.random.standard_normal(), np.random.standard_normal())
        assert observed() == before
        with seeder.seeded(7):
            assert (random.random(), np.random.standard_normal(), np.random.standard_normal()) == drawn
            np.random.standard_normal()
        assert observed() == before
