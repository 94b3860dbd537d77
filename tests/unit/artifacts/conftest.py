"""A small study, its plan and results, made by hand."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_dre.artifacts.export import ExportSummary, export_study
from pytest_dre.artifacts.provenance import Provenance
from pytest_dre.model.runs import Condition, Plan, RunResult, RunSpec, RunStatus
from pytest_dre.model.study import Study

TIME = "2025-03-01T12:00:00+00:00"


def make_condition(number: int, factors: dict[str, Any], **more: Any) -> Condition:
    return Condition(f"cond-{number:012d}", factors, metadata={"fingerprint": f"fp{number}"}, **more)


def make_plan(*conditions: Condition, replicates: int = 2) -> Plan:
    admissible = [condition for condition in conditions if condition.admissible]
    runs = [
        RunSpec("demo", f"run-{index}-{replicate}", condition, replicate, "solver", "puzzle", seed=index + replicate)
        for index, condition in enumerate(admissible)
        for replicate in range(1, replicates + 1)
    ]
    return Plan(conditions, tuple(runs))


def make_result(spec: RunSpec, **changes: Any) -> RunResult:
    values: dict[str, Any] = {
        "study_id": spec.study_id,
        "condition_id": spec.condition_id,
        "run_id": spec.run_id,
        "replicate": spec.replicate,
        "agent_id": spec.agent_id,
        "problem_id": spec.problem_id,
        "seed": spec.seed,
        "status": RunStatus.SUCCESS,
        "start_time": TIME,
        "end_time": TIME,
        "latency_s": 0.25,
        "outputs": {"text": "42"},
        "metrics": {"primary_outcome": 0.5, "cost_usd": 0.01, "input_tokens": 7, "output_tokens": 3},
        "evaluations": [{"evaluator_id": "checker", "metric_name": "score", "metric_value": 0.5}],
        "events": [{"event_type": "assistant_output", "text": "42"}],
        "versions": {"agent": "1.0", "problem": "sha-7"},
    }
    return RunResult(**{**values, **changes})


@pytest.fixture
def make() -> SimpleNamespace:
    """The builders: condition, plan, result."""
    return SimpleNamespace(condition=make_condition, plan=make_plan, result=make_result)


@pytest.fixture
def study() -> Study:
    return Study.model_validate(
        {
            "study_id": "demo",
            "title": "A demonstration",
            "factors": [{"name": "arm", "levels": [{"name": "a", "value": "a"}, {"name": "b", "value": "b"}]}],
            "hypotheses": [{"hypothesis_id": "h1", "label": "H1", "statement": "b is better"}],
            "analysis_plans": [{"analysis_plan_id": "p1", "hypothesis_ids": ["h1"], "tests": ["t"]}],
            "seed_policy": {"base_seed": 11},
            "provenance_metadata": {"grant": "G-1"},
        }
    )


@pytest.fixture
def plan() -> Plan:
    """Two admissible conditions of two replicates, and an inadmissible condition."""
    excluded = make_condition(2, {"arm": "c"}, admissible=False, constraint_messages=("no c, please",))
    return make_plan(make_condition(0, {"arm": "a"}), make_condition(1, {"arm": "b"}), excluded)


@pytest.fixture
def results(plan: Plan) -> list[RunResult]:
    return [make_result(spec) for spec in plan.runs]


@pytest.fixture
def export(study: Study, plan: Plan, results: list[RunResult], tmp_path: Path) -> Callable[..., ExportSummary]:
    """Export the small study into `tmp_path / "out"`; keywords replace what is exported, and where."""

    def run(**changes: Any) -> ExportSummary:
        values: dict[str, Any] = {
            "study": study,
            "plan": plan,
            "results": iter(results),
            "output_dir": tmp_path / "out",
            "study_yaml": "study_id: demo\n",
            "provenance": Provenance({"python": "3.11.0"}, "TestOS"),
            "generated_at": datetime(2025, 3, 2, tzinfo=UTC),
        }
        return export_study(**{**values, **changes})

    return run


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """Where `export` writes to, unless told otherwise; no export leaves anything but artifacts there."""
    directory = tmp_path / "out"
    yield directory
    if directory.is_dir():
        assert not [path for path in directory.iterdir() if path.name.startswith(".")]
