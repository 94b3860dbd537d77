"""The example studies, run as a user runs them."""

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pytest_dre.references import load_reference

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"
KNOWN_WIN_RATES = [("stay", "3", 1 / 3), ("switch", "3", 2 / 3), ("stay", "4", 1 / 4), ("switch", "4", 3 / 8)]
SIBLINGS = ("design_research_agents", "design_research_problems")
GATES = {
    "monty-hall": ["switching-wins", "switch-beats-stay"],
    "packaged-problems": ["pumps-by-chance-fail", "packs-in-five-tries", "laptops-leave-room"],
    "pressure-vessel": ["evolution-builds-cheaper", "near-the-best-known"],
    "prompt-framing": ["steps-do-no-harm", "right-in-two-tries", "below-a-cent"],
    "welded-beam": ["evolution-welds-cheaper", "evolution-no-worse-than-climbing"],
}
WITHOUT_SIBLINGS = ("monty-hall", "pressure-vessel", "welded-beam")


def copy_examples(folder):
    """Copy the examples, so that artifacts stay out of the project."""
    shutil.copytree(ROOT / "example_studies", folder / "example_studies", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


@pytest.fixture
def folder(tmp_path):
    return copy_examples(tmp_path)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """All examples, run once with two workers: the folder and the finished process."""
    folder = copy_examples(tmp_path_factory.mktemp("examples"))
    return folder, run_pytest(folder, "example_studies", "-n", "2")


def run_pytest(folder, *arguments, **environment):
    """Run pytest in a process of its own, without the language model's variables unless given."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "DRE_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-ra", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**inherited, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def table(folder, study_id, name):
    with (folder / "artifacts" / study_id / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def manifest(folder, study_id):
    return json.loads((folder / "artifacts" / study_id / "manifest.json").read_text(encoding="utf-8"))


def outcomes(folder, study_id):
    return {row["run_id"]: row["primary_outcome"] for row in table(folder, study_id, "runs.csv")}


def judged(folder, study_id):
    return json.loads((folder / "artifacts" / study_id / "gates.json").read_text(encoding="utf-8"))


def has_siblings():
    return all(importlib.util.find_spec(name) for name in SIBLINGS)


def mean_outcome(folder, study_id, **wanted):
    """Mean primary outcome of the runs whose condition has the values wanted."""
    conditions = {row["condition_id"]: row for row in table(folder, study_id, "conditions.csv")}
    values = [
        float(row["primary_outcome"])
        for row in table(folder, study_id, "runs.csv")
        if all(conditions[row["condition_id"]][name] == value for name, value in wanted.items())
    ]
    return sum(values) / len(values)


def test_all_examples_run_or_say_why_not(session):
    _, result = session

    assert result.returncode == 0, result.stdout + result.stderr
    assert " failed" not in result.stdout
    assert "SKIPPED [99] example_studies/prompt_framing.study.yaml: needs" in result.stdout  # 96 runs, 3 gates
    assert "needs a language model: set DRE_LLM_MODEL" in result.stdout or "needs the openai package" in result.stdout
    ran = "needs design-research-agents and design-research-problems" not in result.stdout
    assert ran == has_siblings()


def test_without_xdist_the_outcomes_are_the_same(session, folder):
    studies = ("monty-hall", "welded-beam", "packaged-problems")
    files = [f"example_studies/{study_id.replace('-', '_')}.study.yaml" for study_id in studies]
    result = run_pytest(folder, *files, "-p", "no:xdist")

    assert result.returncode == 0, result.stdout + result.stderr
    for study_id in studies:
        assert outcomes(folder, study_id) == outcomes(session[0], study_id)
        if study_id in WITHOUT_SIBLINGS:
            assert judged(folder, study_id) == judged(session[0], study_id)


@pytest.mark.parametrize("study_id", [*WITHOUT_SIBLINGS, "packaged-problems"])
def test_gates_pass_and_plans_have_results(session, study_id):
    if study_id == "packaged-problems" and not has_siblings():
        pytest.skip("needs the sibling packages")

    assert_gates_and_plans(*session, study_id)


def assert_gates_and_plans(folder, result, study_id):
    """Every gate of the study has passed, on the screen too, and every test of its plans has a p value."""
    verdicts = judged(folder, study_id)
    assert [(item["gate_id"], item["verdict"]) for item in verdicts] == [(name, "pass") for name in GATES[study_id]]
    for name in GATES[study_id]:
        assert f"{name}: PASS  " in result.stdout
    tests = table(folder, study_id, "analysis.csv")
    assert [row for row in tests if row["error"]] == []
    assert all(float(row["p_value"]) <= 1 for row in tests)
    planned = {hypothesis["hypothesis_id"] for hypothesis in hypotheses(folder, study_id)}
    assert {row["hypothesis_id"] for row in tests} == planned


def hypotheses(folder, study_id):
    return json.loads((folder / "artifacts" / study_id / "hypotheses.json").read_text(encoding="utf-8"))


def test_known_hypotheses_are_found_and_wrong_ones_are_not(session):
    supported = {
        (study_id, row["hypothesis_id"], row["test"]): row["supported"]
        for study_id in WITHOUT_SIBLINGS
        for row in table(session[0], study_id, "analysis.csv")
    }

    assert supported["monty-hall", "h1", "difference_in_means"] == "True"
    assert supported["monty-hall", "h2", "moderation"] == "True"
    assert supported["pressure-vessel", "h1", "paired_permutation"] == "True"
    assert supported["pressure-vessel", "h2", "moderation"] == "False"  # climbing gains as much from more budget
    assert supported["welded-beam", "h3", "chi_square"] == "True"


def test_monty_hall_gives_the_known_answers(session):
    for strategy, doors, known in KNOWN_WIN_RATES:
        error = (known * (1 - known) / 10_000) ** 0.5
        outcome = mean_outcome(session[0], "monty-hall", strategy=strategy, doors=doors)
        assert outcome == pytest.approx(known, abs=4 * error)


@pytest.mark.parametrize(("study_id", "best_known"), [("pressure-vessel", 6059.714335), ("welded-beam", 1.724852)])
def test_a_design_study_compares_its_agents_within_their_budgets(session, study_id, best_known):
    folder, _ = session
    conditions = table(folder, study_id, "conditions.csv")
    excluded = [row for row in conditions if row["admissible"].lower() == "false"]

    assert len(conditions) == 36
    assert {(row["agent"], row["budget"]) for row in excluded} == {("differential_evolution", "60")}
    assert [row["status"] for row in table(folder, study_id, "runs.csv")] == ["success"] * 320
    evolution, chance = (
        mean_outcome(folder, study_id, agent=agent, budget="800")
        for agent in ("differential_evolution", "random_search")
    )
    assert best_known * 0.999 < evolution < chance
    improvements = [row for row in table(folder, study_id, "events.csv") if row["event_type"] == "step"]
    assert len({row["run_id"] for row in improvements}) == 320
    metrics = {row["metric_name"] for row in table(folder, study_id, "evaluations.csv")}
    assert metrics == {"penalised_objective", "objective", "constraint_violation", "is_feasible"}


@pytest.mark.parametrize("study_id", ["pressure-vessel", "welded-beam"])
def test_arms_of_a_design_study_meet_the_same_seeds(session, study_id):
    conditions = {row["condition_id"]: row for row in table(session[0], study_id, "conditions.csv")}
    seeds = {}
    for row in table(session[0], study_id, "runs.csv"):
        condition = conditions[row["condition_id"]]
        blocks = (condition["block_start_region"], condition["block_constraint_handling"], row["replicate"])
        seeds.setdefault(blocks, set()).add(row["seed"])

    assert len(seeds) == 40
    assert all(len(met) == 1 for met in seeds.values())


def test_packaged_problems_run_under_the_random_baseline(session):
    for name in SIBLINGS:
        pytest.importorskip(name)
    folder, _ = session

    runs = table(folder, "packaged-problems", "runs.csv")
    assert [row["status"] for row in runs] == ["success"] * 120
    for problem_id in {row["problem_id"] for row in runs}:  # replicates are other designs
        assert len({row["primary_outcome"] for row in runs if row["problem_id"] == problem_id}) > 1
    rows = table(folder, "packaged-problems", "evaluations.csv")
    assert sum(row["metric_name"] == "objective_value" for row in rows) == 120


def test_without_the_packages_the_packaged_problems_are_skipped(folder):
    hide = folder / "hide.py"  # a plugin: as if the packages were not installed
    hide.write_text(
        "import importlib.util\n"
        "find_spec = importlib.util.find_spec\n"
        "def hiding(name, package=None):\n"
        "    return None if name.startswith('design_research') else find_spec(name, package)\n"
        "importlib.util.find_spec = hiding\n"
    )
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])

    result = run_pytest(folder, "-p", "hide", "example_studies/packaged_problems.study.yaml", PYTHONPATH=path)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "123 skipped" in result.stdout  # 120 runs, 3 gates
    assert "needs design-research-agents and design-research-problems (Python 3.12 or later)" in result.stdout


@pytest.mark.parametrize("parallel", [(), ("-n", "2")], ids=["alone", "n2"])
def test_prompt_framing_records_answers_tokens_and_cost(folder, parallel):
    pytest.importorskip("openai")
    server_of = load_reference("./chat_server.py:ChatServer", SUPPORT)
    calculator = load_reference("./chat_server.py:Calculator", SUPPORT)
    with server_of(calculator(answers())) as server:
        result = ask(folder, server, *parallel)

    assert "99 passed" in result.stdout, result.stdout + result.stderr
    assert len(server.requests) == 96
    assert_gates_and_plans(folder, result, "prompt-framing")
    assert mean_outcome(folder, "prompt-framing", framing="steps") == 1
    assert mean_outcome(folder, "prompt-framing", framing="plain", temperature="0.0") == 1
    assert mean_outcome(folder, "prompt-framing", framing="plain", temperature="0.8") == 0
    runs = table(folder, "prompt-framing", "runs.csv")
    assert {row["model_name"] for row in runs} == {"tiny-1"}
    assert sorted(int(row["seed"]) for row in runs) == sorted(request["seed"] for request in server.requests)
    for row in runs:
        tokens = int(row["input_tokens"]), int(row["output_tokens"])
        assert min(tokens) > 0
        assert float(row["cost_usd"]) == pytest.approx((tokens[0] * 0.15 + tokens[1] * 0.6) / 1e6)
    kinds = [row["event_type"] for row in table(folder, "prompt-framing", "events.csv")]
    assert sorted(set(kinds)) == ["assistant_output", "llm_request"]
    assert len(kinds) == 192
    assert manifest(folder, "prompt-framing")["model_ids"] == ["tiny-1"]


def answers():
    """Question → its right answer, as the study has them."""
    study = yaml.safe_load((ROOT / "example_studies" / "prompt_framing.study.yaml").read_text(encoding="utf-8"))
    return {problem["params"]["text"]: problem["params"]["answer"] for problem in study["problems"].values()}


def test_a_failing_endpoint_fails_the_run_with_its_message(folder):
    pytest.importorskip("openai")
    server_of = load_reference("./chat_server.py:ChatServer", SUPPORT)
    with server_of(load_reference("./chat_server.py:refuse", SUPPORT)) as server:
        result = ask(folder, server, "-x")

    assert result.returncode == 1, result.stdout + result.stderr
    assert "the model fell over" in result.stdout
    failed = [row for row in table(folder, "prompt-framing", "runs.csv") if row["status"] == "failed"]
    assert len(failed) == 1
    assert failed[0]["error_info"].startswith("InternalServerError: ")


def ask(folder, server, *arguments):
    return run_pytest(
        folder,
        "example_studies/prompt_framing.study.yaml",
        *arguments,
        OPENAI_BASE_URL=server.url,
        OPENAI_API_KEY="none",
        DRE_LLM_MODEL="tiny-1",
        NO_PROXY="127.0.0.1",
    )
