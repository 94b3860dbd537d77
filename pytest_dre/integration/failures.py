"""How a failed run is shown: a heading, the agent's own traceback, and how to rerun it."""

import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

import pytest_dre
from pytest_dre.errors import DreError
from pytest_dre.integration.places import place_options
from pytest_dre.integration.screen import columns, from_here
from pytest_dre.integration.settings import Role, settings_of
from pytest_dre.model.runs import RunResult

PACKAGE = Path(pytest_dre.__file__).parent

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
    representation = _represented(failure)
    shown = failure.result.traceback or f"{failure.result.error_info or failure.result.status_reason}\n"
    name = f"{from_here(item.path, item.config)}::{item.name}"
    # Most sessions need neither.
    from pytest_dre.reporting.headings import failure_heading
    from pytest_dre.reporting.width import harmless

    heading = failure_heading(
        item.run,
        item.parent.planned.study,
        width=columns(item.config),
        item=name,
        command=("pytest", *place_options(item.config)),
    )
    lines = [*(f"{line}\n" for line in heading), "\n", *harmless(shown).splitlines(keepends=True)]
    summary = harmless(failure.result.error_info or failure.result.status_reason)
    return _rewritten(representation, lines, summary, item)


def _represented(failure: RunFailure) -> Any:
    """Return pytest's representation of what the agent raised; of the failure itself where that cannot be read."""
    if failure.error is not None:
        try:
            shown = failure.error.with_traceback(_agents_part(failure.error))
            return pytest.ExceptionInfo.from_exception(shown).getrepr(style="native")
        except Exception:  # the result tells of it as far as can be
            return pytest.ExceptionInfo.from_exception(failure).getrepr(style="native")
    return pytest.ExceptionInfo.from_exception(failure).getrepr(style="native")


def represent_fault(node: pytest.Collector, message: str) -> Any:
    """Return pytest's representation of a user's mistake in a study.

    A worker gives plain text: xdist shows the workers' equal reports once, but compares other representations by
    identity.
    """
    return message if settings_of(node.config).role is Role.WORKER else represent_message(node, message)


def represent_message(node: pytest.Item | pytest.Collector, message: str) -> Any:
    """Return pytest's representation of a message: itself alone, and in the short summary its first line.

    Plain text would do, but where `CI` is set pytest's short summary says all of it a second time.
    """
    try:
        raise _Fault(message)
    except _Fault as fault:
        representation = pytest.ExceptionInfo.from_exception(fault).getrepr(style="native")
    return _rewritten(representation, [f"{line}\n" for line in message.splitlines()], message.splitlines()[0], node)


class _Fault(Exception):
    """Carries a message through pytest's representation of exceptions."""


def hook_failed(name: str, error: Exception) -> DreError:
    """Return the message for a user's hook that raised, with the place in it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return DreError(f"{frame.filename}:{frame.lineno}: a {name} hook failed with {type(error).__name__}: {error}")


def _rewritten(representation: Any, lines: list[str], summary: str, node: pytest.Item | pytest.Collector) -> Any:
    """Put our text in, keeping the place of the failure where that is in the user's code."""
    native: Any = type(representation.reprtraceback)
    representation.reprtraceback = native(lines)
    crash = representation.reprcrash
    if crash is None:
        return representation
    crash.message = summary
    if crash.path.startswith(str(PACKAGE)):
        crash.path, crash.lineno = str(node.path), 1
    return representation


def _agents_part(error: BaseException) -> TracebackType | None:
    """Skip the frames of this package that lead to the agent's; keep all if no other follows."""
    part = error.__traceback__
    while part is not None and __package__.partition(".")[0] in part.tb_frame.f_globals.get("__name__", ""):
        part = part.tb_next
    return part or error.__traceback__
