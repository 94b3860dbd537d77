"""What carrying out a run comes to."""

from dataclasses import dataclass

from pytest_dre.model.runs import RunResult


@dataclass(frozen=True, slots=True)
class Execution:
    """A run's result, and the exception that failed it (None if it succeeded)."""

    result: RunResult
    error: BaseException | None = None
