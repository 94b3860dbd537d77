"""Files made aside and moved into place together, so that a failure leaves what was there."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PREFIX = ".dre-export-"
_ABANDONED_AFTER_S = 24 * 3600.0


@contextmanager
def staging_directory(directory: Path) -> Iterator[Path]:
    """Give a new directory inside `directory`, hence on the same file system, and remove it at the end.

    Those of exports that were killed more than a day ago are removed as well.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for leftover in directory.glob(f"{_PREFIX}*"):
        if _age_s(leftover) > _ABANDONED_AFTER_S:
            shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=directory))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def publish(staging: Path, directory: Path, names: Sequence[str]) -> None:
    """Move the files into `directory`, in that order, each at once over an older one of its name."""
    for name in names:
        os.replace(staging / name, directory / name)  # noqa: PTH105 (atomic on every platform)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # another export has just removed it
        return 0.0
