"""One pytest session in a process of its own, measured."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")
XDIST, TIMEOUT, DRE = ("-p", "xdist"), ("-p", "pytest_timeout"), ("-p", "pytest_dre.plugin")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one session took.

    Attributes:
        wall_s: Seconds from starting the process to its end, import and shutdown included.
        cpu_s: Processor seconds of the process and its workers.
        session_s, session_cpu_s: Seconds and processor seconds inside `pytest.main`, of the parent process.
        peak_kib: Peak resident memory of the parent process.
        modules: What the parent process had imported.
    """

    wall_s: float
    cpu_s: float
    session_s: float
    session_cpu_s: float
    peak_kib: float
    modules: frozenset[str]


class SessionFailed(Exception):
    """A session that is measured must pass."""


def run_session(directory: Path, arguments: Sequence[str], *, autoload: bool = False) -> Sample:
    """Run pytest in `directory` and return what it took. Raises SessionFailed with its output unless it passed.

    Only the plugins that `arguments` name are loaded, whatever else is installed; with `autoload` all installed ones.
    """
    with tempfile.TemporaryDirectory() as scratch:
        figures, output = Path(scratch, "figures.json"), Path(scratch, "output.txt")
        command = [sys.executable, str(LAUNCHER), str(figures), "-q", *arguments]
        with output.open("wb") as stream:
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=directory, env=_environment(autoload), stdout=stream, stderr=stream)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SessionFailed(
                f"{' '.join(arguments)} in {directory}:\n{output.read_text('utf-8', 'replace')[-4000:]}"
            )
        inside = json.loads(figures.read_text("utf-8"))
    modules = frozenset(inside.pop("modules"))
    return Sample(wall_s=wall, cpu_s=usage.ru_utime + usage.ru_stime, modules=modules, **inside)


def _environment(autoload: bool) -> dict[str, str]:
    """Return the environment of a session: compiled modules are kept, as they are on users' machines."""
    ours = {
        "PYTHONHASHSEED": "0",
        "PYTEST_ADDOPTS": "",
        **({} if autoload else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    }
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **ours}


def alternate(
    ours: Callable[[], Sample], yardstick: Callable[[], Sample], repeats: int
) -> tuple[list[Sample], list[Sample]]:
    """Measure both sides in turn, so that a change in the machine's load meets both."""
    pairs = []
    for index in range(repeats):
        order = (ours, yardstick) if index % 2 else (yardstick, ours)
        samples = {side: side() for side in order}
        pairs.append((samples[ours], samples[yardstick]))
    return [mine for mine, _ in pairs], [other for _, other in pairs]
