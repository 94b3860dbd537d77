import csv
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pytest_dre.artifacts.reading import read_table
from pytest_dre.artifacts.validation import validate_export
from pytest_dre.errors import ArtifactError
from pytest_dre.model.runs import Plan, RunStatus, Spending
from pytest_dre.model.study import Study

FILES = [
    "analysis_plan.json",
    "conditions.csv",
    "evaluations.csv",
    "events.csv",
    "hypotheses.json",
    "manifest.json",
    "outcomes.csv",
    "runs.csv",
    "study.yaml",
]


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def manifest(out):
    return json.loads((out / "manifest.json").read_text())


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_all_files_are_there_and_whole(export, out):
    summary = export()
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert sorted(summary.files) == FILES
    assert summary.files[-1] == "manifest.json"
    assert (summary.planned, summary.missing, summary.complete) == (4, 0, True)
    assert summary.status_counts[RunStatus.SUCCESS] == 4
    assert validate_export(out) == []


@pytest.fixture(autouse=True)
def _no_parquet(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)


def test_rows_stand_in_plan_order(export, out, plan):
    export()
    assert [row["run_id"] for row in table(out / "runs.csv")] == [spec.run_id for spec in plan.runs]
    conditions = table(out / "conditions.csv")
    assert [(row["arm"], row["admissible"]) for row in conditions] == [("a", "True"), ("b", "True"), ("c", "False")]
    assert json.loads(conditions[2]["constraint_messages"]) == ["no c, please"]


def test_the_study_its_hypotheses_and_plans_are_kept(export, out):
    export(study_yaml="study_id: demo\ntitle: é\n")
    assert (out / "study.yaml").read_bytes() == "study_id: demo\ntitle: é\n".encode()
    (hypothesis,) = json.loads((out / "hypotheses.json").read_text())
    (analysis_plan,) = json.loads((out / "analysis_plan.json").read_text())
    assert (hypothesis["hypothesis_id"], hypothesis["direction"]) == ("h1", "different")
    assert (analysis_plan["analysis_plan_id"], analysis_plan["hypothesis_ids"]) == ("p1", ["h1"])


def test_the_manifest_says_what_became_of_the_plan(export, out, make, plan, results):
    failed = make.result(plan.runs[1], status=RunStatus.FAILED, status_reason="timeout", model_name="m-1")
    skipped = make.result(plan.runs[2], status=RunStatus.SKIPPED, status_reason="budget")
    export(results=[results[0], failed, skipped])
    said = manifest(out)
    assert said["schema_version"] == "0.2.0"
    assert said["study_id"] == "demo"
    assert said["generated_at"] == "2025-03-02T00:00:00+00:00"
    assert said["status_counts"] == {"pending": 0, "running": 0, "success": 1, "failed": 1, "skipped": 1}
    assert said["run_count"] == 3
    assert said["complete"] is False
    counts = ("planned_runs", "completed_runs", "failed_runs", "skipped_runs", "missing_runs")
    assert [said[key] for key in counts] == [4, 1, 1, 1, 1]
    assert said["missing_run_ids"] == ["run-1-2"]
    assert said["failure_reasons"] == {"timeout": 1}
    assert said["model_ids"] == ["m-1"]
    assert said["agent_versions"] == {"solver": ["1.0"]}
    assert said["problem_versions"] == {"puzzle": ["sha-7"]}
    assert said["seed_policy"] == {"base_seed": 11, "strategy": "condition_replicate", "per_run_offset": 9973}
    assert said["provenance"] == {
        "versions": {"python": "3.11.0"},
        "other_versions": {},
        "platform": "TestOS",
        "git": {"commit": None, "dirty": None},
        "study": {},
    }
    assert said["files"]["events.csv"]["rows"] == 3
    assert set(said["files"]) == {*FILES} - {"manifest.json"}


def test_the_manifest_says_where_runs_failed_and_why_others_are_missing(export, out, make, plan):
    failed = [
        make.result(plan.runs[0], status=RunStatus.FAILED, status_reason="timeout", agent_id=None, attempts=3),
        make.result(plan.runs[1], status=RunStatus.FAILED, status_reason="agent_error"),
    ]
    budget = SimpleNamespace(reason="budget", message="limits.max_cost_usd is spent")
    notes = {plan.runs[0].run_id: budget, plan.runs[2].run_id: budget, "run-gone": budget}
    assert export(results=failed, unstarted=notes).unstarted == {plan.runs[2].run_id: budget}
    said = manifest(out)
    first, second = plan.runs[0].condition_id, plan.runs[1].condition_id
    assert said["failures"] == [
        {"reason": "agent_error", "agent_id": "solver", "condition_id": second, "runs": 1},
        {"reason": "timeout", "agent_id": None, "condition_id": first, "runs": 1},
    ]
    assert said["missing_reasons"] == {"budget": 1, "not_started": 1}
    assert said["retried_runs"] == 1
    assert said["spending"] is None


def test_the_manifest_says_what_is_stored_beside_the_results_that_count(export, out, plan, results):
    stale = {plan.runs[3].run_id, plan.runs[1].run_id}
    export(
        results=[results[0], results[2]], stale=stale, orphans={"run-z", "run-a"}, spending=Spending(1.5, 1200, 34.5)
    )
    said = manifest(out)
    assert (said["stale_runs"], said["stale_run_ids"]) == (2, [plan.runs[1].run_id, plan.runs[3].run_id])
    assert (said["stale_included"], said["missing_reasons"]) == (False, {"stale": 2})
    assert (said["orphan_runs"], said["orphan_run_ids"]) == (2, ["run-a", "run-z"])
    assert said["spending"] == {"cost_usd": 1.5, "tokens": 1200, "seconds": 34.5}
    assert [row["stale"] for row in read_table(out / "runs.csv")] == [False, False]


def test_stale_results_that_are_exported_are_marked(export, out, plan):
    export(stale=[plan.runs[2].run_id], stale_included=True)
    assert [row["stale"] for row in read_table(out / "runs.csv")] == [False, False, True, False]
    said = manifest(out)
    assert (said["stale_runs"], said["stale_included"], said["missing_reasons"]) == (1, True, {})


def test_of_many_orphans_the_first_are_named(export, out):
    export(orphans=[f"run-{number:04}" for number in range(1005)])
    said = manifest(out)
    assert (said["orphan_runs"], len(said["orphan_run_ids"]), said["orphan_run_ids"][-1]) == (1005, 1000, "run-0999")


def test_the_manifest_counts_missing_outcomes_of_every_declared_one(export, out, make, plan, study):
    where = {"source_table": "runs", "aggregation": "mean"}
    outcomes = [
        {**where, "name": "score", "column": "score", "missing_data_policy": "worst", "goal": "maximize"},
        {**where, "name": "speed", "column": "speed", "missing_data_policy": "worst"},
        {**where, "name": "loss", "column": "loss"},
        {**where, "name": "derived", "column": "loss", "derivation": "1 - loss", "missing_data_policy": "fail"},
        {**where, "name": "odd", "column": "loss", "source_table": "evaluations", "aggregation": "p95"},
    ]
    metrics = [{"score": 2.0, "speed": 1}, {"score": "n/a", "speed": 1}, {"score": -1.5, "speed": 1}]
    results = [make.result(spec, metrics=given) for spec, given in zip(plan.runs, metrics, strict=False)]
    results.append(make.result(plan.runs[3], metrics={}, status=RunStatus.FAILED, status_reason="crashed"))
    export(study=Study.model_validate({**study.model_dump(), "outcomes": outcomes}), results=results)
    assert manifest(out)["missing_outcomes"] == {
        "score": {"policy": "worst", "missing": 2, "imputed": 2, "value": -1.5},
        "speed": {"policy": "worst", "missing": 1, "imputed": 0, "value": None},
        "loss": {"policy": "drop", "missing": 4, "imputed": 0, "value": None},
        "derived": {"policy": "fail", "missing": 4, "imputed": 0, "value": None},
        "odd": {"policy": "drop", "missing": None, "imputed": None, "value": None},
    }


def test_now_is_the_time_of_an_export_unless_told(export, out):
    export(generated_at=None)
    assert manifest(out)["generated_at"][:4] >= "2025"
    assert manifest(out)["generated_at"].endswith("+00:00")


def test_what_is_exported_once_more_keeps_its_date_and_its_bytes(export, out, results):
    export(sqlite=True, bundle=True)
    before = contents(out)
    export(sqlite=True, bundle=True, generated_at=None)
    assert contents(out) == before
    export(results=results[:-1], generated_at=None)
    assert manifest(out)["generated_at"] > "2025-03-03"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"generated_at": 5}'])
def test_a_manifest_of_something_else_has_no_date_to_keep(export, out, text):
    out.mkdir(parents=True)
    (out / "manifest.json").write_text(text, encoding="utf-8")
    export(generated_at=None)
    assert manifest(out)["generated_at"] > "2025-03-03"


def test_an_export_without_results_is_whole(export, out):
    summary = export(results=())
    assert (summary.missing, summary.complete) == (4, False)
    assert table(out / "runs.csv") == []


def test_an_empty_plan_is_complete(export, out):
    assert export(plan=Plan((), ()), results=()).complete is True
    assert validate_export(out) == []


def test_two_exports_of_the_same_results_are_the_same_files(export, out, tmp_path):
    export(sqlite=True, bundle=True)
    export(output_dir=tmp_path / "again", sqlite=True, bundle=True)
    assert contents(out) == contents(tmp_path / "again")


def test_exports_differ_only_in_times_and_latencies(export, out, tmp_path, make, plan):
    export()
    later = [
        make.result(spec, start_time="2026-01-01T00:00:00+00:00", end_time="2026-01-02T00:00:00+00:00", latency_s=9.0)
        for spec in plan.runs
    ]
    export(output_dir=tmp_path / "later", results=later, generated_at=None)
    changed = {"start_time", "end_time", "latency_s", "timestamp"}
    for name in ("conditions.csv", "runs.csv", "events.csv", "evaluations.csv"):
        for before, after in zip(table(out / name), table(tmp_path / "later" / name), strict=True):
            assert {key for key in before if before[key] != after[key]} <= changed
    before, after = manifest(out), manifest(tmp_path / "later")
    assert {key for key in before if before[key] != after[key]} == {"generated_at", "files"}


def test_a_factor_named_like_a_fixed_column_has_a_column_of_its_own(export, out, make):
    plan = make.plan(make.condition(0, {"arm": "a", "admissible": "yes", "block_day": 1}, block_assignments={"day": 2}))
    export(plan=plan, results=())
    (row,) = table(out / "conditions.csv")
    assert list(row)[5:] == ["arm", "factor_admissible", "factor_block_day", "block_day"]
    assert (row["admissible"], row["factor_admissible"], row["factor_block_day"]) == ("True", "yes", "1")
    assert row["block_day"] == "2"


def test_results_are_read_once_and_one_at_a_time(export, make, plan, out):
    alive = []

    def stream():
        for spec in plan.runs:
            alive.append(spec.run_id)
            yield make.result(spec)

    export(results=stream())
    assert alive == [spec.run_id for spec in plan.runs]


@pytest.mark.parametrize("sqlite", [False, True])
def test_a_failed_export_leaves_the_files_of_the_one_before(export, out, results, sqlite):
    export(sqlite=sqlite)
    before = contents(out)

    def broken():
        yield results[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(results=broken(), sqlite=sqlite)
    assert contents(out) == before


def test_a_result_that_is_not_planned_is_never_exported(export, out, make, plan):
    with pytest.raises(ArtifactError, match="run-x is not in the plan"):
        export(results=[make.result(plan.runs[0], run_id="run-x")])
    assert list(out.iterdir()) == []


def test_an_export_that_does_not_hold_together_is_an_error(export, out, make, plan):
    export()
    before = contents(out)
    with pytest.raises(ArtifactError, match=r"nothing was replaced:\nruns\.csv: row 1: there is no condition 'cond-x'"):
        export(results=[make.result(plan.runs[0], condition_id="cond-x")])
    assert contents(out) == before


def test_a_directory_that_cannot_be_written_is_a_clear_error(export, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match=r"the artifacts cannot be written to .*file"):
        export(output_dir=tmp_path / "file")


def test_foreign_files_are_left_alone(export, out):
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    export()
    assert (out / "notes.txt").read_text() == "mine"


def test_exporting_does_not_import_pytest():
    code = "import sys, pytest_dre.artifacts.export, pytest_dre.artifacts.reading; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
