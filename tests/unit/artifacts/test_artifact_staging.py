"""Exports that are killed, and exports at the same time."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_dre.artifacts import staging
from pytest_dre.artifacts.staging import LOCK_FILE, staging_directory
from pytest_dre.artifacts.validation import validate_export
from pytest_dre.artifacts.verdicts import GATES_FILE, write_documents
from pytest_dre.errors import ArtifactError

EXPORT = """
import sys
from pathlib import Path

from conftest import make_condition, make_plan, make_result
from pytest_dre.artifacts.export import export_study
from pytest_dre.artifacts.provenance import Provenance
from pytest_dre.model.study import Study

plan = make_plan(make_condition(0, {"arm": "a"}), make_condition(1, {"arm": "b"}))
factor = {"name": "arm", "levels": [{"name": "a", "value": "a"}, {"name": "b", "value": "b"}]}
study = Study.model_validate({"study_id": "demo", "title": "T", "factors": [factor]})


def results():
    for number, spec in enumerate(plan.runs):
        if number == 2:
            print("under way", flush=True)
            sys.stdin.readline()
        yield make_result(spec)


out = Path(sys.argv[1])
export_study(study, plan, results(), out, study_yaml="study_id: demo", provenance=Provenance({}, "TestOS"))
"""


@pytest.fixture
def other(out):
    """Another process in the midst of an export to the same directory; a line lets it go on."""
    process = subprocess.Popen(
        [sys.executable, "-c", EXPORT, out],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "under way\n"
    yield process
    process.kill()
    process.communicate()


def staged(out):
    return sorted(out.glob(".dre-export-*"))


def test_what_a_killed_export_leaves_is_removed_by_the_next(export, out, other):
    other.kill()
    other.wait()
    (left,) = staged(out)
    assert list(left.iterdir()), "it was killed in the midst of its work"
    export()
    assert staged(out) == []
    assert validate_export(out) == []


def test_an_export_waits_for_another_and_leaves_its_files_alone(export, out, other):
    (theirs,) = staged(out)
    ours = threading.Thread(target=export)
    ours.start()
    time.sleep(0.3)
    assert ours.is_alive()
    assert staged(out) == [theirs]
    other.communicate("go on\n", timeout=60)
    assert other.returncode == 0
    ours.join(60)
    assert not ours.is_alive()
    assert validate_export(out) == []


def test_an_export_does_not_wait_for_ever(export, out, other, monkeypatch):
    monkeypatch.setattr(staging, "WAIT_S", 0.2)
    (theirs,) = staged(out)
    message = r"another process has been writing artifacts to .*out for 0\.2 s; wait for it or stop it"
    with pytest.raises(ArtifactError, match=message):
        export()
    assert staged(out) == [theirs]
    other.communicate("go on\n", timeout=60)
    assert other.returncode == 0
    assert validate_export(out) == []


def test_of_many_at_once_each_is_alone(tmp_path):
    met, inside = [], set()

    def work(number):
        for _ in range(20):
            with staging_directory(tmp_path) as own:
                inside.add(number)
                met.extend([inside - {number}, set(staged(tmp_path)) - {own}])
                time.sleep(0.001)
                inside.remove(number)
                assert own.is_dir()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == [set()] * 160
    assert list(tmp_path.iterdir()) == []


def test_a_lock_on_a_file_that_was_replaced_meanwhile_is_none(tmp_path, monkeypatch):
    seen = [(1, 1), (1, 2)]
    identity = staging._identity
    monkeypatch.setattr(staging, "_identity", lambda path: seen.pop() if seen else identity(path))
    with staging_directory(tmp_path):
        assert seen == []
    monkeypatch.setattr(staging, "_identity", lambda _: None)
    monkeypatch.setattr(staging, "WAIT_S", 0)
    with pytest.raises(ArtifactError), staging_directory(tmp_path):
        pass


def test_a_file_that_is_not_there_has_no_identity(tmp_path):
    assert staging._identity(tmp_path / "none") is None


def test_a_lock_that_cannot_be_made_is_a_clear_error(export, out):
    (out / LOCK_FILE).mkdir(parents=True)
    with pytest.raises(ArtifactError, match=r"the artifacts cannot be written to .*out: unable to open database file"):
        export()
    (out / LOCK_FILE).rmdir()
    (out / LOCK_FILE).write_text("x" * 4096)
    with pytest.raises(ArtifactError, match=r"the artifacts cannot be written to .*out: file is not a database"):
        export()
    (out / LOCK_FILE).unlink()


def test_a_directory_that_takes_no_files_says_why(out):
    with pytest.raises(FileNotFoundError):
        staging._make(out / LOCK_FILE)


def test_documents_wait_for_an_export_too(out, other, monkeypatch):
    monkeypatch.setattr(staging, "WAIT_S", 0.1)
    with pytest.raises(ArtifactError, match="another process"):
        write_documents(out, {GATES_FILE: "[]\n"})
    other.communicate("go on\n", timeout=60)
    write_documents(out, {GATES_FILE: "[]\n", "analysis.json": None})
    assert (out / GATES_FILE).read_text() == "[]\n"
    write_documents(out, {GATES_FILE: None})
    assert not (out / GATES_FILE).exists()
