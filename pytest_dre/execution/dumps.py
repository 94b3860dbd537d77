"""What faulthandler has dumped of a process that was held: the frames that its user wrote, and no others."""

import re
from pathlib import Path, PurePath

from pytest_dre.execution.failures import is_own

_PACKAGE = str(Path(__file__).parent.parent)
_HEADER = "(most recent call first):"
_FILE = re.compile(r'  File "(.*)", line ')
_MACHINERY = frozenset(("execnet", "loky"))  # whose threads bring runs to a process


def trimmed_dump(dump: str) -> str:
    """Return the dump without this package's frames and those that led to them, and without threads that bring runs.

    What is left of the thread that carried out the run comes first. What is no dump is returned as it is.
    """
    if _HEADER not in dump:
        return dump
    held, others = [], []
    for block in dump.split("\n\n"):
        header, frames = _parted(block.splitlines())
        files = list(map(_file_of, frames))
        ours = next((index for index, file in enumerate(files) if file.startswith(_PACKAGE)), None)
        if ours is not None:
            held += [line for line, file in zip(frames[:ours], files, strict=False) if not is_own(file)]
        elif not any(_MACHINERY.intersection(PurePath(file).parts) for file in files):
            others += [*header, *frames]
    shown = [f"held {_HEADER}", *held] if held else []
    return "".join(f"{line}\n" for line in (*shown, *others)) or dump


def _parted(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return a thread's header and its frames; what stands over the header, such as how long was waited, is dropped."""
    at = next((index for index, line in enumerate(lines) if line.endswith(_HEADER)), -1)
    return lines[max(at, 0) : at + 1], lines[at + 1 :]


def _file_of(line: str) -> str:
    found = _FILE.match(line)
    return found[1] if found else ""
