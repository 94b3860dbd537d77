import pytest

from pytest_dre.artifacts.tally import LISTED, Tally, counted
from pytest_dre.errors import ArtifactError
from pytest_dre.model.runs import RunStatus


def tallied(plan, results):
    tally = Tally(len(plan.runs))
    return list(counted(plan, results, tally)), tally


def test_all_results_there(plan, results):
    passed, tally = tallied(plan, results)
    assert passed == results
    assert (tally.results, tally.missing, tally.complete) == (4, 0, True)


def test_runs_without_a_result_are_missing(plan, results):
    _, tally = tallied(plan, [results[1], results[2]])
    assert (tally.missing, tally.missing_run_ids, tally.complete) == (2, ["run-0-1", "run-1-2"], False)


def test_no_results_at_all(plan):
    assert tallied(plan, [])[1].missing == 4


def test_of_many_missing_runs_the_first_are_named(make):
    plan = make.plan(make.condition(0, {}), replicates=LISTED + 5)
    _, tally = tallied(plan, [])
    assert tally.missing == LISTED + 5
    assert tally.missing_run_ids == [spec.run_id for spec in plan.runs[:LISTED]]


@pytest.mark.parametrize(
    ("status", "complete"),
    [
        (RunStatus.SUCCESS, True),
        (RunStatus.FAILED, False),
        (RunStatus.SKIPPED, False),
        (RunStatus.PENDING, False),
        (RunStatus.RUNNING, False),
    ],
)
def test_complete_means_that_every_run_succeeded(make, plan, results, status, complete):
    _, tally = tallied(plan, [*results[:3], make.result(plan.runs[3], status=status)])
    assert tally.complete is complete


def test_failures_are_counted_by_reason(make, plan):
    reasons = ["timeout", "agent_error", "timeout", ""]
    failed = [
        make.result(spec, status=RunStatus.FAILED, status_reason=reason)
        for spec, reason in zip(plan.runs, reasons, strict=True)
    ]
    assert tallied(plan, failed)[1].failure_reasons == {"timeout": 2, "agent_error": 1, "unknown": 1}


def test_models_and_versions_are_collected(make, plan):
    first = make.result(plan.runs[0], model_name="m1", versions={"agent": "1", "problem": "p", "runner": "r"})
    second = make.result(plan.runs[1], agent_id=None, problem_id=None, versions={"agent": "2", "problem": "q"})
    _, tally = tallied(plan, [first, second])
    assert tally.models == {"m1"}
    assert tally.agent_versions == {"solver": {"1"}}
    assert tally.problem_versions == {"puzzle": {"p"}}
    assert tally.other_versions == {"runner": {"r"}, "agent": {"2"}, "problem": {"q"}}


def test_a_result_that_is_not_planned_is_refused(make, plan, results):
    stranger = make.result(plan.runs[0], run_id="run-x")
    with pytest.raises(ArtifactError, match="run-x is not in the plan"):
        tallied(plan, [results[0], stranger])


@pytest.mark.parametrize("order", [(1, 0), (2, 2)])
def test_results_out_of_plan_order_or_doubled_are_refused(plan, results, order):
    with pytest.raises(ArtifactError, match="comes twice or not in plan order"):
        tallied(plan, [results[index] for index in order])
