"""Damage to files between sessions, drawn from a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kill_lab import MODES, Lab

PAGE_BYTES = 4096
LASTFAILED = Path(".pytest_cache/v/cache/lastfailed")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to a folder.

    Attributes:
        harm: Does it, to the output directory and the folder of a laboratory.
        killed: Whether it is done after a session that was killed: only then is there a write-ahead log.
        harms_store: Whether the store is damaged beyond doubt: results may be gone, the file must be kept aside.
        loses_results: Whether results may be gone.
    """

    harm: Callable[[random.Random, Lab, str], None]
    killed: bool = False
    harms_store: bool = False
    loses_results: bool = False


@dataclass(frozen=True, slots=True)
class FilePoint:
    """One fault, in the files of one study, before one session."""

    seed: int
    name: str
    mode: str
    study: str

    @property
    def fault(self) -> Fault:
        return FAULTS[self.name]

    def harm(self, lab: Lab) -> None:
        self.fault.harm(random.Random(self.seed), lab, self.study)

    def __str__(self) -> str:
        """Return the id of the test that repeats it."""
        return f"{self.seed}-{self.mode}-{self.name}-{self.study}"


def file_point(seed: int) -> FilePoint:
    """Return the fault of a seed; following seeds differ in kind, and go round the modes."""
    draw = random.Random(seed)
    name = list(FAULTS)[seed % len(FAULTS)]
    mode = list(MODES)[(seed + seed // len(FAULTS)) % len(MODES)]
    return FilePoint(seed, name, mode, "first" if FAULTS[name].killed else draw.choice(("first", "second")))


def store_of(lab: Lab, study: str) -> Path:
    return lab.directory(study) / "store.sqlite"


def _truncate_store(draw: random.Random, lab: Lab, study: str) -> None:
    _truncate(draw, store_of(lab, study))


def _zero_page(draw: random.Random, lab: Lab, study: str) -> None:
    _overwrite_page(draw, store_of(lab, study), bytes(PAGE_BYTES))


def _garbage_page(draw: random.Random, lab: Lab, study: str) -> None:
    _overwrite_page(draw, store_of(lab, study), draw.randbytes(PAGE_BYTES))


def _garbage_store(draw: random.Random, lab: Lab, study: str) -> None:
    store_of(lab, study).write_bytes(draw.randbytes(draw.randrange(1, 3 * PAGE_BYTES)))


def _log_lost(draw: random.Random, lab: Lab, study: str) -> None:
    _log_of(lab, study).unlink()


def _log_truncated(draw: random.Random, lab: Lab, study: str) -> None:
    _truncate(draw, _log_of(lab, study))


def _log_overwritten(draw: random.Random, lab: Lab, study: str) -> None:
    _overwrite_page(draw, _log_of(lab, study), draw.randbytes(PAGE_BYTES))


def _store_lost(draw: random.Random, lab: Lab, study: str) -> None:
    store_of(lab, study).unlink()


def _store_overwritten_after_kill(draw: random.Random, lab: Lab, study: str) -> None:
    _overwrite_page(draw, store_of(lab, study), draw.randbytes(PAGE_BYTES))


def _garbage_cache(draw: random.Random, lab: Lab, study: str) -> None:
    (lab.path / LASTFAILED).write_bytes(draw.randbytes(draw.randrange(1, 200)))


def _cache_truncated(draw: random.Random, lab: Lab, study: str) -> None:
    _truncate(draw, lab.path / LASTFAILED)


def _manifest_truncated(draw: random.Random, lab: Lab, study: str) -> None:
    _truncate(draw, lab.directory(study) / "manifest.json")


def _table_truncated(draw: random.Random, lab: Lab, study: str) -> None:
    _truncate(draw, lab.directory(study) / draw.choice(("runs.csv", "events.csv", "conditions.csv", "evaluations.csv")))


FAULTS = {
    "store-truncated": Fault(_truncate_store, harms_store=True, loses_results=True),
    "log-lost": Fault(_log_lost, killed=True, loses_results=True),
    "cache-garbage": Fault(_garbage_cache, killed=True),
    "page-zeroed": Fault(_zero_page, harms_store=True, loses_results=True),
    "manifest-truncated": Fault(_manifest_truncated),
    "page-garbage": Fault(_garbage_page, harms_store=True, loses_results=True),
    "log-truncated": Fault(_log_truncated, killed=True, loses_results=True),
    "table-truncated": Fault(_table_truncated),
    "store-garbage": Fault(_garbage_store, harms_store=True, loses_results=True),
    "log-garbage": Fault(_log_overwritten, killed=True, loses_results=True),
    "cache-truncated": Fault(_cache_truncated, killed=True),
    "store-lost-log-left": Fault(_store_lost, killed=True, loses_results=True),
    "page-garbage-log-left": Fault(_store_overwritten_after_kill, killed=True, loses_results=True),
}


def _log_of(lab: Lab, study: str) -> Path:
    return lab.directory(study) / "store.sqlite-wal"


def _truncate(draw: random.Random, file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: draw.randrange(len(data))])


def _overwrite_page(draw: random.Random, file: Path, page: bytes) -> None:
    data = file.read_bytes()
    start = PAGE_BYTES * draw.randrange(-(-len(data) // PAGE_BYTES))
    file.write_bytes((data[:start] + page + data[start + PAGE_BYTES :])[: len(data)])
