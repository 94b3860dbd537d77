"""What a run's report tells other processes."""

from typing import TypedDict

import pytest


class RunData(TypedDict):
    """What a run's report carries: texts, booleans and None only, since nothing else crosses xdist.

    Attributes:
        study: Path of the study file.
        run_id: The run.
        cached: Whether its result was replayed.
        held_back: The reason why it was not started, a word of StatusReason; None if it was.
    """

    study: str
    run_id: str
    cached: bool
    held_back: str | None


def dre_data(report: pytest.TestReport) -> RunData | None:
    """Return what the recording process put on the report; None if it is no run's."""
    data: RunData | None = getattr(report, "dre", None)
    return data


def held_back_by(report: pytest.TestReport) -> str | None:
    """Return the reason why the run was not started and so is still missing, None if it was or is no run."""
    data = dre_data(report)
    return None if data is None else data["held_back"]


def was_cached(report: pytest.TestReport) -> bool:
    """Return whether the run's result was replayed from the store."""
    data = dre_data(report)
    return data is not None and data["cached"]
