"""All that a session does with a study file before it runs anything, and what may come of it."""

import contextlib
import dataclasses
import io
import re
import resource
import signal
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_dre.canonical import canonical_json
from pytest_dre.cli import main
from pytest_dre.detection import is_study_file
from pytest_dre.errors import DreError, StudyError
from pytest_dre.execution.binding import bind_study
from pytest_dre.loading import dump_json, dump_yaml, load_study, parse_study
from pytest_dre.model.source import StudySource
from pytest_dre.reporting.plan import LEAST_TABLE, MOST_LINES, plan_lines
from pytest_dre.reporting.width import display_width
from pytest_dre.sessions.directories import output_directory
from pytest_dre.sessions.planned import PlannedStudy, plan_source

# For all of it together: a study of 10,000 levels is read four times, which takes 4 s. Of the processor's time, so that
# a busy machine finds nothing; but its neighbours make that longer, too.
CPU_SECONDS = 12.0
SECONDS = 60.0
MEMORY = 1_000_000_000  # bytes beyond what the process has
LONGEST = 20_000  # characters of all that is said
NAME = re.compile(r"[A-Za-z0-9_.=+-]+")
OURS = re.compile(r"Traceback|pydantic|pytest_dre[/\\]|<class '|object at 0x")


class TooSlow(BaseException):
    """A time limit has passed; no `except Exception` holds it."""


class Finding(AssertionError):
    """Something that must not come of any file."""


@dataclasses.dataclass(slots=True)
class Tally:
    """What became of the files."""

    accepted: int = 0
    rejected: int = 0
    findings: list[str] = dataclasses.field(default_factory=list)


def examine(path: Path) -> bool:
    """Do with the file what collection, `--dre-plan` and `dre validate` do; return whether it is a sound study.

    Raises Finding, or whatever escapes, for anything but a sound study or an error that a user can act on.
    """
    is_study_file(path)
    sound = _collect(path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(["validate", str(path)])
    if sound and status:
        raise Finding(f"collected, but not valid: {said.getvalue()}")
    if status not in (0, 1) or not said.getvalue().strip():
        raise Finding(f"dre validate: status {status}, said {said.getvalue()!r}")
    return sound


def _collect(path: Path) -> bool:
    try:
        source = load_study(path)
    except StudyError as error:
        check_message(error, str(path))
        return False
    _round_trips(source)
    try:
        planned = plan_source(source, output_directory(source, path.parent))
        bind_study(source, planned.plan, resolve_agent=_agent, resolve_problem=_problem)
    except DreError as error:
        check_message(error, str(path))
        return False
    _check_names(planned)
    _check_plan(planned)
    return True


def _agent(ref: str) -> Any:
    return lambda problem: ref


def _problem(ref: str) -> Any:
    return {"brief": ref}


def check_message(error: DreError, file: str) -> None:
    """Raise Finding unless each fault says, in short plain text, where it is and what is wrong."""
    text = str(error)
    faults = error.faults if isinstance(error, StudyError) else ()
    if not text.strip() or len(text) > LONGEST or not faults:
        raise Finding(f"no message, no faults or too long: {type(error).__name__} {len(text)} {text[:200]!r}")
    text.encode()
    for fault in faults:
        if not fault.message.strip() or not str(fault).startswith(file):
            raise Finding(f"no place or no message: {fault}")
        if fault.line is None and not fault.message.startswith("the file"):
            raise Finding(f"no line: {fault}")
    if odd := [char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]:
        raise Finding(f"{odd[0]!r} would steer the terminal: {text!r}")
    if text.count("\n") >= 21:
        raise Finding(f"more lines than faults: {text!r}")
    if found := OURS.search(text.replace(file, "")):
        raise Finding(f"{found[0]!r} tells of our inside: {text}")


def _round_trips(source: StudySource) -> None:
    study = source.study
    for written, as_json in ((dump_yaml(study), False), (dump_json(study), True)):
        again = parse_study(written, as_json=as_json).study
        if canonical_json(again.model_dump()) != canonical_json(study.model_dump()):
            raise Finding(f"written and read again (JSON: {as_json}) it is another study:\n{written[:3000]}")


def _check_names(planned: PlannedStudy) -> None:
    names = planned.names
    if len(set(names)) < len(names) or len(names) != len(planned.plan.runs):
        raise Finding("names of runs are not unique")
    if wrong := [name for name in names if not NAME.fullmatch(name)]:
        raise Finding(f"no name for a run: {wrong[0]!r}")


def _check_plan(planned: PlannedStudy) -> None:
    for width, height in ((80, 24), (40, 10), (120, None)):
        lines = plan_lines(planned.study, planned.plan, width=width, height=height)
        if not lines or (height is not None and len(lines) > MOST_LINES + LEAST_TABLE):
            raise Finding(f"a plan of {len(lines)} lines")
        for line in lines:
            line.encode()
            if display_width(line) > width or _steers(line):
                raise Finding(f"a line of the plan is too wide or not plain: {line!r}")


def _steers(line: str) -> bool:
    return any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in line)


@contextlib.contextmanager
def bounded(seconds: float = CPU_SECONDS) -> Iterator[None]:
    """Raise TooSlow or MemoryError for what takes too much of either. Only in the main thread; not for Windows."""

    def expired(number: int, frame: Any) -> None:
        raise TooSlow(f"took more than {seconds} s of the processor, or {SECONDS} s")

    handlers = [(number, signal.signal(number, expired)) for number in (signal.SIGPROF, signal.SIGALRM)]
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_memory_limit(soft), hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        for number, handler in handlers:
            signal.signal(number, handler)


def _memory_limit(soft: int) -> int:
    """Return the address space that is MEMORY more than what is taken, where the system tells that."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return soft
    taken = pages * resource.getpagesize()
    return taken + MEMORY if soft == resource.RLIM_INFINITY else min(soft, taken + MEMORY)
