"""Measures the plugin against its limits: `python benchmarks/run.py [--quick] [--repeats N] [name …]`."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import flat_cost
import idle_session
import judging
import many_runs
import two_cores
from figures import Figure, table
from measuring import SessionFailed
from projects import StudyProject, TestProject

BENCHMARKS: dict[str, Callable[[Path, int, float], list[Figure]]] = {
    "idle": idle_session.measure,
    "many": many_runs.measure,
    "flat": flat_cost.measure,
    "cores": two_cores.measure,
    "judging": judging.measure,
}
QUICK_SCALE = 0.1


def main() -> int:
    """Run the named benchmarks, all by default; exit with 1 if a limit is broken."""
    options = _options()
    repeats, scale = (1, QUICK_SCALE) if options.quick else (options.repeats, 1.0)
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, best of {repeats}")
    figures: list[Figure] = []
    _compile_modules()
    for name in options.names or BENCHMARKS:
        before = _load()
        with tempfile.TemporaryDirectory(prefix="dre-benchmark-") as directory:
            measured = BENCHMARKS[name](Path(directory), repeats, scale)
        print(f"\n{name} (load average {before} before, {_load()} after)")
        print("\n".join(table(measured)), flush=True)
        figures += measured
    broken = [figure.name for figure in figures if not figure.holds]
    print(f"\n{len(figures) - len(broken)} of {len(figures)} limits kept")
    if broken:
        print(f"broken: {'; '.join(broken)}")
    return 1 if broken else 0


def _compile_modules() -> None:
    """Run a small study and one test first: no measurement is to include the compilation of modules."""
    with tempfile.TemporaryDirectory(prefix="dre-benchmark-") as directory:
        StudyProject(Path(directory, "study"), 10).run("-n", "2")
        TestProject(Path(directory, "tests"), 1).run(autoload=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each side (default: 3)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, once: a look, no verdict to cite")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    for name in options.names:
        if name not in BENCHMARKS:
            parser.error(f"unknown benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    return options


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SessionFailed as failure:
        sys.exit(f"a measured session failed, so there are no figures:\n{failure}")
