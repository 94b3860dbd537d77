"""Runs that are the first to bring NumPy into their process: each test's code is run in a fresh one."""

import json
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

START = """
import json, random, sys
from pytest_dre.execution.run import execute_run
from pytest_dre.execution.seeding import GlobalSeeder
assert not any(name.partition(".")[0] == "numpy" for name in sys.modules), "nothing of ours needs it"
seeder, finders = GlobalSeeder(), sys.meta_path[:]
"""
END = """
assert sys.meta_path == finders
print(json.dumps(drawn))
"""


def draws_of(code):
    """Return what the code leaves in `drawn`."""
    script = START + dedent(code) + END
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def stream(seed, count):
    return np.random.RandomState(seed).random_sample(count).tolist()


@pytest.mark.parametrize("how", ["import numpy", "import numpy.random", "from numpy.random import random as draw"])
def test_the_run_that_imports_it_draws_from_its_seed(how):
    drawn = draws_of(f"""
    with seeder.seeded(2**32 + 5):
        {how}
        import numpy as np
        drawn = [np.random.random(), np.random.random()]
        assert np.random.__spec__.loader.get_filename().endswith("__init__.py")
    """)
    assert drawn == stream(5, 2)


def test_so_do_the_runs_after_it():
    drawn = draws_of("""
    drawn = []
    with seeder.held():
        for seed in (1, 2, 1):
            with seeder.seeded(seed):
                if seed == 2 or drawn:
                    import numpy as np
                    drawn.append([np.random.random(), np.random.random()])
    """)
    assert drawn == [stream(2, 2), stream(1, 2)]


@pytest.mark.parametrize("held", [True, False])
def test_after_it_nothing_is_of_a_seed(held):
    code = f"""
    from contextlib import nullcontext
    with seeder.held() if {held} else nullcontext():
        with seeder.seeded(3):
            import numpy as np
            np.random.random()
    drawn = np.random.random(3).tolist()
    """
    first, second = draws_of(code), draws_of(code)
    assert first != second
    assert first[0] not in stream(3, 5)


def test_a_run_within_a_run_leaves_the_outer_one_its_seed():
    drawn = draws_of("""
    with seeder.seeded(1):
        with GlobalSeeder().seeded(2):
            import numpy as np
            drawn = [np.random.random()]
        drawn += [np.random.random(), np.random.random()]
        with GlobalSeeder().seeded(2):
            drawn.append(np.random.random())
        drawn.append(np.random.random())
    """)
    outer, inner = stream(1, 3), stream(2, 1)
    assert drawn == [*inner, *outer[:2], *inner, outer[2]]


def test_a_generator_of_another_kind_does_not_outlast_its_run():
    drawn = draws_of("""
    drawn = []
    with seeder.held():
        for seed in (1, 2):
            with seeder.seeded(seed):
                import numpy as np
                drawn.append(np.random.random())
                np.random.set_bit_generator(np.random.PCG64(5))
    drawn.append(type(np.random.get_bit_generator()).__name__)
    """)
    assert drawn == [*stream(1, 1), *stream(2, 1), "MT19937"]


def test_an_emptied_list_of_finders_is_no_failure():
    drawn = draws_of("""
    with seeder.seeded(1):
        sys.meta_path.clear()
    sys.meta_path.extend(finders)
    import numpy as np
    with seeder.seeded(1):
        drawn = [np.random.random()]
    """)
    assert drawn == stream(1, 1)


def test_a_study_without_arrays_needs_no_numpy():
    drawn = draws_of("""
    from pytest_dre.api.running import run_study
    drawn = "numpy" in sys.modules
    """)
    assert drawn is False
