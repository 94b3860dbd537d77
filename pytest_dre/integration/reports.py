"""What a run's report tells other processes."""

import json
from typing import Any

import pytest


def dre_data(report: pytest.TestReport) -> dict[str, Any] | None:
    """Return what the recording process put on the report; None if it is no run's."""
    text = getattr(report, "dre", None)
    return None if text is None else dict(json.loads(text))


def was_held_back(report: pytest.TestReport) -> bool:
    """Return whether the run was not started though it could have been, and so is still missing."""
    data = dre_data(report)
    return data is not None and data["held_back"] is not None


def was_cached(report: pytest.TestReport) -> bool:
    """Return whether the run's result was replayed from the store."""
    data = dre_data(report)
    return data is not None and bool(data["cached"])
