"""The gates of a study, judged from Python."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_dre.api.preparation import Request, prepare
from pytest_dre.api.sources import AnyStudy
from pytest_dre.model.verdicts import GateVerdict
from pytest_dre.sessions.baselines import DEFAULT_DIRECTORY
from pytest_dre.sessions.judging import Judging, judge_study


def judge_gates(
    study: AnyStudy,
    *,
    agent_bindings: Mapping[str, Any] | None = None,
    problem_registry: Mapping[str, Any] | Any = None,
    baseline: str | None = None,
    baselines: str | Path = DEFAULT_DIRECTORY,
    allow_stale: bool = False,
    runner: Callable[..., Any] | str | None = None,
) -> dict[str, GateVerdict]:
    """Return the verdict on each gate of a study, by its id, from the results that `run_study` has stored.

    Args:
        study: A Study, or the path of a study file, as `run_study` takes it.
        agent_bindings: Those that `run_study` was given: a study that names no agents has its runs from them.
        problem_registry: The same of problems.
        baseline: What gates with a baseline compare with instead: a saved name, an artifact directory or a bundle.
        baselines: The directory of saved baselines.
        allow_stale: Whether results of other versions count where there are none of the present ones.
        runner: The one that `run_study` was given, if any.

    Results of another version of an agent, a problem or the runner than the one found now do not count.
    Raises StudyError for a study with faults, DreError for a baseline that cannot be read.
    """
    prepared = prepare(Request(study, None, agent_bindings, problem_registry, runner=runner))
    judging = Judging(Path(baselines), baseline, allow_stale=allow_stale)
    return judge_study(prepared.planned, judging, versions=prepared.bindings.versions)
