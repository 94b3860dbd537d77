"""Output directories."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.model.study import Study
from pytest_dre.sessions.directories import output_directory

ROOT = Path("/root-of-tests")


def test_a_study_s_own_directory_is_relative_to_the_root_and_a_base_holds_one_directory_a_study():
    study = Study(study_id="s", title="T", output_dir="mine/here")
    assert output_directory(study, ROOT) == ROOT / "mine" / "here"
    assert output_directory(study, ROOT, Path("base")) == ROOT / "base" / "s"
    assert output_directory(study, ROOT, Path("/other")) == Path("/other/s")
    assert output_directory(Study(study_id="s", title="T"), ROOT) == ROOT / "artifacts" / "s"


@given(st.text(min_size=1, max_size=20))
def test_no_study_id_leads_out_of_its_parent(study_id):
    directory = output_directory(Study(study_id=study_id, title="T"), ROOT)
    assert directory.parent == ROOT / "artifacts"
    assert output_directory(Study(study_id=study_id, title="T"), ROOT, ROOT / "base").parent == ROOT / "base"
