"""Conditions, plans, faults and files."""

import pytest

from pytest_dre import StudyError, build_design, load_study, plan_study, validate_study, write_study
from pytest_dre.api.sources import source_of

MATRIX = """\
study_id: m
title: T
agents: {a: 'x:y'}
factors: [{name: x, levels: ['1', '2']}]
design_spec: {kind: custom_matrix, matrix_path: m.csv}
"""


@pytest.fixture
def matrix(here):
    (here / "lab").mkdir()
    (here / "lab" / "m.study.yaml").write_text(MATRIX)
    (here / "lab" / "m.csv").write_text("x\n2\n1\n")
    return here / "lab" / "m.study.yaml"


def test_paths_of_a_study_file_are_relative_to_it(matrix):
    for study in (matrix, "lab/m.study.yaml", source_of(matrix)):
        assert [item.factor_assignments["x"] for item in build_design(study)] == ["2", "1"]
        assert [run.condition.factor_assignments["x"] for run in plan_study(study).runs] == ["2", "1"]


@pytest.mark.parametrize("work", [build_design, plan_study])
def test_faults_of_a_design_have_their_place(matrix, work):
    (matrix.parent / "m.csv").unlink()
    with pytest.raises(StudyError, match=r"lab/m\.study\.yaml:5:\d+: design_spec\.matrix_path: .*cannot be read"):
        work("lab/m.study.yaml")


def test_faults_are_returned(here, make_study):
    assert [str(fault) for fault in validate_study(make_study())] == [
        "there is nothing to run; add agents (agent_specs, agents or a factor 'agent') or a runner"
    ]
    (here / "s.yaml").write_text("study_id: s\ntitel: T\n")
    assert any("titel" in str(fault) for fault in validate_study("s.yaml"))
    assert validate_study(make_study(agent_specs=["a"])) == []


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_written_study_is_the_one_that_is_loaded(here, make_study, suffix):
    study = make_study(agent_specs=["a"])
    write_study(study, f"deep/s.study.{suffix}")
    assert load_study(f"deep/s.study.{suffix}") == study
