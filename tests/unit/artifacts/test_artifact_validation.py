import json
from pathlib import Path

import pytest

from pytest_dre.artifacts.validation import validate_export


@pytest.fixture
def artifacts(export, out):
    export()
    assert validate_export(out) == []
    return out


def change(path, old, new, count=-1):
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, count).encode())


def has(problems, text):
    assert any(text in problem for problem in problems), problems


def change_manifest(directory, **changes):
    path = directory / "manifest.json"
    data = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in data.items() if value is not None}))


def test_missing_files_are_named(artifacts):
    (artifacts / "events.csv").unlink()
    (artifacts / "study.yaml").unlink()
    assert validate_export(artifacts) == ["study.yaml: the file is missing", "events.csv: the file is missing"]


def test_one_changed_byte_is_found(artifacts):
    change(artifacts / "events.csv", ",42,", ",43,", 1)
    assert validate_export(artifacts) == [
        "events.csv: its SHA-256 is not the manifest's; the file was changed or damaged after the export"
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("runs.csv", "study_id,condition_id", "condition_id,study_id", "runs.csv: its first columns must be study_id"),
        ("runs.csv", "{", "", "runs.csv: row 1: metrics_json is no JSON"),
        ("runs.csv", "run-0-2", "run-0-1", "runs.csv: row 2: the run 'run-0-1' comes twice"),
        ("runs.csv", "cond-000000000000", "cond-x", "runs.csv: row 1: there is no condition 'cond-x'"),
        ("conditions.csv", "cond-000000000001", "cond-000000000000", "row 2: the condition 'cond-000000000000' comes"),
        ("evaluations.csv", "run-0-1", "run-x", "evaluations.csv: row 1: there is no run 'run-x'"),
        ("events.csv", "run-0-1", "run-x", "events.csv: row 1: there is no run 'run-x'"),
        ("evaluations.csv", "checker,", "", "evaluations.csv: row 1: it has 7 cells, the header 8"),
        ("evaluations.csv", "\n", "\n\n", "evaluations.csv: row 1: it has 0 cells, the header 8"),
        ("evaluations.csv", "checker", '"checker', "evaluations.csv: it is no CSV in UTF-8, after row 0"),
    ],
)
def test_damage_to_a_table_is_named(artifacts, name, old, new, problem):
    change(artifacts / name, old, new)
    has(validate_export(artifacts), problem)


def test_a_table_that_is_no_text(artifacts):
    (artifacts / "runs.csv").write_bytes(b"\xff\xfe")
    has(validate_export(artifacts), "runs.csv: it is no CSV in UTF-8, after row 0")


def test_an_empty_table(artifacts):
    (artifacts / "events.csv").write_bytes(b"")
    has(validate_export(artifacts), "events.csv: its first columns must be timestamp")


def test_missing_rows_are_counted(artifacts):
    lines = (artifacts / "runs.csv").read_text().splitlines(keepends=True)
    (artifacts / "runs.csv").write_text("".join(lines[:-1]))
    problems = validate_export(artifacts)
    has(problems, "runs.csv: it has 3 rows, the manifest says 4")
    has(problems, "manifest.json: run_count says 4 runs, runs.csv has 3")
    has(problems, "manifest.json: status_counts says 4 runs, runs.csv has 3")
    has(problems, "events.csv: row 4: there is no run 'run-1-2'")


def test_of_many_problems_ten_a_table_are_named_and_all_rows_counted(export, out, make):
    plan = make.plan(make.condition(0, {"arm": "a"}), replicates=30)
    export(plan=plan, results=[make.result(spec) for spec in plan.runs])
    change(out / "runs.csv", "cond-", "c-")
    problems = validate_export(out)
    assert len([problem for problem in problems if problem.startswith("runs.csv: row")]) == 10
    assert problems[10] == "runs.csv: 20 more problems"
    assert len(problems) == 12  # and the checksum


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model_ids": None}, "manifest.json: the key 'model_ids' is missing"),
        ({"run_count": "4"}, "manifest.json: the key 'run_count' must hold a int"),
        ({"files": {}}, "runs.csv: the manifest has no checksum of it"),
        ({"files": {"setup.py": {}}}, "manifest.json: it vouches for 'setup.py', which is no file of a study's"),
        ({"status_counts": {"success": 3, "failed": 1}}, "manifest.json: status_counts says 3 success, runs.csv has 4"),
        ({"status_counts": {"success": 3, "failed": 1}}, "manifest.json: status_counts says 1 failed, runs.csv has 0"),
    ],
)
def test_damage_to_the_manifest_is_named(artifacts, changes, problem):
    change_manifest(artifacts, **changes)
    has(validate_export(artifacts), problem)


@pytest.mark.parametrize(("text", "problem"), [("{oops", "it is no JSON"), ("[]", "it must hold an object")])
def test_a_manifest_that_is_none(artifacts, text, problem):
    (artifacts / "manifest.json").write_text(text)
    (found,) = validate_export(artifacts)
    assert found.startswith(f"manifest.json: {problem}")


def test_all_kinds_of_damage_are_listed(artifacts):
    for name in ("events.csv", "hypotheses.json"):
        (artifacts / name).unlink()
    change(artifacts / "runs.csv", "run-0-2", "run-0-1")
    change(artifacts / "evaluations.csv", "checker,", "", 1)
    change(artifacts / "study.yaml", "study_id", "studyid", 1)
    (artifacts / "analysis_plan.json").write_text("[")
    change_manifest(artifacts, model_ids=None, run_count=7)
    changed = "its SHA-256 is not the manifest's; the file was changed or damaged after the export"
    problems = validate_export(artifacts)
    assert [problem for problem in problems if "is missing" in problem] == [
        "hypotheses.json: the file is missing",
        "events.csv: the file is missing",
        "manifest.json: the key 'model_ids' is missing",
    ]
    has(problems, "analysis_plan.json: it is no JSON")
    has(problems, "runs.csv: row 2: the run 'run-0-1' comes twice")
    has(problems, "evaluations.csv: row 1: it has 7 cells, the header 8")
    for name in ("runs.csv", "evaluations.csv", "study.yaml", "analysis_plan.json"):
        has(problems, f"{name}: {changed}")
    has(problems, "manifest.json: run_count says 7 runs, runs.csv has 4")


@pytest.mark.parametrize("damage", ["gone", "header", "bytes"])
def test_rows_are_not_blamed_for_a_table_that_cannot_be_read(artifacts, damage):
    runs = artifacts / "runs.csv"
    match damage:
        case "gone":
            runs.unlink()
        case "header":
            change(runs, "study_id,condition_id", "condition_id,study_id", 1)
        case "bytes":
            runs.write_bytes(runs.read_bytes() + b"\xff")
    problems = validate_export(artifacts)
    has(problems, "runs.csv: ")
    assert not any("there is no run" in problem for problem in problems)


def test_a_file_that_cannot_be_read_is_told_and_no_crash(artifacts, monkeypatch):
    opened = Path.open

    def refuse(path, *args, **kwargs):
        if path.name in ("runs.csv", "hypotheses.json", "study.yaml"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    assert validate_export(artifacts) == [
        f"{name}: it cannot be read (Permission denied)" for name in ("hypotheses.json", "runs.csv", "study.yaml")
    ]


def test_a_document_that_is_no_json(artifacts):
    (artifacts / "hypotheses.json").write_text("[")
    has(validate_export(artifacts), "hypotheses.json: it is no JSON")
