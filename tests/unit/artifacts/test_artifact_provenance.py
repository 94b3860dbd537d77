import os
import subprocess
import sys

import pytest

from pytest_dre import __version__
from pytest_dre.artifacts import provenance as module
from pytest_dre.artifacts.provenance import gather_provenance


@pytest.fixture
def git(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def run(*arguments):
        identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    return run


@pytest.fixture
def repository(git, tmp_path):
    git("init", "-q")
    (tmp_path / "study.yaml").write_text("study_id: demo\n")
    git("add", "study.yaml")
    git("commit", "-q", "-m", "first")
    return tmp_path


def test_the_commit_of_a_clean_tree(repository, git, study):
    (repository / "artifacts.csv").write_text("untracked files do not count")
    found = gather_provenance(repository, study)
    assert (found.git_commit, found.git_dirty) == (git("rev-parse", "HEAD"), False)


def test_a_changed_file_makes_the_tree_dirty(repository, study):
    (repository / "study.yaml").write_text("study_id: other\n")
    assert gather_provenance(repository, study).git_dirty is True


def test_git_variables_of_the_environment_do_not_mislead(repository, git, study, monkeypatch, tmp_path):
    commit = git("rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert gather_provenance(repository, study).git_commit == commit


def test_a_repository_without_commits_has_none(git, tmp_path, study):
    git("init", "-q")
    found = gather_provenance(tmp_path, study)
    assert (found.git_commit, found.git_dirty) == (None, None)


def test_without_git_there_is_no_commit(repository, study, monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = gather_provenance(repository, study)
    assert (found.git_commit, found.git_dirty) == (None, None)


def test_a_directory_that_is_not_there_has_no_commit(tmp_path, study):
    assert gather_provenance(tmp_path / "gone", study).git_commit is None


def test_versions_and_platform_but_no_user_host_or_environment(tmp_path, study, monkeypatch):
    monkeypatch.setenv("DRE_TEST_SECRET", "hunter2")
    found = gather_provenance(tmp_path, study)
    assert set(found.versions) == {"python", "numpy", "pytest", "pytest-dre"}
    assert all(found.versions.values())
    assert found.versions["pytest-dre"] == __version__
    assert found.versions["python"] == ".".join(str(part) for part in sys.version_info[:3])
    assert found.study == {"grant": "G-1"}
    assert "hunter2" not in repr(found)


def test_a_package_that_is_not_installed_has_no_version(tmp_path, study, monkeypatch):
    def absent(name):
        raise module.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(module.metadata, "version", absent)
    assert gather_provenance(tmp_path, study).versions["numpy"] is None
