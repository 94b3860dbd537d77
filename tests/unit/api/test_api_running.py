"""Studies run in this process."""

import asyncio
import functools
import json
import os
import sqlite3
import threading
import time
from contextlib import closing

import pytest

import pytest_dre
from pytest_dre import (
    ProblemPacket,
    RunOutput,
    StudyError,
    Verdict,
    dry_run_validate,
    judge_gates,
    resume_study,
    run_study,
)
from pytest_dre.errors import ArtifactError, DreError
from pytest_dre.store.runs import RunStore


def double(x):
    return {"output": {"candidate": x}, "metrics": {"primary_outcome": 2 * x}}


class Calls:
    """An agent that notes its calls, and fails for some values of x."""

    version = "1"

    def __init__(self, *failing):
        self.failing = set(failing)
        self.seen = []

    def run(self, x):
        self.seen.append(x)
        if x in self.failing:
            raise ValueError(f"no {x}")
        return double(x)


def statuses(results):
    return [str(result.status) for result in results]


def manifest(here):
    return json.loads((here / "out" / "manifest.json").read_text(encoding="utf-8"))


def test_results_stand_in_plan_order_failed_ones_included(here, make_study, table):
    results = run_study(make_study(agent_specs=["a"]), agent_bindings={"a": Calls(1)})
    assert statuses(results) == ["success", "failed", "success", "success"]
    assert [result.primary_outcome for result in results] == [0, None, 4, 6]
    assert results[1].error_info == "ValueError: no 1"
    assert [row["run_id"] for row in table(here / "out" / "runs.csv")] == [result.run_id for result in results]
    assert manifest(here)["status_counts"]["failed"] == 1


def test_results_of_a_study_file_use_the_agents_beside_it(here):
    (here / "lab").mkdir()
    (here / "lab" / "agents.py").write_text("def solve(x):\n    return {'metrics': {'primary_outcome': x}}\n")
    (here / "lab" / "s.study.yaml").write_text(
        "study_id: s\ntitle: T\nfactors: [{name: x, levels: [1, 5]}]\nagents: {a: './agents.py:solve'}\n"
    )
    results = run_study("lab/s.study.yaml")
    assert [result.primary_outcome for result in results] == [1, 5]
    assert (here / "artifacts" / "s" / "runs.csv").is_file(), "relative to the current directory"


def test_an_edited_agents_file_is_run_as_it_is_now(here):
    study = here / "s.study.yaml"
    study.write_text("study_id: s\ntitle: T\nagents: {a: './agents.py:solve'}\n")
    outcomes = []
    for value in (1, 22):
        (here / "agents.py").write_text(f"def solve():\n    return {{'metrics': {{'primary_outcome': {value}}}}}\n")
        outcomes += [result.primary_outcome for result in resume_study(study)]
    assert outcomes == [1, 22]


def test_nothing_is_written_without_checkpoint(here, make_study):
    results = run_study(make_study(), agent_bindings={"a": double}, checkpoint=False, include_sqlite=True)
    assert [result.primary_outcome for result in results] == [0, 2, 4, 6]
    assert list(here.iterdir()) == []


def test_tables_are_mirrored_if_wanted(here, make_study):
    run_study(make_study(), agent_bindings={"a": double}, include_sqlite=True)
    with closing(sqlite3.connect(here / "out" / "study.sqlite")) as connection:
        assert connection.execute("SELECT sum(primary_outcome) FROM runs").fetchone() == (12,)


def test_resume_repeats_what_failed_and_nothing_else(here, make_study):
    first, second = Calls(1, 2), Calls()
    run_study(make_study(), agent_bindings={"a": first})
    results = resume_study(make_study(), agent_bindings={"a": second})
    assert (first.seen, second.seen) == ([0, 1, 2, 3], [1, 2])
    assert [result.primary_outcome for result in results] == [0, 2, 4, 6]
    assert manifest(here)["status_counts"]["success"] == 4


def test_runs_are_repeated_unless_resumed(here, make_study):
    agent = Calls()
    for _ in range(2):
        run_study(make_study(), agent_bindings={"a": agent})
    assert len(agent.seen) == 8


def test_resume_repeats_runs_of_a_changed_agent(here, make_study):
    changed = Calls()
    changed.version = "2"
    run_study(make_study(), agent_bindings={"a": Calls()})
    resume_study(make_study(), agent_bindings={"a": changed})
    assert changed.seen == [0, 1, 2, 3]


def test_resume_repeats_runs_of_a_function_that_was_written_anew_in_a_notebook(here, make_study):
    def resumed_with(code):
        namespace = {}
        exec(compile(code, "<cell>", "exec"), namespace)
        results = resume_study(make_study(), agent_bindings={"a": namespace["agent"]})
        return [result.primary_outcome for result in results]

    assert resumed_with("def agent(x): return {'metrics': {'primary_outcome': x}}") == [0, 1, 2, 3]
    assert resumed_with("def agent(x): return {'metrics': {'primary_outcome': x + 5}}") == [5, 6, 7, 8]


def test_resume_repeats_runs_of_a_problem_with_other_data(here, make_study):
    def resumed_with(goal):
        problem = ProblemPacket("p", payload={"goal": goal})
        results = resume_study(
            make_study(agent_specs=["a"], problem_ids=["p"]),
            agent_bindings={
                "a": lambda problem_packet: {"metrics": {"primary_outcome": problem_packet.payload["goal"]}}
            },
            problem_registry={"p": problem},
        )
        return results[0].primary_outcome

    assert [resumed_with(1), resumed_with(2)] == [1, 2]


def test_resume_without_checkpoint_reads_the_store_and_leaves_it(here, make_study):
    run_study(make_study(), agent_bindings={"a": Calls(3)})
    before = manifest(here)
    agent = Calls()
    results = run_study(make_study(), agent_bindings={"a": agent}, resume=True, checkpoint=False)
    assert agent.seen == [3]
    assert statuses(results) == ["success"] * 4
    assert manifest(here) == before


def test_resume_of_a_study_that_never_ran_runs_it(here, make_study):
    assert statuses(resume_study(make_study(), agent_bindings={"a": double})) == ["success"] * 4


def test_a_dry_run_runs_and_writes_nothing(here, make_study):
    agent = Calls()
    assert run_study(make_study(), agent_bindings={"a": agent}, dry_run=True) == []
    assert agent.seen == []
    assert list(here.iterdir()) == []


def test_fail_fast_starts_no_run_after_a_failure_and_stores_none_of_them(here, make_study):
    study = make_study(run_budget={"fail_fast": True})
    results = run_study(study, agent_bindings={"a": Calls(1)})
    assert statuses(results) == ["success", "failed", "skipped", "skipped"]
    assert [result.status_reason for result in results[2:]] == ["fail_fast", "fail_fast"]
    assert (manifest(here)["run_count"], manifest(here)["status_counts"].get("skipped", 0)) == (2, 0)
    agent = Calls()
    resume_study(study, agent_bindings={"a": agent})
    assert agent.seen == [1, 2, 3]


def test_given_conditions_replace_the_design(here, make_study, table):
    study = make_study()
    chosen = [item for item in pytest_dre.build_design(study) if item.factor_assignments["x"] > 1]
    results = run_study(study, conditions=chosen, agent_bindings={"a": double})
    assert [result.primary_outcome for result in results] == [4, 6]
    assert len(table(here / "out" / "conditions.csv")) == 2


def test_an_empty_plan_runs_and_writes_nothing(here, make_study):
    assert run_study(make_study(), conditions=[], agent_bindings={"a": double}) == []
    assert list(here.iterdir()) == []


def test_the_caller_s_agents_and_problems_win_over_the_study_s(here, make_study):
    study = make_study(agents={"a": "no.such.module:agent"}, problems={"p": "no.such.module:problem"})
    registry = {"p": lambda: ProblemPacket("p", brief="b", evaluator=lambda x: {"score": x + 1})}
    results = run_study(study, agent_bindings={"a": lambda brief, x: {"candidate": x}}, problem_registry=registry)
    assert [result.primary_outcome for result in results] == [1, 2, 3, 4]


def test_a_study_that_names_no_agents_runs_with_all_that_are_given(here, make_study):
    results = run_study(make_study(), agent_bindings={"a": double, "b": double})
    assert [result.agent_id for result in results] == ["a", "b"] * 4
    assert "agent_specs" in (here / "out" / "study.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("method", ["resolve", "get"])
def test_a_registry_may_be_an_object(here, make_study, method):
    class Registry:
        pass

    setattr(Registry, method, lambda self, name: {"p": "Do it."}[name])
    study = make_study(agent_specs=["a"], problem_ids=["p"])
    results = run_study(study, agent_bindings={"a": lambda brief: brief}, problem_registry=Registry())
    assert results[0].outputs == {"text": "Do it."}


def simulate(run_spec, condition):
    return RunOutput({"seed": run_spec.seed}, {"primary_outcome": condition.factor_assignments["x"]})


@pytest.mark.parametrize("runner", [simulate, functools.partial(simulate), "./sim.py:simulate"])
def test_a_runner_takes_the_place_of_agents_and_problems(here, make_study, runner):
    (here / "sim.py").write_text(
        "def simulate(run_spec, condition):\n"
        "    return {'metrics': {'primary_outcome': condition.factor_assignments['x']}}\n"
    )
    study = make_study(agents={"a": "no.such:agent"}, problem_ids=["p"])
    results = run_study(study, runner=runner)
    assert [(result.agent_id, result.problem_id, result.primary_outcome) for result in results] == [
        (None, None, x) for x in range(4)
    ]


def test_the_runner_s_version_is_that_of_its_code(here, make_study):
    namespace = {}
    exec("def simulate(x): return {'metrics': {'primary_outcome': x}}", namespace)
    (first, *_) = run_study(make_study(), runner=namespace["simulate"])
    assert first.versions["runner"].startswith("code:")


@pytest.mark.parametrize("swallow", [False, True])
def test_a_run_that_takes_too_long_fails_and_the_others_go_on(here, make_study, swallow):
    def agent(x):
        if x == 1:
            try:
                time.sleep(30)
            except Exception:
                assert swallow
        return double(x)

    results = run_study(make_study(limits={"timeout_s": 0.2}), agent_bindings={"a": agent})
    assert [result.status_reason for result in results] == ["", "timeout", "", ""]
    assert results[1].error_info == "RunTimeout: the run took longer than 0.2 s (limits.timeout_s)"
    assert results[1].latency_s < 5


def test_a_limit_that_cannot_be_enforced_is_refused(here, make_study):
    study, errors = make_study(limits={"timeout_s": 1.0}), []

    def work():
        try:
            run_study(study, agent_bindings={"a": double})
        except StudyError as error:
            errors.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == [
        "limits.timeout_s: the limit cannot be enforced outside a process's main thread; "
        "call run_study in the main thread, or with parallelism=2"
    ]
    assert list(here.iterdir()) == []


def test_gates_are_judged_from_what_is_stored(here, make_study):
    outcome = {"name": "y", "source_table": "runs", "column": "primary_outcome", "aggregation": "mean", "range": [0, 9]}
    gates = [{"gate_id": name, "outcome": "y", "claim": "at_least", "value": 5.0} for name in ("g", "h")]
    gates[1]["claim"] = "at_most"
    study = make_study(outcomes=[outcome], gates=gates, run_budget={"replicates": 30})
    before = judge_gates(study, agent_bindings={"a": double})
    assert {verdict.verdict for verdict in before.values()} == {Verdict.INCONCLUSIVE}
    run_study(study, agent_bindings={"a": double})
    verdicts = judge_gates(study, agent_bindings={"a": double})
    assert list(verdicts) == ["g", "h"]
    assert verdicts["h"].verdict is Verdict.PASS
    assert verdicts["g"].verdict is Verdict.FAIL


def test_ctrl_c_is_passed_on_and_what_was_done_is_kept(here, make_study, table):
    def agent(x):
        if x == 2:
            raise KeyboardInterrupt
        return double(x)

    with pytest.raises(KeyboardInterrupt):
        run_study(make_study(), agent_bindings={"a": agent})
    assert [row["primary_outcome"] for row in table(here / "out" / "runs.csv")] == ["0", "2"]
    results = resume_study(make_study(), agent_bindings={"a": double})
    assert statuses(results) == ["success"] * 4


def test_ctrl_c_is_passed_on_even_if_the_artifacts_cannot_be_written(here, make_study):
    (here / "out" / "runs.csv").mkdir(parents=True)

    def agent(x):
        if x == 2:
            raise KeyboardInterrupt
        return double(x)

    with pytest.raises(KeyboardInterrupt) as caught:
        run_study(make_study(), agent_bindings={"a": agent})
    assert "artifacts not written" in caught.value.__notes__[0]


def test_artifacts_that_cannot_be_written_are_an_error_that_says_where_the_results_are(here, make_study):
    (here / "out" / "runs.csv").mkdir(parents=True)
    with pytest.raises(ArtifactError, match=r"artifacts not written: .*the results are stored in .*store\.sqlite"):
        run_study(make_study(), agent_bindings={"a": double})
    with closing(RunStore.existing(here / "out" / "store.sqlite", "s")) as store:
        assert len(store.fingerprints()) == 4


def test_async_agents_run_in_a_notebook_whose_loop_is_running(here, make_study):
    async def agent(x):
        await asyncio.sleep(0)
        return double(x)

    async def cell():
        return run_study(make_study(), agent_bindings={"a": agent})

    assert [result.primary_outcome for result in asyncio.run(cell())] == [0, 2, 4, 6]


def test_all_that_keeps_a_study_from_running_is_listed(here, make_study):
    hypothesis = {"hypothesis_id": "h", "label": "", "statement": "", "independent_vars": ["y"]}
    study = make_study(agent_specs=["solvr"], problem_ids=["p"], hypotheses=[hypothesis], agents={"b": "./none.py:f"})
    faults = [str(fault) for fault in dry_run_validate(study, agent_bindings={"solver": double})]
    assert len(faults) == 3
    assert faults[0].startswith("hypotheses[0].independent_vars[0]: ")
    assert any("unknown agent 'solvr'; did you mean 'solver'?" in fault for fault in faults)
    assert any("unknown problem 'p'" in fault for fault in faults)
    with pytest.raises(StudyError, match="independent_vars"):
        run_study(study, agent_bindings={"solver": double})


def test_faults_of_a_file_have_their_place(here):
    (here / "s.yaml").write_text("study_id: s\ntitle: T\nagents: {a: './none.py:f'}\n")
    (fault,) = dry_run_validate("s.yaml")
    assert str(fault).startswith("s.yaml:3:10: agents.a: there is no file")
    (here / "s.yaml").write_text("study_id: s\n")
    assert any(str(fault).startswith("s.yaml:1:1: ") and "title" in str(fault) for fault in dry_run_validate("s.yaml"))


def test_a_study_that_can_run_has_no_faults(here, make_study):
    assert dry_run_validate(make_study(), agent_bindings={"a": double}) == []


def test_a_runner_that_asks_for_what_no_run_has_is_a_fault(here, make_study):
    (fault,) = dry_run_validate(make_study(), runner=lambda brief: brief)
    assert "runner: '<lambda>': asks for 'brief'" in str(fault)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"study": 3}, "int is no study; give a Study or the path of a study file"),
        ({"conditions": ["x"]}, "conditions holds str; give Conditions, as build_design returns them"),
        ({"agent_bindings": [double]}, "agent_bindings is list; give a map from id to object"),
        ({"agent_bindings": {1: double}}, "agent_bindings has the key 1; ids are texts"),
        ({"parallelism": 0}, "parallelism is 0; give a number of processes, 1 or more"),
        ({"parallelism": True}, "parallelism is True; give a number of processes, 1 or more"),
        ({"runner": 3}, "runner is int; give a callable or 'module:attribute'"),
    ],
)
def test_wrong_arguments_are_named(here, make_study, arguments, message):
    keys = {"study": make_study(), "agent_bindings": {"a": double}, **arguments}
    with pytest.raises(DreError) as caught:
        run_study(**keys)
    assert str(caught.value) == message
    assert [str(fault) for fault in dry_run_validate(**keys)] == [message]


def test_faults_quote_no_secret(make_study, monkeypatch, here):
    monkeypatch.setenv("MY_API_KEY", "sk-proj-0123456789abcdef")

    def broken():
        raise ValueError(f"401 for {os.environ['MY_API_KEY']}")

    study = make_study(problem_ids=("p",))
    with pytest.raises(StudyError, match=r"ValueError: 401 for \*\*\*") as caught:
        run_study(study, agent_bindings={"a": lambda x: x}, problem_registry={"p": broken})
    assert "sk-proj" not in str(caught.value)
    assert caught.value.__cause__ is None
    faults = dry_run_validate(study, agent_bindings={"a": lambda x: x}, problem_registry={"p": broken})
    assert any("401 for ***" in str(fault) for fault in faults)
    assert not any("sk-proj" in str(fault) for fault in faults)
