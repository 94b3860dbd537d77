"""Hooks that conftest files and plugins may implement.

A conftest's implementation serves the studies of its own directory. Where several implement a hook, the conftest
nearest to the study is asked first.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_dre.model.runs import ProblemPacket, RunResult, RunSpec
    from pytest_dre.model.study import Study


@pytest.hookspec
def pytest_dre_agents(config: pytest.Config) -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return agents by the id that studies use.

    Example::

        def pytest_dre_agents(config):
            return {"solver": my_package.solve}
    """


@pytest.hookspec
def pytest_dre_problems(config: pytest.Config) -> "Mapping[str, ProblemPacket]":  # type: ignore[empty-body]
    """Return problems by the id that studies use.

    Example::

        def pytest_dre_problems(config):
            return {"beam": ProblemPacket("beam", brief="Design a beam.", evaluator=score)}
    """


@pytest.hookspec(firstresult=True)
def pytest_dre_resolve_agent(ref: str) -> Any | None:
    """Return the agent that `ref` names, None to leave it to others. Asked for ids that nothing else binds.

    Example::

        def pytest_dre_resolve_agent(ref):
            return load_from_registry(ref) if ref.startswith("registry/") else None
    """


@pytest.hookspec(firstresult=True)
def pytest_dre_resolve_problem(ref: str) -> Any | None:
    """Return the problem that `ref` names, None to leave it to others.

    Example::

        def pytest_dre_resolve_problem(ref):
            return ProblemPacket(ref, brief=Path(f"briefs/{ref}.md").read_text())
    """


@pytest.hookspec
def pytest_dre_evaluate(  # type: ignore[empty-body]
    run_spec: "RunSpec", packet: "ProblemPacket | None", output: Mapping[str, Any]
) -> Iterable[Mapping[str, Any]]:
    """Return further evaluation rows for a run's output, beside those of the problem's own evaluator.

    Example::

        def pytest_dre_evaluate(run_spec, packet, output):
            return [{"evaluator_id": "length", "metric_name": "words", "metric_value": len(output["text"].split())}]
    """


@pytest.hookspec
def pytest_dre_seed(seed: int) -> None:
    """Seed a random generator of yours; called before each run, after Python's and NumPy's were seeded.

    Example::

        def pytest_dre_seed(seed):
            simulator.reset(seed)
    """


@pytest.hookspec
def pytest_dre_run_recorded(study: "Study", result: "RunResult") -> None:
    """Called in the process that carried out a run, once its result is stored.

    Example::

        def pytest_dre_run_recorded(study, result):
            dashboard.send(result.run_id, result.primary_outcome)
    """


@pytest.hookspec
def pytest_dre_export(study: "Study", results: "Sequence[RunResult] | Iterable[RunResult]", output_dir: Path) -> None:
    """Called once a study's artifacts are written and valid. `results` may be iterated many times, in plan order, until
    the hook returns.

    Under xdist it is called in the controlling process, where only conftest files of the directories named on the
    command line are loaded.

    Example::

        def pytest_dre_export(study, results, output_dir):
            (output_dir / "costs.txt").write_text(str(sum(result.cost_usd for result in results)))
    """
