"""The cost of a run in a large study against that in a small one, planning and export included."""

import statistics
from functools import partial
from pathlib import Path

from figures import Figure
from measuring import alternate
from projects import StudyProject

SMALL, LARGE = 5_000, 50_000
LIMIT = 1.3


def measure(directory: Path, repeats: int, scale: float) -> list[Figure]:
    """Return the ratio of wall time per run; nothing is subtracted."""
    small, large = int(SMALL * scale), int(LARGE * scale)
    few, many = StudyProject(directory / "few", small), StudyProject(directory / "many", large)
    of_many, of_few = alternate(partial(many.run, "-n", "0"), partial(few.run, "-n", "0"), repeats)
    ours, theirs = [sample.wall_s / large for sample in of_many], [sample.wall_s / small for sample in of_few]
    return [
        Figure(
            f"{large:,} runs against {small:,}: time a run",
            min(ours) / min(theirs),
            LIMIT,
            median=statistics.median(ours) / statistics.median(theirs),
            detail=f"{min(ours) * 1e3:.3f} ms against {min(theirs) * 1e3:.3f} ms",
        )
    ]
