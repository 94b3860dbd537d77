"""Studies run in worker processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing

import pytest

from pytest_dre import ProblemPacket, build_design, resume_study, run_study
from pytest_dre.api.assignment import assignment_for, pack, perform_assigned
from pytest_dre.api.preparation import Request, prepare
from pytest_dre.api.stores import session_info
from pytest_dre.errors import DreError
from pytest_dre.store.runs import RunStore

AGENTS = """
    import random
    import numpy as np

    def walk(x, rng):
        return {"candidate": x + random.random() + float(np.random.rand()) + float(rng.random())}

    def fail(x):
        if x == 2:
            raise ValueError("no 2")
        return {"candidate": x}

    def problem():
        return {"brief": "b", "evaluator": lambda value: {"score": value}}
"""
STUDY = """
    study_id: s
    title: T
    factors: [{name: x, levels: [0, 1, 2, 3]}]
    agents: {walk: './agents.py:walk', fail: './agents.py:fail'}
    problems: {p: './agents.py:problem'}
    run_budget: {replicates: 2}
"""


@pytest.fixture
def study_file(here):
    (here / "agents.py").write_text(textwrap.dedent(AGENTS))
    (here / "s.study.yaml").write_text(textwrap.dedent(STUDY))
    (here / "pytest.ini").write_text("[pytest]\n")
    return here / "s.study.yaml"


def run_python(here, code, **streams):
    (here / "script.py").write_text(textwrap.dedent(code))
    return subprocess.Popen([sys.executable, "script.py"], cwd=here, **streams)


def wait_for(path):
    limit = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < limit, f"{path.name} never came"
        time.sleep(0.02)


def test_one_process_two_and_the_plugin_give_the_same_tables(here, study_file, table):
    directory = here / "artifacts" / "s"
    tables = []
    for processes in (1, 2):
        results = run_study(study_file, parallelism=processes)
        tables.append(
            {name: table(directory / f"{name}.csv") for name in ("conditions", "runs", "events", "evaluations")}
        )
        assert [result.run_id for result in results] == [row["run_id"] for row in tables[-1]["runs"]]
    environment = {key: item for key, item in os.environ.items() if not key.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ended = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stdout
    tables.append({name: table(directory / f"{name}.csv") for name in tables[0]})
    assert tables[0] == tables[1] == tables[2]
    assert [row["status"] for row in tables[0]["runs"]].count("failed") == 2


def test_closures_lambdas_and_instances_travel_and_their_results_can_be_resumed(here, make_study):
    class Registry:
        def resolve(self, name):
            return lambda: ProblemPacket(name, evaluator=lambda value: {"score": value * factor})

    factor, calls = 3, here / "calls"
    calls.mkdir()

    def agent(x, run_spec):
        (calls / run_spec.run_id).touch()
        return {"candidate": x}

    options = {"agent_bindings": {"a": agent}, "problem_registry": Registry(), "parallelism": 2}
    study = make_study(problem_ids=["p"])
    results = run_study(study, **options)
    assert [result.primary_outcome for result in results] == [0, 3, 6, 9]
    for file in calls.iterdir():
        file.unlink()
    assert resume_study(study, **options) == results
    assert list(calls.iterdir()) == []


def test_a_dying_process_fails_its_run_alone(here, make_study):
    def agent(x):
        if x == 1:
            os._exit(3)
        if x == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if x == 3:
            time.sleep(30)
        return "done"

    study = make_study(limits={"timeout_s": 0.5})
    results = run_study(study, agent_bindings={"a": agent}, parallelism=2)
    assert [result.status_reason for result in results] == ["", "crashed", "crashed", "timeout"]
    assert results[1].error_info == "the process that carried out the run died: EXIT(3)"
    assert "SIGKILL" in results[2].error_info
    with closing(RunStore.existing(here / "out" / "store.sqlite", "s")) as store:
        stored = [store.result(result.run_id, result.fingerprint) for result in results]
    assert [result.status_reason for result in stored] == ["", "crashed", "crashed", "timeout"]


def test_a_result_that_was_recorded_before_the_process_died_counts(here, make_study):
    def agent(x):
        if x == 1:
            sys.stdout.flush = lambda: os._exit(4)  # which the process does after each run
        return {"metrics": {"primary_outcome": x}}

    results = run_study(make_study(), agent_bindings={"a": agent}, parallelism=2)
    assert [result.primary_outcome for result in results] == [0, 1, 2, 3]
    results = run_study(make_study(), agent_bindings={"a": agent}, parallelism=2, checkpoint=False)
    assert [result.status_reason for result in results] == ["", "crashed", "", ""], "nothing was recorded"


def test_fail_fast_and_ctrl_c_in_a_process_stop_the_others(here, make_study):
    def failing(x):
        if x == 0:
            raise ValueError
        time.sleep(0.5)
        return "done"

    study = make_study(run_budget={"fail_fast": True})
    results = run_study(study, agent_bindings={"a": failing}, parallelism=2)
    reasons = [result.status_reason for result in results]
    assert reasons[0] == "agent_error"
    assert reasons[-1] == "fail_fast"

    def interrupting(x):
        if x == 0:
            raise KeyboardInterrupt
        time.sleep(30)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_study(make_study(), agent_bindings={"a": interrupting}, parallelism=2)
    assert time.monotonic() - started < 20


def test_ctrl_c_keeps_what_was_done_and_exports_it(here, study_file, table):
    process = run_python(
        here,
        """
        import pathlib, time
        import pytest_dre

        def agent(x):
            if x > 1:
                pathlib.Path(f"waiting{x}").touch()
                time.sleep(60)
            return {"candidate": x}

        pytest_dre.run_study("s.study.yaml", agent_bindings={"walk": agent, "fail": agent}, parallelism=2)
        """,
        stderr=subprocess.PIPE,
    )
    wait_for(here / "waiting2")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode != 0
    assert errors.decode().rstrip().endswith("KeyboardInterrupt")
    rows = table(here / "artifacts" / "s" / "runs.csv")
    assert len(rows) >= 6
    assert {row["status"] for row in rows} == {"success"}
    manifest = json.loads((here / "artifacts" / "s" / "manifest.json").read_text())
    assert manifest["run_count"] == len(rows) < 16


@pytest.mark.filterwarnings("ignore:.*waiting for the last workers:UserWarning")  # as long as they take to die
def test_a_killed_parent_loses_nothing(here, study_file):
    deadly = """
        def walk(x):
            import os, pathlib, signal
            pathlib.Path(f"process-{os.getpid()}").touch()
            if x == 2 and not pathlib.Path("killed").exists():
                pathlib.Path("killed").touch()
                os.kill(os.getppid(), signal.SIGKILL)
            return {"candidate": x}
    """
    (here / "agents.py").write_text(textwrap.dedent(AGENTS) + textwrap.dedent(deadly))
    try:
        process = run_python(here, "import pytest_dre\npytest_dre.run_study('s.study.yaml', parallelism=2)")
        assert process.wait(timeout=60) == -signal.SIGKILL
    finally:
        for orphan in here.glob("process-*"):  # they would end by themselves, but late
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(orphan.name.removeprefix("process-")), signal.SIGKILL)
    with closing(RunStore.existing(here / "artifacts" / "s" / "store.sqlite", "s")) as store:
        assert len(store.fingerprints()) >= 6
    results = resume_study(study_file)
    assert [str(result.status) for result in results].count("success") == 14
    assert (here / "artifacts" / "s" / "runs.csv").is_file()


def test_what_cannot_travel_is_named_before_anything_runs(here, make_study):
    lock = threading.Lock()

    def agent(x):
        with lock:
            return "done"

    with pytest.raises(DreError, match=r"the agent 'a' cannot be sent to worker processes .*or use parallelism=1"):
        run_study(make_study(), agent_bindings={"a": agent}, parallelism=2)
    study = make_study(agent_specs=["a"], problem_ids=["p"])
    problem = {"brief": "b", "evaluator": lambda x: lock}
    with pytest.raises(DreError, match="the problem 'p' cannot be sent"):
        run_study(study, agent_bindings={"a": lambda brief: brief}, problem_registry={"p": problem}, parallelism=2)
    with pytest.raises(DreError, match="the runner 'runner' cannot be sent"):
        run_study(study, runner=agent, parallelism=2)


def test_values_that_cannot_travel_are_refused(here, make_study):
    levels = [{"name": "one", "value": 1}, {"name": "lock", "value": threading.Lock()}]
    study = make_study(factors=[{"name": "x", "levels": levels}])
    with pytest.raises(DreError, match="the study cannot be sent to worker processes"):
        run_study(study, agent_bindings={"a": lambda x: "done"}, parallelism=2)
    one, lock = build_design(study)
    plain = make_study()
    with pytest.raises(DreError, match=r"run run-\w+ cannot be sent to a worker process .*; use parallelism=1"):
        run_study(plain, conditions=[lock, one], agent_bindings={"a": lambda x: "done"}, parallelism=2)


def test_a_study_that_cannot_be_bound_in_another_process_is_one_message(here, study_file):
    (here / "agents.py").write_text(
        textwrap.dedent(AGENTS)
        + f"\nimport os\nif os.getpid() != {os.getpid()}:\n    raise RuntimeError('elsewhere')\n"
    )
    with pytest.raises(DreError, match="RuntimeError: elsewhere"):
        run_study(study_file, parallelism=2)


def test_a_worker_s_results_have_the_versions_that_its_parent_found(here, study_file):
    prepared = prepare(Request(study_file, parallelism=2))
    (here / "packed").write_bytes(pack(assignment_for(prepared, session_info("session"), record=False)))
    (here / "agents.py").write_text(textwrap.dedent(AGENTS) + "\n# edited meanwhile\n")
    run = prepared.planned.plan.runs[0]
    result = perform_assigned(str(here / "packed"), run, str(here / "watchdog"))
    assert result.versions == {
        "agent": prepared.bindings.versions["agent", run.agent_id],
        "problem": prepared.bindings.versions["problem", "p"],
    }
