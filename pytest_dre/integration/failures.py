"""How a failed run is shown: a heading, the agent's own traceback, and how to rerun it."""

from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_dre.integration.screen import columns
from pytest_dre.model.runs import RunResult
from pytest_dre.reporting.headings import failure_heading

if TYPE_CHECKING:
    from pytest_dre.integration.nodes import RunItem


class RunFailure(Exception):
    """A run could not be carried out. `error` is what the agent raised, None if it reported the failure itself."""

    def __init__(self, result: RunResult, error: BaseException | None) -> None:
        super().__init__(result.error_info or result.status_reason)
        self.result = result
        self.error = error


def represent(item: "RunItem", failure: RunFailure) -> Any:
    """Return pytest's representation of the failure, so that `--tb`, JUnit and the short summary work as ever."""
    shown = failure if failure.error is None else failure.error.with_traceback(_agents_part(failure.error))
    representation = pytest.ExceptionInfo.from_exception(shown).getrepr(style="native")
    traceback = failure.result.traceback or f"{failure.result.error_info or failure.result.status_reason}\n"
    heading = failure_heading(item.run, item.parent.planned.study, width=columns(item.config), item=item.nodeid)
    lines = [*(f"{line}\n" for line in heading), "\n", *traceback.splitlines(keepends=True)]
    native: Any = type(representation.reprtraceback)
    representation.reprtraceback = native(lines)
    return representation


def _agents_part(error: BaseException) -> TracebackType | None:
    """Skip the frames of this package that lead to the agent's; keep all if no other follows."""
    traceback = error.__traceback__
    while traceback is not None and __package__.partition(".")[0] in traceback.tb_frame.f_globals.get("__name__", ""):
        traceback = traceback.tb_next
    return traceback or error.__traceback__
