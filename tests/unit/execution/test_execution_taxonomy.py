"""Why runs fail, as a user reads it."""

import pytest

from pytest_dre.errors import MissingDependencyError
from pytest_dre.execution.run import execute_run
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import ProblemPacket


def judged(lab, evaluator, agent=lambda seed: "x", **options):
    lab.resolve_agent = lambda _: agent
    lab.resolve_problem = lambda _: ProblemPacket("p", evaluator=evaluator)
    bindings = lab.bind(agent_ids=["a"], problem_ids=["p"], agent_specs=["a"])
    return execute_run(lab.runs(["a"], ["p"])[0], bindings, **options).result


def raising(error):
    def call(*_):
        raise error

    return call


def import_missing(_):
    import no_such_module  # noqa: F401


def import_missing_name(_):
    from json import no_such_name  # noqa: F401


MISSING = MissingDependencyError("torch", "ml", "this agent")


@pytest.mark.parametrize(
    ("code", "reason", "info"),
    [
        ("raise ValueError('no')", "agent_error", "ValueError: no"),
        ("import no_such_module", "dependency_missing", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise ImportError('needs torch>=2')", "dependency_missing", "ImportError: needs torch>=2"),
        ("return (item for item in 'ab')", "invalid_output", "InvalidOutput: a generator was returned; return the"),
        ("return {'metrics': 1}", "invalid_output", "InvalidOutput: metrics must be a map, not int"),
    ],
)
def test_failures_of_an_agent(lab, code, reason, info):
    result = lab.execute(f"def agent(seed):\n    {code}").result
    assert (str(result.status), result.status_reason) == ("failed", reason)
    assert result.error_info.startswith(info)
    assert type(result.status_reason) is str, "a result is plain data"


@pytest.mark.parametrize(
    ("evaluator", "reason", "info"),
    [
        (raising(ValueError("no")), "evaluation_error", "ValueError: no"),
        (import_missing, "dependency_missing", "ModuleNotFoundError: No module named 'no_such_module'"),
        (import_missing_name, "dependency_missing", "ImportError: cannot import name 'no_such_name' from 'json'"),
        (raising(MISSING), "dependency_missing", f"MissingDependencyError: {MISSING}"),
        (lambda _: "good", "evaluation_error", "InvalidEvaluation: "),
    ],
)
def test_failures_of_an_evaluator(lab, evaluator, reason, info):
    result = judged(lab, evaluator)
    assert (str(result.status), result.status_reason) == ("failed", reason)
    assert result.error_info.startswith(info)
    assert result.outputs == {"text": "x"}


def test_a_module_that_a_seed_hook_misses_is_no_fault_of_the_agent(lab):
    result = judged(lab, None, seed_more=raising(ImportError("torch")))
    assert (result.status_reason, result.error_info) == ("seed_error", "ImportError: torch")


def test_the_caller_s_word_on_an_exception_comes_first(lab):
    result = judged(lab, raising(ImportError("late")), classify=lambda error: StatusReason.TIMEOUT)
    assert result.status_reason == "timeout"
    assert type(result.status_reason) is str


def test_a_missing_outcome_is_not_judged_here(lab):
    result = judged(lab, None)
    assert (str(result.status), result.primary_outcome) == ("success", None)
