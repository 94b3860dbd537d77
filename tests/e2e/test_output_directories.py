"""Where results go, and that nothing in there is taken for a study."""

import os
import sqlite3
from contextlib import closing

import pytest

from pytest_dre.artifacts.bundle import verify_artifacts


def test_the_default_is_below_the_rootdir(first):
    first.write("pytest.ini", "[pytest]\n")
    first.pytester.chdir()
    (first.path / "elsewhere").mkdir()
    os.chdir(first.path / "elsewhere")
    first.run_here("../studies").assert_outcomes(passed=8)
    assert first.manifest("first")["complete"] is True


def test_output_dir_of_the_study_is_relative_to_the_rootdir(first):
    path = first.path / "studies/first.study.yaml"
    path.write_text(path.read_text() + "output_dir: results/here\n")
    first.run_here("studies").assert_outcomes(passed=8)
    assert (first.path / "results/here/manifest.json").is_file()


def test_option_and_ini(first):
    first.write("pytest.ini", "[pytest]\ndre_output = by_ini\n")
    first.run_here("studies").assert_outcomes(passed=8)
    assert first.manifest("first", "by_ini")["complete"] is True
    first.run_here("studies", "--dre-output", "by_option").assert_outcomes(passed=8)
    assert first.manifest("first", "by_option")["complete"] is True


def test_a_study_id_cannot_climb_out(lab):
    lab.write("studies/climb.study.yaml", "study_id: ../../climb\ntitle: C\nagents: {a: './agents.py:root'}\n")
    lab.run_here("studies").assert_outcomes(passed=1)
    (directory,) = (lab.path / "artifacts").iterdir()
    assert ".." not in directory.name.split("/")
    assert (directory / "manifest.json").is_file()


def test_an_output_directory_is_not_collected(first):
    first.run_here("studies", "--dre-output", "studies/out").assert_outcomes(passed=8)
    first.write("studies/out/first/test_inside.py", "def test_no():\n    assert False\n")
    first.run_here("studies", "--dre-output", "studies/out").assert_outcomes(passed=8)


def test_a_manifest_of_others_hides_nothing(first):
    first.write("studies/manifest.json", '{"name": "a web extension", "manifest_version": 3}')
    first.run_here("studies").assert_outcomes(passed=8)


@pytest.mark.parametrize("how", ["option", "ini"])
def test_sqlite_mirror_and_bundle(first, how):
    if how == "ini":
        first.write("pytest.ini", "[pytest]\ndre_sqlite = true\ndre_bundle = true\n")
    first.run_here("studies", *(["--dre-sqlite", "--dre-bundle"] if how == "option" else []))
    directory = first.path / "artifacts/first"
    with closing(sqlite3.connect(directory / "study.sqlite")) as connection:
        assert connection.execute("SELECT count(*), min(seed) > 0 FROM runs").fetchone() == (8, 1)
    assert verify_artifacts(directory / "study.tar.gz") == []


def test_an_unwritable_output_directory_is_told(lab):
    lab.write("studies/s.study.yaml", "study_id: s\ntitle: S\noutput_dir: occupied\nagents: {a: './agents.py:root'}\n")
    lab.write("occupied", "a file")
    result = lab.run_here("studies")
    result.assert_outcomes(failed=1)
    assert "cannot be opened" in result.stdout.str()
    assert (lab.path / "occupied").read_text() == "a file"


def test_studies_outside_the_rootdir(lab, mode):
    for name in ("a", "b"):
        factor = "{name: temperature, levels: [0.7]}"
        text = f"study_id: {name}\ntitle: T\nfactors: [{factor}]\nagents: {{x: './agents.py:logged'}}\n"
        lab.write(f"studies/{name}.study.yaml", text)
    lab.write("project/pytest.ini", "[pytest]\n")
    (lab.path / "broken").touch()
    arguments = ("-c", "project/pytest.ini", "--rootdir", "project", *mode)
    result = lab.run("studies/a.study.yaml", "studies/b.study.yaml", *arguments)
    result.assert_outcomes(failed=2)
    rerun = "pytest -c project/pytest.ini --rootdir project \\ studies/a.study.yaml::run"
    assert f"rerun {rerun}" in lab.words(result)
    assert {lab.manifest(name, "project/artifacts")["failed_runs"] for name in ("a", "b")} == {1}
    (lab.path / "broken").unlink()
    lab.run("studies/a.study.yaml", "studies/b.study.yaml", "--lf", *arguments).assert_outcomes(passed=2)


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_a_session_that_replays_all_makes_the_same_bundle(first, how):
    first.run("studies", "--dre-bundle", how)
    bundle = first.path / "artifacts/first/study.tar.gz"
    before = bundle.read_bytes()
    first.run("studies", "--dre-bundle", "--dre-resume", how)
    assert bundle.read_bytes() == before
