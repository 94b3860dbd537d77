"""Files that are damaged between sessions: one `--lf` makes the studies complete all the same.

`--faults-full` tries all, else the first few. `-k "3-n0-page"` repeats the one of seed 3.
"""

import shutil
import signal
import sys

import pytest

pytest.register_assert_rewrite("kill_lab")

from file_faults import FilePoint, file_point, store_of  # noqa: E402
from kill_lab import (  # noqa: E402
    MODES,
    Lab,
    Tables,
    assert_complete,
    assert_nothing_left_to_do,
    called,
    reported,
)

ALL, SOME = 78, 8

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups and SIGKILL are of POSIX systems")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a fault."""
    if "point" in metafunc.fixturenames:
        first = metafunc.config.getoption("faults_seed") * ALL
        count = ALL if metafunc.config.getoption("faults_full") else SOME
        metafunc.parametrize("point", [file_point(seed) for seed in range(first, first + count)], ids=str)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A folder whose studies are finished."""
    lab = Lab.fresh(tmp_path_factory.mktemp("finished"))
    ended = lab.run(*MODES["no-xdist"])
    assert ended.code == 0, ended.output
    return lab


@pytest.fixture(scope="session")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A folder whose only session was killed in its second study, so that both have a write-ahead log."""
    lab = Lab.fresh(tmp_path_factory.mktemp("killed"))
    (lab.path / "deadly").touch()
    ended = lab.run(*MODES["no-xdist"])
    assert ended.code == -signal.SIGKILL, ended.output
    assert len(reported(lab.log(), 1)) == 10
    (lab.path / "deadly").unlink()
    return lab


@pytest.fixture(scope="session")
def undisturbed(finished: Lab) -> Tables:
    """The tables as they must be."""
    return finished.tables()


@pytest.fixture
def lab(point: FilePoint, request: pytest.FixtureRequest, tmp_path):
    """A folder as its last session left it."""
    template: Lab = request.getfixturevalue("killed" if point.fault.killed else "finished")
    shutil.copytree(template.path, tmp_path / "lab")
    lab = Lab(tmp_path / "lab", sessions_before=1)
    yield lab
    lab.clear_away()


def test_one_lf_ends_complete_whatever_is_damaged(point: FilePoint, lab: Lab, undisturbed: Tables) -> None:
    point.harm(lab)
    damaged = store_of(lab, point.study).read_bytes() if point.fault.harms_store else None
    resumed = lab.run("--lf", *MODES[point.mode])
    print(resumed.output, *lab.log(), sep="\n")
    assert_complete(lab, resumed, undisturbed)
    if not point.fault.loses_results:
        assert not set(called(lab.log(), 2)) & reported(lab.log(), 1), "a run was repeated though its result was safe"
    if damaged is not None:
        kept = list(lab.directory(point.study).glob("store.damaged-*.sqlite"))
        assert [file.read_bytes() for file in kept] == [damaged]
        assert kept[0].name in "".join(resumed.output.split()), "the user was not told"
    assert_nothing_left_to_do(lab)
