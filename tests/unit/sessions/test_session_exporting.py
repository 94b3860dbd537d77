"""The end of a session: what is exported and what is counted."""

from contextlib import closing

import pytest

from pytest_dre.errors import DreError
from pytest_dre.execution.fingerprints import RUNNER, fingerprint
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study
from pytest_dre.reporting.statistics import totals
from pytest_dre.sessions.exporting import close_study
from pytest_dre.sessions.planned import PlannedStudy, plan_source
from pytest_dre.store.runs import RunStore

STUDY = {
    "study_id": "s",
    "title": "t",
    "factors": [{"name": "level", "levels": [{"name": "low", "value": 1}, {"name": "high", "value": 2}]}],
    "run_budget": {"replicates": 2},
    "runner": "json:dumps",
}
VERSIONS = {RUNNER: "1"}


@pytest.fixture
def planned(tmp_path) -> PlannedStudy:
    return plan_source(StudySource(Study.model_validate(STUDY)), tmp_path / "out")


def _result(run: RunSpec, status: RunStatus = RunStatus.SUCCESS, versions=VERSIONS) -> RunResult:
    return RunResult(
        study_id=run.study_id,
        condition_id=run.condition_id,
        run_id=run.run_id,
        replicate=run.replicate,
        agent_id=None,
        problem_id=None,
        seed=run.seed,
        status=status,
        start_time="2026-01-01T00:00:00+00:00",
        end_time="2026-01-01T00:00:01+00:00",
        latency_s=1.0,
        metrics={"primary_outcome": 1.0},
        fingerprint=fingerprint(run, versions),
    )


def _record(planned: PlannedStudy, session_id: str, *results: RunResult) -> None:
    with closing(RunStore.create_or_open(planned.store_path, "s")) as store:
        store.set_versions(VERSIONS)
        for result in results:
            store.record(result, session_id)


def test_a_study_without_a_store_has_nothing_to_close(planned):
    assert close_study(planned) is None


def test_results_of_earlier_sessions_are_told_from_those_of_this_one(planned):
    runs = planned.plan.runs
    _record(planned, "first", *(_result(run) for run in runs[:3]), _result(runs[3], RunStatus.FAILED))
    _record(planned, "second", _result(runs[0]))
    tally = close_study(planned, session_id="second", cached={runs[1].run_id}).tally
    assert (totals(tally).done, totals(tally).cached, tally.earlier_done, tally.earlier_failed) == (3, 1, 1, 1)
    assert (planned.output_dir / "runs.csv").exists()


def test_without_a_session_nothing_is_called_earlier(planned):
    _record(planned, "first", _result(planned.plan.runs[0]))
    assert close_study(planned).tally.earlier_done == 0


def test_what_is_stored_but_does_not_count_is_counted_apart(planned):
    runs = planned.plan.runs
    other = {RUNNER: "2"}
    gone = RunResult("s", "cond-gone", "run-gone", 1, None, None, 1, RunStatus.SUCCESS, fingerprint="f")
    _record(planned, "first", _result(runs[0]), _result(runs[1], versions=other), gone)
    closed = close_study(planned)
    assert (len(closed.standing.stale), len(closed.standing.orphans), totals(closed.tally).done) == (1, 1, 1)


def test_a_failing_hook_is_told_and_the_tally_kept(planned):
    def hook(planned, results):
        raise DreError(f"conftest.py:2: a pytest_dre_export hook failed with ValueError: {len(list(results))} results")

    _record(planned, "first", _result(planned.plan.runs[0]))
    closed = close_study(planned, export_hook=hook)
    assert closed.error == "conftest.py:2: a pytest_dre_export hook failed with ValueError: 1 results"
    assert totals(closed.tally).done == 1


def test_a_hook_gets_the_results_once_the_artifacts_are_there(planned):
    seen = []

    def hook(planned, results):
        seen.append(((planned.output_dir / "manifest.json").exists(), [result.run_id for result in results]))

    _record(planned, "first", _result(planned.plan.runs[0]))
    assert close_study(planned, export_hook=hook).error == ""
    assert seen == [(True, [planned.plan.runs[0].run_id])]


def test_a_store_that_cannot_be_read_is_an_error_of_its_study(planned):
    planned.output_dir.mkdir()
    planned.store_path.write_bytes(b"no database, but long enough to be looked at" * 100)
    closed = close_study(planned)
    assert closed.tally is None
    assert closed.error.startswith("artifacts not written: the run store")
