"""Whole sessions over mutated study files: errors of collection, and sound studies beside them are collected."""

import pytest
from mutations import mutants
from test_study_fuzz import furnish, seeds

SOUND = """
study_id: sound
title: Sound
factors: [{name: budget, levels: [1, 2]}]
agents: {solver: "./rules.py:solve"}
problems: {p: {ref: "./rules.py:problem"}}
"""
STUDIES = 20


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with a sound study, and what it and others refer to."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:randomly -p no:anyio")
    furnish(pytester.path)
    rules = pytester.path / "rules.py"
    rules.write_text(f"{rules.read_text()}\n\ndef problem():\n    return {{'brief': 'b'}}\n")
    (pytester.path / "sound.study.yaml").write_text(SOUND)
    return pytester


@pytest.mark.parametrize(
    ("number", "more"), [(900_001, ("--collect-only", "-q")), (900_002, ("--dre-plan",))], ids=["collect", "plan"]
)
def test_mutants_are_collection_errors_and_a_sound_study_is_collected(folder, number, more):
    for index, mutant in enumerate(mutants(seeds(), number, STUDIES)):
        suffix = mutant.suffix if mutant.suffix.startswith(".study") else ".study.yaml"
        (folder.path / f"mutant{index}{suffix}").write_bytes(mutant.content)
    result = folder.runpytest_subprocess("-p", "no:xdist", *more, timeout=100)
    said = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    for trace in ("INTERNALERROR", "Traceback", "pytest_dre/"):
        assert trace not in said
    assert "ERROR mutant" in said
    assert ("sound.study.yaml::budget=1" if "-q" in more else "sound: Sound") in said


def test_a_sound_study_runs_beside_mutants(folder):
    for index, mutant in enumerate(mutants({"sound": SOUND}, 900_004, STUDIES)):
        (folder.path / f"mutant{index}.study.yaml").write_bytes(b"\x00" + mutant.content)
    result = folder.runpytest_subprocess("-p", "no:xdist", "--continue-on-collection-errors", timeout=100)
    result.assert_outcomes(passed=2, errors=STUDIES)
    assert "Traceback" not in result.stdout.str()
    assert (folder.path / "artifacts" / "sound" / "runs.csv").exists()
