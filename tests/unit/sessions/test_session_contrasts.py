"""Gates whose contrast the design keeps apart from nothing else are told before anything is spent."""

from pathlib import Path

import pytest

from pytest_dre.errors import StudyError
from pytest_dre.loading import load_study
from pytest_dre.sessions.planned import plan_source

STUDY = """
study_id: s
title: t
factors:
  - {name: row, levels: [1, 2, 3]}
  - {name: column, levels: [1, 2, 3]}
  - {name: dose, levels: [{name: low, value: 10}, {name: mid, value: 20}, {name: high, value: 30}]}
agents: {a: "m:f", b: "m:g"}
outcomes: [{name: y, source_table: runs, column: y, aggregation: mean, goal: maximize}]
hypotheses:
  - {hypothesis_id: h, label: l, statement: s, independent_vars: [dose], dependent_vars: [y],
     contrast: {left: high, right: low}, direction: greater}
"""
SQUARE = (
    "design_spec: {kind: latin_square, options: {row_factor: row, column_factor: column, treatment_factor: dose}}\n"
)
NO_MID_IN_1 = "constraints: [{constraint_id: c, expression: 'not (row == 1 and dose == 10)'}]\n"
ONLY_1 = "where: {row: [1]}, "


def faults(tmp_path: Path, text: str, gate: str) -> list[str]:
    file = tmp_path / "s.study.yaml"
    file.write_text(f"{STUDY}{text}gates:\n  - {{gate_id: g, {gate}}}\n")
    source = load_study(file)
    try:
        plan_source(source, tmp_path / "out")
    except StudyError as error:
        return [f"{fault.line}: {fault}" for fault in error.faults]
    return []


DOSE = "outcome: y, claim: superior, contrast: {factor: dose, treatment: high, control: low}"


@pytest.mark.parametrize("gate", [DOSE, "hypothesis: h, claim: superior"])
def test_a_latin_square_admits_no_gate_on_its_treatment(tmp_path, gate):
    (fault,) = faults(tmp_path, SQUARE, gate)
    assert "no two conditions differ in 'dose' alone, so the gate cannot be judged; compare them by a test" in fault
    assert fault.startswith("15: ")


def test_constraints_may_leave_nothing_to_compare(tmp_path):
    assert faults(tmp_path, NO_MID_IN_1, DOSE) == []
    assert len(faults(tmp_path, NO_MID_IN_1, ONLY_1 + DOSE)) == 1


@pytest.mark.parametrize(
    "gate",
    [
        "outcome: y, claim: superior, contrast: {factor: agent, treatment: a, control: b}",
        "outcome: y, claim: at_least, value: 1, where: {dose: high}",
        "outcome: y, claim: non_inferior, margin: 1, baseline: main",
    ],
)
def test_what_is_matched_or_not_contrasted_is_no_fault(tmp_path, gate):
    assert faults(tmp_path, SQUARE, gate) == []


def test_a_full_design_has_all_pairs(tmp_path):
    assert faults(tmp_path, "", ONLY_1 + DOSE) == []
