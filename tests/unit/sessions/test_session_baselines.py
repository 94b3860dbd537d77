"""Baselines: saved, loaded, refused."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.analysis.gates.baseline import outcome_digest
from pytest_dre.errors import DreError
from pytest_dre.execution.fingerprints import RUNNER, fingerprint
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow
from pytest_dre.sessions.baselines import MissingBaselineError, baseline_names, load_baseline, save_baseline
from pytest_dre.sessions.exporting import close_study
from pytest_dre.sessions.outcomes import stored_rows, unstored_rows
from pytest_dre.sessions.planned import PlannedStudy, plan_source
from pytest_dre.sessions.snapshots import Snapshot, from_text, to_text
from pytest_dre.store.runs import RunStore

STUDY = {
    "study_id": "s",
    "title": "t",
    "factors": [{"name": "level", "levels": [{"name": "low", "value": 1}, {"name": "high", "value": 2}]}],
    "run_budget": {"replicates": 2},
    "outcomes": [{"name": "score", "source_table": "runs", "column": "primary_outcome", "aggregation": "mean"}],
    "runner": "json:dumps",
}
VERSIONS = {RUNNER: "1"}
TIME = datetime(2026, 1, 2, tzinfo=UTC)


def _planned(directory, **changes) -> PlannedStudy:
    return plan_source(StudySource(Study.model_validate({**STUDY, **changes})), directory)


@pytest.fixture
def planned(tmp_path) -> PlannedStudy:
    return _planned(tmp_path / "out")


def _result(run: RunSpec, status=RunStatus.SUCCESS, versions=VERSIONS, score=0.5) -> RunResult:
    return RunResult(
        study_id=run.study_id,
        condition_id=run.condition_id,
        run_id=run.run_id,
        replicate=run.replicate,
        agent_id=None,
        problem_id=None,
        seed=run.seed,
        status=status,
        metrics={"primary_outcome": score},
        fingerprint=fingerprint(run, versions),
    )


def _rows(planned: PlannedStudy, *results: RunResult, allow_stale=False) -> list[OutcomeRow]:
    with closing(RunStore.create_or_open(planned.store_path, planned.study.study_id)) as store:
        store.set_versions(VERSIONS)
        for result in results:
            store.record(result, "first")
        return stored_rows(planned, store, allow_stale=allow_stale)


@pytest.fixture
def rows(planned) -> list[OutcomeRow]:
    first, *others = planned.plan.runs
    return _rows(planned, _result(first, RunStatus.FAILED), *(_result(run, score=run.seed / 7) for run in others))


def test_stored_rows_stand_in_plan_order_with_what_is_missing_and_stale(planned):
    runs = planned.plan.runs
    stale = _result(runs[2], versions={RUNNER: "0"}, score=9)
    rows = _rows(planned, _result(runs[3], score=3), stale, _result(runs[0]))
    found = [(row.run_id, row.status, row.stale, row.values["score"]) for row in rows]
    assert found == [
        (runs[0].run_id, "success", False, 0.5),
        (runs[1].run_id, "missing", False, None),
        (runs[2].run_id, "missing", True, None),
        (runs[3].run_id, "success", False, 3.0),
    ]
    counted = _rows(planned, allow_stale=True)[2]
    assert (counted.status, counted.stale, counted.values) == ("success", False, {"score": 9.0})
    assert [row.status for row in unstored_rows(planned)] == ["missing"] * 4


def test_what_is_saved_is_loaded(planned, rows, tmp_path):
    path = save_baseline(planned, rows, tmp_path / "kept", "before", created=TIME)
    assert path == tmp_path / "kept" / "s" / "before.baseline.json"
    baseline = load_baseline("before", "s", tmp_path / "kept")
    assert baseline.name == "before"
    assert list(baseline.rows) == sorted(rows, key=lambda row: row.run_id)
    assert baseline.outcomes == {"score": outcome_digest(planned.study.outcomes[0])}
    assert load_baseline(str(path), "s", tmp_path).rows == baseline.rows
    assert load_baseline("kept/s/before.baseline.json", "s", tmp_path, root=tmp_path).rows == baseline.rows
    assert baseline_names(tmp_path / "kept", "s") == ["before"]
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_the_file_tells_where_it_comes_from_and_gives_each_run_a_line(planned, rows, tmp_path):
    versions = {("agent", "solver"): "1.2", ("problem", "p"): "sha"}
    text = save_baseline(planned, rows, tmp_path, versions=versions, created=TIME).read_text()
    data = json.loads(text)
    assert (data["study_id"], data["name"], data["format_version"], data["runs"]) == ("s", "main", 1, 4)
    assert data["created"] == "2026-01-02T00:00:00+00:00"
    assert data["versions"] == {"agent solver": "1.2", "problem p": "sha"}
    assert {"commit", "dirty", "package_version", "design", "sha256"} <= data.keys()
    lines = [line for line in text.splitlines() if line.startswith('["run-')]
    assert len(lines) == 4
    assert lines == sorted(lines)


def test_one_changed_outcome_changes_its_line_and_the_checksum_only(planned, rows, tmp_path):
    before = save_baseline(planned, rows, tmp_path, created=TIME).read_text().splitlines()
    changed = [*rows[:3], replace(rows[3], values={"score": -1.0})]
    after = save_baseline(planned, changed[::-1], tmp_path, created=TIME).read_text().splitlines()
    differing = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(differing) == 2
    assert differing[0].startswith('"sha256"')
    assert differing[1].startswith(f'["{rows[3].run_id}"')


def test_an_incomplete_or_stale_set_is_refused_and_nothing_replaced(planned, rows, tmp_path):
    path = save_baseline(planned, rows, tmp_path, created=TIME)
    kept = path.read_bytes()
    bad = [
        replace(rows[0], status="missing", stale=True),
        replace(rows[1], status="missing"),
        replace(rows[2], status="skipped"),
        rows[3],
    ]
    with pytest.raises(DreError) as error:
        save_baseline(planned, bad, tmp_path)
    assert str(error.value) == (
        "no baseline of 's' was saved: of its 4 runs 1 missing, 1 skipped, 1 stale; "
        "carry them out with --dre-resume --dre-save-baseline, over the whole study (then no gate stops it early)"
    )
    assert path.read_bytes() == kept


def test_outcomes_are_needed(planned, rows, tmp_path):
    failed = [replace(row, status="failed", values={"score": None}) for row in rows]
    with pytest.raises(DreError, match="none of its 4 runs has an outcome"):
        save_baseline(planned, failed, tmp_path)
    with pytest.raises(DreError, match="none of its 0 runs has an outcome"):
        save_baseline(planned, [], tmp_path)


@pytest.mark.parametrize("name", ["", "..", "../up", "a/b", ".hidden", "x" * 101, "a b", "a\n", "é"])
def test_names_that_are_no_safe_file_names_are_refused(planned, rows, tmp_path, name):
    with pytest.raises(DreError, match="is no name of a baseline; use letters, digits"):
        save_baseline(planned, rows, tmp_path / "kept", name)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("0.5", "0.6").replace('"success",', '"failed",'), "do not match its checksum"),
        (lambda text: text.replace('"seed"', '"sead"'), "do not match its checksum"),
        (lambda text: text[:-20], "the baseline is damaged (it is no JSON"),
        (lambda text: "[" * 100_000, "the baseline is damaged (it is no JSON"),
        (lambda text: "{}", "it is no baseline; give one that --dre-save-baseline has written"),
        (lambda text: "[1]", "it is no baseline"),
        (lambda text: text.replace('"format_version": 1', '"format_version": 2'), "it is of format 2, this version"),
    ],
)
def test_damage_is_told_with_what_to_do(planned, rows, tmp_path, change, said):
    path = save_baseline(planned, rows, tmp_path, created=TIME)
    path.write_text(change(path.read_text()))
    with pytest.raises(DreError) as error:
        load_baseline("main", "s", tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def _forged(rows, change) -> str:
    from pytest_dre.canonical import digest

    data = json.loads(to_text(Snapshot("main", "s", rows)))
    del data["sha256"]
    change(data)
    return json.dumps({"sha256": digest(data), **data})


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("rows"),
        lambda data: data["columns"].reverse(),
        lambda data: data["rows"][0].pop(),
        lambda data: data["rows"][0].__setitem__(5, "seed"),
        lambda data: data["rows"][0].__setitem__(7, "text"),
        lambda data: data["conditions"].clear(),
        lambda data: data.update(outcomes=[1]),
        lambda data: data.update(rows=7),
    ],
)
def test_a_forged_checksum_does_not_help(rows, change):
    with pytest.raises(DreError, match="the baseline is damaged"):
        from_text(_forged(rows, change), "x")


def test_line_ends_that_version_control_changed_do_no_harm(planned, rows, tmp_path):
    path = save_baseline(planned, rows, tmp_path, created=TIME)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(load_baseline("main", "s", tmp_path).rows) == 4


def test_another_study_s_baseline_is_refused_and_never_overwritten(tmp_path):
    first, second = _planned(tmp_path / "a", study_id="x/y"), _planned(tmp_path / "b", study_id="x_y")
    ours, theirs = (_rows(item, *map(_result, item.plan.runs)) for item in (first, second))
    path = save_baseline(first, ours, tmp_path)
    with pytest.raises(DreError, match="it holds the study 'x/y', not 'x_y'; give a baseline of the same study"):
        load_baseline("main", "x_y", tmp_path)
    with pytest.raises(DreError, match="it is a baseline of the study 'x/y'; give this one another name"):
        save_baseline(second, theirs, tmp_path)
    path.write_text("damaged")
    assert save_baseline(second, theirs, tmp_path) == path


def test_a_baseline_that_is_not_there_is_told_with_those_that_are(planned, rows, tmp_path):
    with pytest.raises(MissingBaselineError, match=r"no baseline 'main' .*; save one with --dre-save-baseline=main"):
        load_baseline("main", "s", tmp_path)
    save_baseline(planned, rows, tmp_path, "release-1")
    with pytest.raises(MissingBaselineError, match=r"did you mean 'release-1'\?"):
        load_baseline("release1", "s", tmp_path)
    with pytest.raises(MissingBaselineError, match="known: release-1"):
        load_baseline("no/such/dir", "s", tmp_path)


def test_an_exported_directory_or_bundle_is_a_baseline(planned, rows, tmp_path):
    close_study(planned, bundle=True)
    for where in ("out", "out/study.tar.gz"):
        baseline = load_baseline(where, "s", tmp_path / "none", root=tmp_path)
        assert list(baseline.rows) == rows
        assert baseline.outcomes == {"score": outcome_digest(planned.study.outcomes[0])}
        with pytest.raises(DreError, match="it holds the study 's', not 'other'"):
            load_baseline(where, "other", tmp_path / "none", root=tmp_path)
    planned.output_dir.rename(tmp_path / "s")
    assert list(load_baseline(str(tmp_path), "s", tmp_path / "none").rows) == rows


def test_a_damaged_export_is_no_baseline(planned, rows, tmp_path):
    close_study(planned, bundle=True)
    table = planned.output_dir / "outcomes.csv"
    table.write_text(table.read_text().replace("failed", "success"))
    with pytest.raises(DreError) as error:
        load_baseline("out", "s", tmp_path, root=tmp_path)
    (tmp_path / "empty").mkdir()
    assert "the baseline out cannot be used: outcomes.csv: its SHA-256 is not the manifest's" in str(error.value)
    with pytest.raises(MissingBaselineError, match="empty: there are no artifacts of the study 's' in it; give a"):
        load_baseline("empty", "s", tmp_path, root=tmp_path)
    (planned.output_dir / "runs.csv").unlink()
    (planned.output_dir / "events.csv").unlink()
    with pytest.raises(DreError, match=r"runs.csv: the file is missing \(and 2 more problems\); give a study's output"):
        load_baseline("out", "s", tmp_path, root=tmp_path)
    (tmp_path / "x.tar.gz").write_bytes(b"junk")
    with pytest.raises(DreError, match="the bundle cannot be read"):
        load_baseline("x.tar.gz", "s", tmp_path, root=tmp_path)


def test_a_baseline_that_cannot_be_written_is_an_error(planned, rows, tmp_path):
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(DreError, match=r"main.baseline.json: the baseline cannot be written \("):
        save_baseline(planned, rows, tmp_path / "kept")


def test_a_file_that_cannot_be_read_is_an_error(planned, rows, tmp_path, monkeypatch):
    save_baseline(planned, rows, tmp_path)

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(DreError, match=r"the baseline cannot be read \(Permission denied\)"):
        load_baseline("main", "s", tmp_path)


def test_a_write_that_fails_leaves_nothing_behind(planned, rows, tmp_path, monkeypatch):
    path = save_baseline(planned, rows, tmp_path, created=TIME)
    kept = path.read_bytes()

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(DreError, match="No space left on device"):
        save_baseline(planned, rows, tmp_path)
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == kept


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
ROW = st.builds(
    OutcomeRow,
    run_id=st.text(),
    condition_id=st.just("c"),
    factors=st.just({"x": [1, {"y": None}], "ü\udc80": "\n"}),
    blocks=st.just({"day": 2.5}),
    agent_id=st.none() | st.text(),
    problem_id=st.none() | st.text(),
    replicate=st.integers(1, 99),
    seed=st.integers(0, 2**31),
    status=st.sampled_from(["success", "failed"]),
    values=st.fixed_dictionaries({"a": st.none() | st.floats(allow_nan=False), "b": st.none() | st.floats(0, 1)}),
)


@given(st.lists(ROW, unique_by=lambda row: row.run_id), st.text(), st.dictionaries(st.text(), st.text()))
def test_any_snapshot_comes_back(rows, name, versions):
    snapshot = Snapshot(name, name, tuple(sorted(rows, key=lambda row: row.run_id)), versions=versions)
    found = from_text(to_text(snapshot), "x")
    assert found == snapshot
    assert to_text(found) == to_text(snapshot)


def test_an_export_whose_study_cannot_be_read_any_more_still_gives_its_values(planned, rows, tmp_path):
    close_study(planned, bundle=True)
    from pytest_dre.artifacts.bundle import read_bundle

    read_bundle(planned.output_dir / "study.tar.gz", tmp_path / "old")
    study = tmp_path / "old" / "study.yaml"
    manifest = json.loads((tmp_path / "old" / "manifest.json").read_text())
    study.write_text("study_id: s\nof_an_older_release: true\n")
    import hashlib

    manifest["files"]["study.yaml"]["sha256"] = hashlib.sha256(study.read_bytes()).hexdigest()
    (tmp_path / "old" / "manifest.json").write_text(json.dumps(manifest))
    baseline = load_baseline("old", "s", tmp_path, root=tmp_path)
    assert (list(baseline.rows), baseline.outcomes) == (rows, {})
