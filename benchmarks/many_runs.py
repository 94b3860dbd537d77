"""Runs of a trivial agent, artifacts included, against as many parametrized tests that do nothing."""

from functools import partial
from pathlib import Path

from figures import Figure, ratio
from measuring import alternate
from projects import StudyProject, TestProject

RUNS = 10_000
WALL_LIMIT = 1.5
MEMORY_LIMIT = 2.5


def measure(directory: Path, repeats: int, scale: float) -> list[Figure]:
    """Return the ratios of wall time and of the parent process's peak memory, in one process and with two workers."""
    count = int(RUNS * scale)
    study, tests = StudyProject(directory / "study", count), TestProject(directory / "tests", count)
    figures = []
    for workers in ("0", "2"):
        ours, bare = alternate(
            partial(study.run, "-n", workers), partial(tests.run_as_yardstick, "-n", workers), repeats
        )
        title = f"{count:,} runs, -n {workers}"
        figures += [
            ratio(f"{title}: time", ours, bare, lambda sample: sample.wall_s, limit=WALL_LIMIT, unit="s"),
            ratio(
                f"{title}: memory", ours, bare, lambda sample: sample.peak_kib / 1024, limit=MEMORY_LIMIT, unit="MiB"
            ),
        ]
    return figures
