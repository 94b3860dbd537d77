"""What a run's report tells other processes."""

import json
from typing import TypedDict

import pytest


class RunData(TypedDict):
    """What a run's report carries, as JSON text: xdist takes several times as long for a dict.

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
    text: str | None = getattr(report, "dre", None)
    if text is None:
        return None
    data: RunData = json.loads(text)
    return data


def put_data(report: pytest.TestReport, data: RunData) -> None:
    """Put facts about its run on the report."""
    report.dre = json.dumps(data)  # type: ignore[attr-defined]


def held_back_by(report: pytest.TestReport) -> str | None:
    """Return the reason why the run was not started and so is still missing, None if it was or is no run."""
    data = dre_data(report)
    return None if data is None else data["held_back"]


def was_cached(report: pytest.TestReport) -> bool:
    """Return whether the run's result was replayed from the store."""
    data = dre_data(report)
    return data is not None and data["cached"]
