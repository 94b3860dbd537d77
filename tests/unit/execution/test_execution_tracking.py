"""Tracked files: what changes the version of the agents, and what does not."""

import pytest

from pytest_dre.errors import DreError
from pytest_dre.execution.tracking import tracked_version


@pytest.fixture
def project(tmp_path):
    for name in (
        "study/prompts/a.md",
        "study/prompts/deep/b.md",
        "study/prompts/.hidden/c.md",
        "study/data.csv",
        "out.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path / "study"


def test_nothing_tracked_adds_nothing(project):
    assert tracked_version((), project) == ""


@pytest.mark.parametrize("pattern", ["prompts", "prompts/**/*.md", "prompts/deep/b.md", "./prompts/*"])
def test_a_changed_file_changes_the_version(project, pattern):
    before = tracked_version([pattern], project)
    assert before.startswith("+tracked:")
    (project / "prompts/deep/b.md").write_text("new")
    assert tracked_version([pattern], project) != before


def test_a_new_and_a_renamed_file_change_the_version(project):
    before = tracked_version(["prompts/*.md"], project)
    (project / "prompts/a.md").rename(project / "prompts/z.md")
    renamed = tracked_version(["prompts/*.md"], project)
    (project / "prompts/y.md").touch()
    assert len({before, renamed, tracked_version(["prompts/*.md"], project)}) == 3


def test_hidden_files_below_a_directory_do_not_count(project):
    before = tracked_version(["prompts"], project)
    (project / "prompts/.hidden/c.md").write_text("new")
    assert tracked_version(["prompts"], project) == before


def test_the_version_does_not_depend_on_where_the_project_is_nor_on_order(project, tmp_path):
    patterns = ["prompts", "data.csv", "../out.txt"]
    before = tracked_version(patterns, project)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    project.rename(moved / "study")
    (tmp_path / "out.txt").rename(moved / "out.txt")
    assert tracked_version(reversed(patterns), moved / "study") == before


def test_absolute_patterns(project):
    assert tracked_version([str(project / "*.csv")], project) == tracked_version(["data.csv"], project)


@pytest.mark.parametrize("pattern", ["promts/*.md", "nothing", "prompts/**b.md"])
def test_a_pattern_that_matches_nothing_is_a_mistake(project, pattern):
    with pytest.raises(DreError, match="no file matches"):
        tracked_version([pattern], project)


def test_a_file_that_cannot_be_read_is_named(project):
    (project / "prompts/loop.md").symlink_to(project / "prompts/loop.md")
    assert tracked_version(["prompts"], project), "a link to nothing is no file"


def test_a_pattern_that_takes_in_too_much_is_a_mistake(project, monkeypatch):
    monkeypatch.setattr("pytest_dre.execution.tracking.MAX_FILES", 1)
    with pytest.raises(DreError, match="'prompts' takes in more than 1 files"):
        tracked_version(["prompts"], project)
