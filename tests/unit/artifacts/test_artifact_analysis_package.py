"""The design-research-analysis package reads what is exported."""

import pytest

from pytest_dre.model.runs import RunStatus

analysis = pytest.importorskip("design_research_analysis", reason="design-research-analysis needs Python 3.12")


@pytest.fixture
def artifacts(export, out, make, plan, results):
    nasty = make.result(
        plan.runs[1], events=[{"text": 'a,"b"\r\n😀', "timestamp": "yesterday", "tool": {"name": "x"}}, {}]
    )
    failed = make.result(plan.runs[3], status=RunStatus.FAILED, metrics={}, evaluations=[], events=[])
    export(results=[results[0], nasty, results[2], failed])
    return out


def test_events_are_valid(artifacts):
    report = analysis.validate_experiment_events(artifacts / "events.csv")
    assert report.is_valid
    assert (report.n_rows, report.errors, report.warnings) == (4, (), ())
    assert (report.missing_required, report.missing_recommended) == ((), ())


def test_all_tables_load(artifacts):
    loaded = analysis.load_experiment_artifacts(artifacts)
    assert [row["run_id"] for row in loaded["runs.csv"]] == ["run-0-1", "run-0-2", "run-1-1", "run-1-2"]
    assert [row["arm"] for row in loaded["conditions.csv"]] == ["a", "b", "c"]
    assert loaded["events.csv"][1]["text"] == 'a,"b"\r\n😀'
    assert loaded["manifest.json"]["run_count"] == 4


@pytest.mark.parametrize(("metric", "source"), [("score", "evaluations"), ("primary_outcome", "runs")])
def test_outcomes_are_joined_with_conditions(export, out, metric, source):
    export()
    rows = analysis.build_condition_metric_table_from_artifacts(out, metric=metric, condition_column="arm")
    assert [(row["run_id"], row["condition"], row["value"], row["metric_source"]) for row in rows] == [
        ("run-0-1", "a", 0.5, source),
        ("run-0-2", "a", 0.5, source),
        ("run-1-1", "b", 0.5, source),
        ("run-1-2", "b", 0.5, source),
    ]
