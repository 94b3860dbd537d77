"""What the plugin adds to a session without studies."""

import statistics
import sys
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

from figures import Figure
from measuring import DRE, alternate
from projects import TestProject

SESSIONS = 25
LIMIT_MS = 5.0
OWN = frozenset(("pytest_dre", "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"))


def measure(directory: Path, repeats: int, scale: float) -> list[Figure]:
    """Return the milliseconds added (median of the differences of alternating sessions) and the foreign modules."""
    tests = TestProject(directory / "tests", 1)
    modules = _modules_added(tests)
    # A plugin named with -p is searched for in every installed distribution, so all others are blocked instead.
    others = [
        part for plugin in entry_points(group="pytest11") if plugin.name != "dre" for part in _blocking(plugin.name)
    ]
    with_it = partial(tests.run, *others, autoload=True)
    without = partial(tests.run, *others, *_blocking("dre"), autoload=True)
    sessions = max(5, int(SESSIONS * repeats / 3 * min(1.0, scale * 4)))
    ours, bare = alternate(with_it, without, sessions)
    added = [(mine.session_s - other.session_s) * 1e3 for mine, other in zip(ours, bare, strict=True)]
    on_cpu = [(mine.session_cpu_s - other.session_cpu_s) * 1e3 for mine, other in zip(ours, bare, strict=True)]
    foreign = sorted(name for name in modules if name.partition(".")[0] not in OWN | sys.stdlib_module_names)
    return [
        Figure(
            "no study: time added",
            statistics.median(added),
            LIMIT_MS,
            unit="ms",
            detail=f"median of {sessions} pairs; processor time {statistics.median(on_cpu):.2f} ms",
        ),
        Figure(
            "no study: foreign modules",
            len(foreign),
            0,
            unit="",
            detail=", ".join(foreign) or f"imported beyond bare pytest: {', '.join(sorted(modules))}",
        ),
    ]


def _blocking(name: str) -> tuple[str, str]:
    return ("-p", f"no:{name}")


def _modules_added(tests: TestProject) -> frozenset[str]:
    """Return what a session with the plugin imports beyond one with no plugin at all."""
    return tests.run(*DRE).modules - tests.run().modules
