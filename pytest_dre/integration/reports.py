"""What a run's report tells other processes."""

import json
from typing import Any

import pytest

_READ = "_dre_read"


def dre_data(report: pytest.TestReport) -> dict[str, Any] | None:
    """Return what the recording process put on the report; None if it is no run's."""
    text = getattr(report, "dre", None)
    if text is None:
        return None
    read = report.__dict__.get(_READ)
    if read is None:  # several parts ask of each of thousands of reports
        read = report.__dict__[_READ] = json.loads(text)
    return dict(read)


def held_back_by(report: pytest.TestReport) -> str | None:
    """Return the reason why the run was not started and so is still missing, None if it was or is no run."""
    data = dre_data(report)
    return None if data is None else data["held_back"]


def was_cached(report: pytest.TestReport) -> bool:
    """Return whether the run's result was replayed from the store."""
    data = dre_data(report)
    return data is not None and bool(data["cached"])
