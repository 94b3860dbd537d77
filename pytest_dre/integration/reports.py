"""What a run's report tells other processes."""

import json
from typing import Any

import pytest


def dre_data(report: pytest.TestReport) -> dict[str, Any] | None:
    """Return what the recording process put on the report; None if it is no run's."""
    text = getattr(report, "dre", None)
    return None if text is None else dict(json.loads(text))


def held_back_by(report: pytest.TestReport) -> str | None:
    """Return the reason why the run was not started and so is still missing, None if it was or is no run."""
    data = dre_data(report)
    return None if data is None else data["held_back"]


def was_cached(report: pytest.TestReport) -> bool:
    """Return whether the run's result was replayed from the store."""
    data = dre_data(report)
    return data is not None and bool(data["cached"])
