"""What a run's report tells other processes."""

from typing import TypedDict

import pytest
from pydantic_core import from_json, to_json


class RunData(TypedDict):
    """What a run's report carries, as JSON text: xdist takes several times as long for a dict, json as for pydantic's.

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
    data: RunData = from_json(text)
    return data


def put_data(report: pytest.TestReport, data: RunData) -> None:
    """Put facts about its run on the report."""
    report.dre = to_json(data).decode()  # type: ignore[attr-defined]


def held_back_by(report: pytest.TestReport) -> str | None:
    """Return the reason why the run was not started and so is still missing, None if it was or is no run."""
    data = dre_data(report)
    return None if data is None else data["held_back"]


def was_cached(report: pytest.TestReport) -> bool:
    """Return whether the run's result was replayed from the store."""
    data = dre_data(report)
    return data is not None and data["cached"]


def drop_properties(report: pytest.TestReport) -> None:
    """Leave the properties out of a worker's report of a teardown: the call's has them, and sending them takes time."""
    report.user_properties = []


class PropertiesRestored:
    """In the controller: gives a teardown's report, from which JUnit takes them, the properties of its call's."""

    def __init__(self) -> None:
        self._of_calls: dict[str, list[tuple[str, object]]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a call brings until its teardown comes."""
        if report.when == "call":
            if hasattr(report, "dre"):
                self._of_calls[report.nodeid] = report.user_properties
        elif report.when == "teardown":
            properties = self._of_calls.pop(report.nodeid, None)
            if properties is not None and not report.user_properties:
                report.user_properties = properties
