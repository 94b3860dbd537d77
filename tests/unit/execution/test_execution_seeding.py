"""Seeds in, the process's own random state untouched."""

import random

import numpy as np
import pytest

from pytest_dre.execution.run import execute_run
from pytest_dre.execution.seeding import GlobalSeeder

DRAWS = """
    import random
    import numpy as np
    def agent(seed):
        if seed < 0:
            raise ValueError
        return {"output": {"draws": [random.random(), np.random.normal(), np.random.random()]}}
"""


def expected(seed):
    random.seed(seed)
    np.random.seed(seed)
    return [random.random(), np.random.normal(), np.random.random()]


def next_draws():
    return [random.random(), *np.random.normal(size=3), np.random.random()]


@pytest.mark.parametrize("drawn_before", [0, 1])  # an odd number of normal deviates leaves one in store
@pytest.mark.parametrize("code", [DRAWS, DRAWS.replace("< 0", "> 0"), DRAWS.replace("raise", "raise SystemExit;")])
def test_global_state_is_restored_exactly(lab, drawn_before, code):
    random.seed(7)
    np.random.seed(7)
    np.random.normal(size=drawn_before)
    states = random.getstate(), np.random.get_state()
    wanted = next_draws()
    random.setstate(states[0])
    np.random.set_state(states[1])
    lab.execute(code)
    assert next_draws() == wanted


def test_agents_draw_from_the_runs_seed(lab):
    outputs = lab.result(DRAWS).outputs
    assert outputs["draws"] == expected(41)


def test_runs_under_hold_draw_alike_and_state_returns_at_its_end(lab):
    bindings = None
    plain = lab.result(DRAWS).outputs
    bindings = lab.bind({"a": "./lab.py:agent"}, problem_ids=["p"])
    run = lab.runs(["a"], ["p"])[0]
    random.seed(7)
    np.random.seed(7)
    wanted = next_draws()
    random.seed(7)
    np.random.seed(7)
    with bindings.seeder.held(), bindings.seeder.held():
        assert execute_run(run, bindings).result.outputs == plain
        assert execute_run(run, bindings).result.outputs == plain
    assert next_draws() == wanted


def test_nested_runs_do_not_disturb_each_other():
    seeder = GlobalSeeder()
    with seeder.seeded(1):
        first = np.random.random()
        with seeder.seeded(1):
            assert np.random.random() == first
        second = np.random.random()
    with seeder.seeded(1):
        assert [np.random.random(), np.random.random()] == [first, second]


def test_generator_that_the_process_installed_survives():
    original = np.random.get_bit_generator()
    mine = np.random.PCG64(5)
    np.random.set_bit_generator(mine)
    try:
        with GlobalSeeder().seeded(1):
            np.random.random()
        assert np.random.get_bit_generator() is mine
    finally:
        np.random.set_bit_generator(original)


def test_other_generators_are_seeded_by_the_caller(lab):
    seeds = []
    assert lab.execute("def agent(seed): return 1", seed_more=seeds.append).result.status == "success"
    assert seeds == [41]

    def broken(seed):
        raise RuntimeError("no torch")

    result = lab.execute("def agent(seed): return 1", seed_more=broken).result
    assert (result.status_reason, result.error_info) == ("seed_error", "RuntimeError: no torch")


def test_passthrough_exceptions_go_on_after_restoring(lab):
    random.seed(3)
    wanted = random.random()
    random.seed(3)
    with pytest.raises(KeyboardInterrupt):
        lab.execute("def agent(seed): raise KeyboardInterrupt")
    assert random.random() == wanted
