"""`pytest studies/` runs a study and leaves its artifacts, the same in every mode."""

import re

from pytest_dre.artifacts.bundle import verify_artifacts

TABLES = ("conditions", "runs", "events", "evaluations")
ARTIFACTS = {f"{name}.csv" for name in TABLES} | {
    "study.yaml",
    "manifest.json",
    "hypotheses.json",
    "analysis_plan.json",
}
TIMES = {"start_time", "end_time", "latency_s", "timestamp"}


def without_times(rows):
    rows = [{name: cell for name, cell in row.items() if name not in TIMES} for row in rows]
    for row in rows:
        if "metrics_json" in row:
            row["metrics_json"] = re.sub(r'"latency_s":[^,}]*', "", row["metrics_json"])
    return rows


def test_a_study_runs_and_leaves_its_artifacts(first, mode):
    result = first.run("studies", *mode)
    result.assert_outcomes(passed=8)
    assert result.ret == 0
    output = result.stdout.str()
    assert "dre: 8 runs of 1 study planned" in output
    assert "= design of experiments =" in output
    assert re.search(r"0\.1 +plain +2/2", output)
    assert "artifacts/first" in output
    present = {path.name for path in (first.path / "artifacts" / "first").iterdir()}
    assert present >= ARTIFACTS
    assert verify_artifacts(first.path / "artifacts" / "first") == []
    manifest = first.manifest("first")
    assert (manifest["planned_runs"], manifest["completed_runs"], manifest["missing_runs"]) == (8, 8, 0)
    assert manifest["complete"] is True


def test_tables_are_equal_in_every_mode_twice_each(first):
    tables = []
    for number, mode in enumerate([("-p", "no:xdist"), ("-n0",), ("-n2",)] * 2):
        base = f"out{number}"
        first.run("studies", *mode, "--dre-output", base).assert_outcomes(passed=8)
        tables.append({name: without_times(first.table("first", name, base)) for name in TABLES})
    assert len(tables[0]["runs"]) == 8
    assert all(other == tables[0] for other in tables[1:])


def test_rows_stand_in_plan_order_whatever_finishes_first(lab):
    lab.write(
        "studies/slow.py",
        """
        import time

        def sleeper(delay):
            time.sleep(delay)
            return "slept"
        """,
    )
    lab.write(
        "studies/slow.study.yaml",
        """
        study_id: slow
        title: The first run finishes last
        factors: [{name: delay, levels: [1.0, 0.01, 0.02, 0.03]}]
        agents: {sleeper: "./slow.py:sleeper"}
        """,
    )
    lab.run("studies", "-n2").assert_outcomes(passed=4)
    conditions = {row["condition_id"]: row["delay"] for row in lab.table("slow", "conditions")}
    rows = lab.table("slow", "runs")
    assert [conditions[row["condition_id"]] for row in rows] == ["1.0", "0.01", "0.02", "0.03"]
    assert any(row["end_time"] < rows[0]["end_time"] for row in rows[1:])


def test_low_scores_are_data(lab):
    lab.write("studies/poor.py", "def poor():\n    return {'output': 0, 'metrics': {'primary_outcome': -1e9}}\n")
    lab.write("studies/poor.study.yaml", "study_id: poor\ntitle: Poor\nagents: {poor: './poor.py:poor'}\n")
    assert lab.run_here("studies").ret == 0
    assert lab.table("poor", "runs")[0]["primary_outcome"] == "-1000000000.0"


def test_studies_and_tests_run_side_by_side(first):
    first.write("studies/test_other.py", "def test_ok():\n    pass\n\n\ndef test_not():\n    assert False\n")
    result = first.run_here("studies")
    result.assert_outcomes(passed=9, failed=1)
    assert "dre: 8 runs of 1 study planned" in result.stdout.str()


def test_a_study_in_json(lab):
    lab.write(
        "studies/j.study.json",
        '{\n\t"study_id": "j",\n\t"title": "J",\n\t"agents": {"a": "./agents.py:logged"},\n'
        '\t"factors": [{"name": "temperature", "levels": [0.2]}]\n}\n',
    )
    lab.run_here("studies").assert_outcomes(passed=1)
    assert lab.manifest("j")["run_count"] == 1


def test_a_yaml_file_that_is_no_study_is_left_alone(first):
    first.write("studies/config.yaml", "name: not a study\nstudies: [study_id]\n")
    first.run_here("studies").assert_outcomes(passed=8)


def test_a_study_edited_while_it_runs_is_exported_as_it_was(first, mode):
    first.write(
        "studies/conftest.py",
        """
        from pathlib import Path

        def pytest_dre_run_recorded(study, result):
            Path(__file__).with_name("first.study.yaml").write_text("study_id: first\\ntitle: [half written")
        """,
    )
    first.run("studies", *mode).assert_outcomes(passed=8)
    assert first.manifest("first")["planned_runs"] == 8
    assert first.manifest("first")["complete"] is True
