"""Power of planned studies, from what their stores hold."""

import subprocess
import sys
from contextlib import closing

import pytest

from pytest_dre.execution.fingerprints import RUNNER, fingerprint
from pytest_dre.model.running import Limits
from pytest_dre.model.runs import Condition, RunResult, RunSpec, RunStatus
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study
from pytest_dre.sessions.estimates import estimate
from pytest_dre.sessions.judging import Judging
from pytest_dre.sessions.planned import PlannedStudy, plan_source
from pytest_dre.sessions.power import power_of
from pytest_dre.store.runs import RunStore

STUDY = {
    "study_id": "s",
    "title": "t",
    "factors": [{"name": "level", "levels": [{"name": "low", "value": 1}, {"name": "high", "value": 2}]}],
    "run_budget": {"replicates": 12},
    "outcomes": [{"name": "score", "source_table": "runs", "column": "score", "aggregation": "mean"}],
    "runner": "json:dumps",
}
GATE = {"gate_id": "g", "outcome": "score", "claim": "at_least", "value": 1}
VERSIONS = {RUNNER: "1"}


def planned_study(directory, **changes) -> PlannedStudy:
    return plan_source(StudySource(Study.model_validate({**STUDY, **changes})), directory / "out")


def record(planned: PlannedStudy, versions=VERSIONS) -> None:
    with closing(RunStore.create_or_open(planned.store_path, "s")) as store:
        store.set_versions(VERSIONS)
        for run in planned.plan.runs:
            result = RunResult(
                study_id="s",
                condition_id=run.condition_id,
                run_id=run.run_id,
                replicate=run.replicate,
                agent_id=None,
                problem_id=None,
                seed=run.seed,
                status=RunStatus.SUCCESS,
                metrics={"score": float(run.replicate)},
                fingerprint=fingerprint(run, versions),
            )
            store.record(result, "earlier")


@pytest.fixture
def judging(tmp_path) -> Judging:
    return Judging(tmp_path / "baselines")


def test_studies_without_claims_have_none(tmp_path, judging) -> None:
    assert power_of(planned_study(tmp_path), judging) is None


def test_stored_runs_that_count_are_a_pilot(tmp_path, judging) -> None:
    planned = planned_study(tmp_path, gates=[GATE])
    assert power_of(planned, judging).gates[0].basis.source == "unknown"
    record(planned)
    found = power_of(planned, judging).gates[0].basis
    assert (found.source, found.runs) == ("stored", 24)


def test_results_of_other_versions_are_none(tmp_path, judging) -> None:
    planned = planned_study(tmp_path, gates=[GATE])
    record(planned, {RUNNER: "2"})
    assert power_of(planned, judging).gates[0].basis.source == "unknown"
    allowed = Judging(judging.baselines, allow_stale=True)
    assert power_of(planned, allowed).gates[0].basis.source == "stored"


def test_a_store_or_baseline_that_cannot_be_read_tells_nothing(tmp_path, judging) -> None:
    planned = planned_study(
        tmp_path,
        gates=[{**GATE, "claim": "equivalent", "value": None, "margin": 1.0, "baseline": "main"}],
    )
    planned.output_dir.mkdir()
    planned.store_path.write_text("no database")
    directory = judging.baselines / "s"
    directory.mkdir(parents=True)
    (directory / "main.baseline.json").write_text("no baseline")
    found = power_of(planned, judging).gates[0]
    assert (found.basis.source, found.n) == ("unknown", 12)


def test_plans_without_claims_bring_no_scipy_in(tmp_path) -> None:
    (tmp_path / "s.study.yaml").write_text("study_id: s\ntitle: T\nrunner: json:dumps\n")
    script = (
        "import sys; from pytest_dre.cli import main; main(['plan', 's.study.yaml']); print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_an_agent_that_tells_of_outcomes_only_costs_what_any_does() -> None:
    limits = Limits.model_validate(
        {
            "expected": {"cost_usd": 2.0},
            "agents": {"a": {"expected": {"outcomes": {"score": {"sd": 1.0}}}}, "b": {"expected": {"cost_usd": 3.0}}},
        }
    )
    runs = [RunSpec("s", name, Condition("c", {}), 1, name, None, 1) for name in "abc"]
    assert estimate(runs, {}, limits).cost_usd == 7
