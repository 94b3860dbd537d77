"""Hooks of conftest files: agents, problems, evaluation, seeding, recorded runs, exports."""

STUDY = """
study_id: hooked
title: Bound by hooks
factors: [{name: style, levels: [plain]}]
agent_specs: [solver]
problem_ids: [p]
"""
CONFTEST = """
import random
from pathlib import Path

from pytest_dre.model.runs import ProblemPacket

HERE = Path(__file__).parent

def solver(problem):
    return {"output": {"answer": len(problem.brief)}}

def pytest_dre_agents(config):
    return {"solver": solver}

def pytest_dre_problems(config):
    return {"p": ProblemPacket("p", brief="abc", evaluator=lambda answer: {"letters": answer})}

def pytest_dre_evaluate(run_spec, packet, output):
    return [{"evaluator_id": "extra", "metric_name": "doubled", "metric_value": output["answer"] * 2}]

def pytest_dre_seed(seed):
    (HERE / "seed.txt").write_text(str(seed))

def pytest_dre_run_recorded(study, result):
    (HERE / "recorded.txt").write_text(f"{study.study_id} {result.status} {result.primary_outcome}")

def pytest_dre_export(study, results, output_dir):
    once, twice = list(results), list(results)
    (output_dir / "own.txt").write_text(f"{len(once)} {len(twice)}")
"""


def test_every_hook_is_called(lab, mode):
    lab.write("studies/hooked.study.yaml", STUDY)
    lab.write("studies/conftest.py", CONFTEST)
    lab.run("studies", *mode).assert_outcomes(passed=1)
    (row,) = lab.table("hooked", "runs")
    assert (lab.path / "studies/seed.txt").read_text() == row["seed"]
    assert (lab.path / "studies/recorded.txt").read_text() == "hooked success 3"
    assert (lab.path / "artifacts/hooked/own.txt").read_text() == "1 1"
    metrics = {row["metric_name"]: row["metric_value"] for row in lab.table("hooked", "evaluations")}
    assert metrics == {"letters": "3", "doubled": "6"}


def test_a_conftest_serves_its_own_directory(lab):
    for name in ("one", "two"):
        lab.write(f"studies/{name}/s.study.yaml", STUDY.replace("hooked", name))
        lab.write(
            f"studies/{name}/conftest.py",
            f"""
            def pytest_dre_agents(config):
                return {{"solver": lambda: {{"output": "{name}"}}}}

            def pytest_dre_resolve_problem(ref):
                return {{"brief": "{name}"}}
            """,
        )
    lab.run_here("studies").assert_outcomes(passed=2)
    for name in ("one", "two"):
        assert name in lab.table(name, "runs")[0]["outputs_json"]


def test_the_nearest_conftest_wins(lab):
    lab.write("studies/conftest.py", CONFTEST)
    lab.write("studies/near/conftest.py", "def pytest_dre_agents(config):\n    return {'solver': lambda: 'near'}\n")
    lab.write("studies/near/s.study.yaml", STUDY)
    lab.run_here("studies", "-k", "not extra")
    assert "near" in lab.table("hooked", "runs")[0]["outputs_json"]


def test_a_reference_resolved_by_a_hook(lab):
    lab.write(
        "studies/conftest.py",
        """
        def pytest_dre_resolve_agent(ref):
            return (lambda: {"output": ref}) if ref.startswith("registry/") else None
        """,
    )
    lab.write("studies/r.study.yaml", "study_id: r\ntitle: R\nagents: {a: registry/best, b: registry/worst}\n")
    lab.run_here("studies").assert_outcomes(passed=2)
    assert ["registry/best" in row["outputs_json"] for row in lab.table("r", "runs")] == [True, False]


def test_a_failing_export_hook_is_told_and_the_artifacts_stay(first):
    first.write("studies/conftest.py", "def pytest_dre_export(study):\n    raise OSError('disk on fire')\n")
    result = first.run_here("studies")
    assert result.ret == 1
    shown = " ".join(result.stdout.str().split())
    assert "conftest.py:2: a pytest_dre_export hook failed with OSError: disk on fire" in shown
    assert first.manifest("first")["complete"] is True


def test_a_failing_recorded_hook_costs_one_line(first):
    first.write("studies/conftest.py", "def pytest_dre_run_recorded(result):\n    raise OSError('no dashboard')\n")
    result = first.run_here("studies", "-k", "plain and 0.1 and r1")
    result.assert_outcomes(failed=1, deselected=7)
    output = result.stdout.str()
    assert "conftest.py:2: a pytest_dre_run_recorded hook failed with OSError: no dashboard" in output
    assert len(output.splitlines()) < 40
    assert first.table("first", "runs")[0]["status"] == "success"


def test_a_failing_agents_hook_is_a_fault_with_its_place(first):
    first.write("studies/conftest.py", "def pytest_dre_agents(config):\n    return {}['x']\n")
    result = first.run_here("studies")
    result.assert_outcomes(errors=1)
    output = result.stdout.str()
    assert "conftest.py:2: a pytest_dre_agents hook failed with KeyError: 'x'" in output
    assert "resolving.py" not in output


def test_a_failing_evaluate_hook_shows_its_own_frames_only(first):
    first.write("studies/conftest.py", "def pytest_dre_evaluate(run_spec):\n    raise OSError('no judge')\n")
    output = first.run_here("studies", "-k", "plain and 0.1 and r1").stdout.str()
    assert "OSError: no judge" in output
    assert "pluggy" not in output.partition("Traceback")[2]
