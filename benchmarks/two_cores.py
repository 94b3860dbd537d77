"""Runs that keep a processor busy: two workers against one process."""

import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from figures import Figure
from measuring import alternate
from projects import StudyProject

RUNS = 100
RUN_S = 0.2
LIMIT = 1.7

_LOOP = """\
import sys, time
def loop(rounds, size=3):
    total = 0
    for number in range(rounds):
        total += number & size
start = time.process_time()
loop(int(sys.argv[1]))
print(time.process_time() - start)
"""


def measure(directory: Path, repeats: int, scale: float) -> list[Figure]:
    """Return how many times faster two workers are; the machine's own speed-up, of two bare loops, stands beside."""
    runs, rounds = max(20, int(RUNS * scale)), _rounds_of(RUN_S)
    study = StudyProject(directory / "study", runs, rounds=rounds)
    two, one = alternate(partial(study.run, "-n", "2"), partial(study.run, "-n", "0"), repeats)
    ours, alone = [sample.wall_s for sample in two], [sample.wall_s for sample in one]
    machine = f"bare loops in two processes {_machine(rounds):.2f} ×"
    return [
        Figure(
            f"{runs} runs of {RUN_S} s: -n 2 against -n 0",
            min(alone) / min(ours),
            LIMIT,
            at_least=True,
            median=statistics.median(alone) / statistics.median(ours),
            detail=f"{min(ours):.2f} s against {min(alone):.2f} s; {machine}",
        )
    ]


def _rounds_of(seconds: float) -> int:
    """Return how many rounds of the agent's loop take this much processor time."""
    rounds = 1_000_000
    best = min(float(subprocess.check_output(_loop(rounds))) for _ in range(5))
    return int(rounds * seconds / best)


def _machine(rounds: int) -> float:
    """Return how much faster this machine goes through the loop in two processes at once than in one."""
    rounds *= 10
    start = time.perf_counter()
    subprocess.run(_loop(rounds), check=True, stdout=subprocess.DEVNULL)
    alone = time.perf_counter() - start
    start = time.perf_counter()
    both = [subprocess.Popen(_loop(rounds), stdout=subprocess.DEVNULL) for _ in range(2)]
    for process in both:
        process.wait()
    return 2 * alone / (time.perf_counter() - start)


def _loop(rounds: int) -> list[str]:
    return [sys.executable, "-c", _LOOP, str(rounds)]
