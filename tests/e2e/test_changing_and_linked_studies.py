"""Studies behind symbolic links, and studies that change while they run."""

import json

import pytest

SECOND = """
study_id: second
title: Another study
agents: {solver: "./agents.py:root"}
"""
# Once a worker has collected, the study has a fault, for the controller to meet.
SPOILING = """
import os
from pathlib import Path

def pytest_collection_finish(session):
    study = Path(__file__).parent / "studies/first.study.yaml"
    if "PYTEST_XDIST_WORKER" in os.environ and (study.parent / "spoil").exists():
        study.write_text(study.read_text() + "surprise: 1\\n")
"""


def test_a_study_in_a_linked_folder(first, mode):
    (first.path / "studies").rename(first.path / "real")
    (first.path / "studies").symlink_to("real")
    result = first.run("studies", *mode)
    result.assert_outcomes(passed=8)
    assert first.manifest("first")["complete"] is True
    first.run("studies", "--lf", *mode)
    assert "8 cached" in first.words(first.run("studies", "--dre-resume", *mode))


def test_a_linked_study_file_with_a_gate(first, mode):
    study = first.path / "studies/first.study.yaml"
    gate = "gates: [{gate_id: good, outcome: score, claim: at_least, value: 0.0, on_inconclusive: warn}]\n"
    outcome = "outcomes: [{name: score, source_table: evaluations, column: score, aggregation: mean}]\n"
    real = first.write("real/first.study.yaml", study.read_text() + outcome + gate)
    study.unlink()
    study.symlink_to(real)
    first.run("studies", *mode).assert_outcomes(passed=8, skipped=1)
    assert first.manifest("first")["complete"] is True
    assert len(json.loads((first.path / "artifacts/first/gates.json").read_text())) == 1


def test_a_link_beside_its_target_is_an_error_of_collection(first, mode):
    (first.path / "again").symlink_to("studies")
    result = first.run(".", *mode)
    assert result.ret in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.TESTS_FAILED)  # xdist goes on
    output = result.stdout.str()
    assert "writes to artifacts/first too" in output
    assert "Traceback" not in output + result.stderr.str()


def test_without_stopping_at_it_one_of_the_two_names_runs(first, mode):
    (first.path / "again").symlink_to("studies")
    result = first.run(".", "--continue-on-collection-errors", *mode)
    result.assert_outcomes(passed=8, errors=1)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert first.manifest("first")["complete"] is True


def test_a_study_that_the_controller_cannot_read_any_more(first):
    first.write("conftest.py", SPOILING)
    first.write("studies/second.study.yaml", SECOND)
    sound = (first.path / "studies/first.study.yaml").read_text()
    (first.path / "studies/spoil").touch()
    result = first.run("studies", "-n1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=9)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert "surprise" in result.stdout.str()
    assert "no artifacts are written; what ran is stored" in first.words(result)
    assert first.manifest("second")["complete"] is True
    (first.path / "studies/spoil").unlink()
    (first.path / "studies/first.study.yaml").write_text(sound)
    result = first.run("studies", "--lf", "-n1")
    assert result.ret == 0
    assert "8 cached" in first.words(result)
    assert first.manifest("first")["complete"] is True
