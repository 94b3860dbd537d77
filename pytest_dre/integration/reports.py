"""What a run's report tells other processes."""

from typing import TypedDict

import pytest

from pytest_dre.model.runs import RunResult, RunSpec

Properties = list[tuple[str, object]]


class RunData(TypedDict):
    """What a run's report carries.

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


def put_data(report: pytest.TestReport, data: RunData) -> None:
    """Put facts about its run on the report."""
    report.dre = data  # type: ignore[attr-defined]


def held_back_by(report: pytest.TestReport) -> str | None:
    """Return the reason why the run was not started and so is still missing, None if it was or is no run."""
    data = dre_data(report)
    return None if data is None else data["held_back"]


def was_cached(report: pytest.TestReport) -> bool:
    """Return whether the run's result was replayed from the store."""
    data = dre_data(report)
    return data is not None and data["cached"]


def run_properties(run: RunSpec, result: RunResult, conditions: dict[str, Properties]) -> Properties:
    """Return what JUnit and report plugins get to see: small scalars only. `conditions` keeps those of each one."""
    of_condition = conditions.get(run.condition.condition_id)
    if of_condition is None:
        of_condition = [(name, _small(value)) for name, value in run.condition.assignments.items()]
        conditions[run.condition.condition_id] = of_condition
    properties = [*of_condition, ("seed", run.seed), ("status", str(result.status))]
    if result.primary_outcome is not None:
        properties.append(("primary_outcome", _small(result.primary_outcome)))
    properties.append(("cost_usd", result.cost_usd))
    return properties


def _small(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
