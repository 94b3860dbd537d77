"""The gates of a study, judged from Python."""

from pathlib import Path

from pytest_dre.api.sources import AnyStudy, source_of
from pytest_dre.model.verdicts import GateVerdict
from pytest_dre.sessions.directories import output_directory
from pytest_dre.sessions.judging import Judging, judge_study
from pytest_dre.sessions.planned import plan_source


def judge_gates(
    study: AnyStudy,
    *,
    baseline: str | None = None,
    baselines: str | Path = ".dre/baselines",
    allow_stale: bool = False,
) -> dict[str, GateVerdict]:
    """Return the verdict on each gate of a study, by its id, from the results that `run_study` has stored.

    Args:
        study: A Study, or the path of a study file, as `run_study` takes it.
        baseline: What gates with a baseline compare with instead: a saved name, an artifact directory or a bundle.
        baselines: The directory of saved baselines.
        allow_stale: Whether results of other versions count where there are none of the present ones.

    Raises StudyError for a study with faults, DreError for a baseline that cannot be read.
    """
    source = source_of(study)
    planned = plan_source(source, output_directory(source.study, Path.cwd()))
    return judge_study(planned, Judging(Path(baselines), baseline, allow_stale=allow_stale))
