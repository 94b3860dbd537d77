"""Output directories."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.errors import StudyError
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study
from pytest_dre.sessions.directories import MAX_BYTES, directory_name, output_directory

ROOT = Path("/root-of-tests")


def test_a_study_s_own_directory_is_relative_to_the_root_and_a_base_holds_one_directory_a_study():
    study = StudySource(Study(study_id="s", title="T", output_dir="mine/here"))
    assert output_directory(study, ROOT) == ROOT / "mine" / "here"
    assert output_directory(study, ROOT, Path("base")) == ROOT / "base" / "s"
    assert output_directory(study, ROOT, Path("/other")) == Path("/other/s")
    assert output_directory(StudySource(Study(study_id="s", title="T")), ROOT) == ROOT / "artifacts" / "s"


@given(st.text(min_size=1, max_size=20))
def test_no_study_id_leads_out_of_its_parent(study_id):
    source = StudySource(Study(study_id=study_id, title="T"))
    directory = output_directory(source, ROOT)
    assert directory.parent == ROOT / "artifacts"
    assert output_directory(source, ROOT, ROOT / "base").parent == ROOT / "base"


def test_a_name_that_is_too_long_is_shortened_and_stays_its_own():
    names = {directory_name("ü" * 300 + end) for end in "ab"}
    assert len(names) == 2
    assert all(MAX_BYTES - 2 <= len(name.encode()) <= MAX_BYTES for name in names)
    assert directory_name("a" * MAX_BYTES) == "a" * MAX_BYTES


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 4000, "a\0b"], ids=["name", "path", "NUL"])
def test_a_directory_that_no_file_system_takes_is_a_fault_of_the_study(name, tmp_path):
    study = Study(study_id="s", title="T", output_dir=name)
    with pytest.raises(StudyError, match=r"output_dir: no directory can be named .*; choose another output_dir"):
        output_directory(StudySource(study), tmp_path)


def test_a_file_system_that_cannot_take_the_name(monkeypatch, tmp_path):
    def fail(_):
        "ü".encode("ascii")

    monkeypatch.setattr(Path, "stat", fail)
    with pytest.raises(
        StudyError, match=r"study_id: the file system takes no directory '.*ü', .* ascii; set PYTHONUTF8=1"
    ):
        output_directory(StudySource(Study(study_id="ü", title="T")), tmp_path)
