"""What a failed run says about its exception."""

import re
import traceback
from importlib.util import find_spec
from pathlib import Path

from pytest_dre.errors import MissingDependencyError
from pytest_dre.execution.texts import to_text, type_name
from pytest_dre.model.reasons import StatusReason

INFO_LIMIT = 2_000  # characters; a model's error may quote a whole prompt
TRACEBACK_LIMIT = 50_000

_OWN_FILES = ("pytest_timeout.py",)  # what raises the timeout, from a signal in the midst of the agent
_OWN_PACKAGES = ("pytest_dre", "asyncio", "pluggy")
_OWN_NAME = re.compile(r"^([\s|]*)pytest_dre[\w.]*\.(?=[A-Z]\w*(?::|$))", re.MULTILINE)
_OWN = tuple(str(Path(spec.origin).parent) for spec in map(find_spec, _OWN_PACKAGES) if spec and spec.origin)


_USERS_CODE = (StatusReason.AGENT_ERROR, StatusReason.EVALUATION_ERROR)


def reason_for(error: BaseException, stage: StatusReason) -> StatusReason:
    """Return why a run failed that raised `error` where failures usually mean `stage`.

    By its type alone: `isinstance` asks the exception as well, which is an agent's.
    """
    if stage in _USERS_CODE and issubclass(type(error), ImportError | MissingDependencyError):
        return StatusReason.DEPENDENCY_MISSING
    return stage


def describe(error: BaseException) -> str:
    """Return "Type: message" in one line of at most about 2,000 characters."""
    message = " ".join(to_text(error).split())
    name = type_name(error)
    text = f"{name}: {message}" if message else name
    return text if len(text) <= INFO_LIMIT else f"{_head(text, INFO_LIMIT - 1)}…"


def trimmed_traceback(error: BaseException) -> str:
    """Return the traceback without frames of this package and of the event loop; causes keep theirs too."""
    try:
        report = _full_report(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # the exception fails when it is read, or holds others in too many levels
        report = _short_report(error)
    text = _OWN_NAME.sub(r"\1", to_text(report))
    if len(text) <= TRACEBACK_LIMIT:
        return text
    half = TRACEBACK_LIMIT // 2
    return f"{_head(text, half)}\n…\n{_tail(text, half)}"


def _full_report(error: BaseException) -> str:
    report = traceback.TracebackException.from_exception(error)
    _trim(report)
    return "".join(report.format())


def _short_report(error: BaseException) -> str:
    frames = traceback.extract_tb(object.__getattribute__(error, "__traceback__"))
    stack = traceback.StackSummary.from_list([frame for frame in frames if not is_own(frame.filename)])
    return "".join(("Traceback (most recent call last):\n", *stack.format(), describe(error), "\n"))


def _head(text: str, length: int) -> str:
    """Return the beginning, cut between words: half a key would pass the masking of secrets."""
    head = text[:length]
    at = max(head.rfind(" "), head.rfind("\n"))
    return head[:at] if at >= length // 2 and not text[length].isspace() else head


def _tail(text: str, length: int) -> str:
    """Return the end, cut between words."""
    return _head(text[::-1], length)[::-1]


def _trim(report: traceback.TracebackException) -> None:
    """Drop our frames in the whole chain, which Python has made free of cycles."""
    report.stack = traceback.StackSummary.from_list([frame for frame in report.stack if not is_own(frame.filename)])
    for linked in (report.__cause__, report.__context__, *(report.exceptions or ())):
        if linked is not None:
            _trim(linked)


def is_own(file: str) -> bool:
    """Return whether code in the file is this package's, or of what stands between it and its users' code."""
    return file.startswith(_OWN) or Path(file).name in _OWN_FILES
