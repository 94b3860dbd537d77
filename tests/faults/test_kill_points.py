"""Sessions that are really killed: after whatever end, one `--lf` makes the study complete, and runs nothing twice.

`--faults-full` tries all kill points, else the first few; `--faults-seed` other ones. `-k "17-n2"` repeats the one of
seed 17.
"""

import functools
import json
import shutil
import signal
import sys
from collections.abc import Callable

import pytest

pytest.register_assert_rewrite("kill_lab", "kill_points")

from kill_lab import (  # noqa: E402
    MODES,
    Lab,
    Tables,
    assert_complete,
    assert_nothing_left_to_do,
    assert_nothing_twice,
    reported,
)
from kill_points import KillPoint, Measure, end_violently, kill_point  # noqa: E402

ALL, SOME = 216, 20

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups and SIGKILL are of POSIX systems")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a kill point."""
    if "point" in metafunc.fixturenames:
        first = metafunc.config.getoption("faults_seed") * ALL
        count = ALL if metafunc.config.getoption("faults_full") else SOME
        metafunc.parametrize("point", [kill_point(seed) for seed in range(first, first + count)], ids=str)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of a session that nothing disturbed."""
    lab = Lab.fresh(tmp_path_factory.mktemp("undisturbed"))
    ended = lab.run(*MODES["no-xdist"])
    assert ended.code == 0, ended.output
    return lab.tables()


@pytest.fixture(scope="session")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Measure]:
    """What an undisturbed session of a mode does, measured once."""

    @functools.cache
    def measured(mode: str) -> Measure:
        lab = Lab.fresh(tmp_path_factory.mktemp(f"measured-{mode}"))
        ended = lab.run(*MODES[mode], LAB_COUNT="yes")
        assert ended.code == 0, ended.output
        lines = {file.stem.partition("-")[2]: json.loads(file.read_text()) for file in lab.path.glob("lines-*.json")}
        return Measure(lines, lab.log_length())

    return measured


@pytest.fixture(scope="session")
def half(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, set[str]]:
    """A folder whose second study is finished, and the ids of that study's runs."""
    lab = Lab.fresh(tmp_path_factory.mktemp("half"))
    ended = lab.run(*MODES["no-xdist"], "-k", "second")
    assert ended.code == 0, ended.output
    finished = reported(lab.log(), 1)
    assert len(finished) == 4
    lab.forget_log()
    return lab, finished


@pytest.fixture
def make_lab(tmp_path, point: KillPoint, request: pytest.FixtureRequest):
    """Make fresh folders; whatever was started in them is ended with the test."""
    labs: list[Lab] = []

    def make() -> Lab:
        path = tmp_path / f"try-{len(labs)}"
        if point.half:
            shutil.copytree(request.getfixturevalue("half")[0].path, path)
        lab = Lab.fresh(path)
        for state in ("broken", "slow"):
            if getattr(point, state):
                (path / state).touch()
        labs.append(lab)
        return lab

    yield make
    for lab in labs:
        lab.clear_away()


def test_one_lf_ends_complete_and_runs_nothing_twice(
    point: KillPoint, make_lab, measure, undisturbed: Tables, request: pytest.FixtureRequest
) -> None:
    killed = end_violently(point, measure(point.mode), make_lab, MODES[point.mode])
    print(killed.place, killed.ended.output, sep="\n")
    lab = killed.lab
    for state in ("broken", "slow"):
        (lab.path / state).unlink(missing_ok=True)
    resumed = lab.run("--lf", *MODES[point.mode])
    print(resumed.output, *lab.log(), sep="\n")
    assert_complete(lab, resumed, undisturbed)
    assert_nothing_twice(lab, point.processes, request.getfixturevalue("half")[1] if point.half else set())
    assert_nothing_left_to_do(lab)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return MODES[request.param]


def test_a_kill_between_two_exports_leaves_the_second_to_do(tmp_path, mode, undisturbed: Tables) -> None:
    """Some runs of the first study failed, all of the second are done: --lf must still write the second's artifacts."""
    lab = Lab.fresh(tmp_path)
    (lab.path / "broken").touch()
    (lab.path / "deadly-export").touch()
    ended = lab.run(*mode)
    assert ended.code == -signal.SIGKILL, ended.output
    assert not (lab.directory("second") / "manifest.json").exists()
    (lab.path / "broken").unlink()
    (lab.path / "deadly-export").unlink()
    assert_complete(lab, lab.run("--lf", *mode), undisturbed)
    assert_nothing_twice(lab, 0, set())


def test_a_worker_that_dies_after_a_replay_costs_nothing(half, tmp_path) -> None:
    """xdist blames the last run that the worker had not quite done with; its stored result must stay what it is."""
    shutil.copytree(half[0].path, tmp_path / "lab")
    lab = Lab(tmp_path / "lab")
    (lab.path / "deadly-replay").touch()
    ended = lab.run("--dre-resume", "-k", "second", *MODES["n2"])
    assert "crashed" in ended.output
    (lab.path / "deadly-replay").unlink()
    assert lab.run("--lf", *MODES["n2"]).code == 0
    assert lab.manifest("second")["complete"] is True
    assert [line for line in lab.log() if line.what == "call"] == []
