"""Analysis plans carried out at the end of a session: what could not be is told."""

from contextlib import closing

import pytest

from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study
from pytest_dre.sessions.exporting import ClosedStudy, close_study
from pytest_dre.sessions.planned import plan_source
from pytest_dre.store.runs import RunStore

STUDY = {
    "study_id": "s",
    "title": "t",
    "factors": [{"name": "level", "levels": [{"name": "low", "value": 1}, {"name": "high", "value": 2}]}],
    "run_budget": {"replicates": 4},
    "runner": "json:dumps",
    "outcomes": [{"name": "gain", "source_table": "runs", "column": "gain", "aggregation": "mean", "primary": True}],
    "hypotheses": [
        {
            "hypothesis_id": "h",
            "label": "l",
            "statement": "s",
            "independent_vars": ["level"],
            "dependent_vars": ["gain"],
        }
    ],
}


@pytest.fixture
def closed(tmp_path):
    """Close a study of which each run gave its number as the outcome, with a plan of the tests given."""

    def close(*tests: str) -> ClosedStudy:
        plan = {"analysis_plan_id": "p", "hypothesis_ids": ["h"], "tests": tests}
        study = Study.model_validate({**STUDY, "analysis_plans": [plan] if tests else []})
        planned = plan_source(StudySource(study), tmp_path / "out")
        with closing(RunStore.create_or_open(planned.store_path, "s")) as store:
            for number, run in enumerate(planned.plan.runs):
                result = RunResult(
                    study_id="s",
                    condition_id=run.condition_id,
                    run_id=run.run_id,
                    replicate=run.replicate,
                    agent_id=None,
                    problem_id=None,
                    seed=run.seed,
                    status=RunStatus.SUCCESS,
                    metrics={"gain": float(number)},
                    fingerprint="f",
                )
                store.record(result, "session")
        found = close_study(planned, allow_stale=True)
        assert found is not None
        assert found.error == ""
        return found

    return close


def test_tests_that_ended_in_an_error_are_counted(closed) -> None:
    undone = closed("welch", "fisher", "unheard").undone
    assert (undone.count, undone.planned) == (2, 3)
    assert undone.reason.startswith("the test fisher does not suit the outcome 'gain'")


def test_if_all_were_carried_out_there_is_nothing_to_tell(closed) -> None:
    assert closed("welch", "t").undone is None
    assert closed().undone is None


def test_all_may_fail(closed) -> None:
    undone = closed("unheard").undone
    assert (undone.count, undone.planned) == (1, 1)
