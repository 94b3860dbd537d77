"""Replacing a damaged store by what can be read of it; the damaged file is kept aside as it was."""

import contextlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pytest_dre.errors import StoreError
from pytest_dre.store.database import (
    BUSY_TIMEOUT_S,
    build,
    link_into_place,
    open_present,
    remove_temporary,
    salvage_lock,
    temporary_beside,
)
from pytest_dre.store.failures import DamagedStoreError
from pytest_dre.store.findings import Findings, copy_readable
from pytest_dre.store.health import interrupted_salvage, newer, not_ours, of_another_study
from pytest_dre.store.locks import alone
from pytest_dre.store.ownership import live_session
from pytest_dre.store.schema import APPLICATION_ID, STORE_VERSION
from pytest_dre.store.transactions import immediate

_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a damaged store.

    Attributes:
        path: The store, whole again.
        kept: Where the damaged file is now; its write-ahead log, if it had one, is beside it.
        damage: What was wrong with it.
        results: How many results were read, earlier ones of a run included.
        attempts: How many failed attempts were read.
        lost: How many results are known to be there that could not be read; there may be more.
    """

    path: Path
    kept: Path
    damage: str
    results: int
    attempts: int
    lost: int

    @property
    def lost_hint(self) -> str:
        """What is gone, as a sentence."""
        if not self.lost:
            return "none is known to be lost"
        what = "1 result is" if self.lost == 1 else f"{self.lost} results are"
        return f"{what} lost, whose runs count as not carried out"

    def __str__(self) -> str:
        return (
            f"the run store {self.path} was damaged ({self.damage}): {self.results} results were salvaged,"
            f" {self.lost_hint}; the damaged file is kept as {self.kept.name}"
        )


def salvage(path: Path, study_id: str) -> Salvaged | None:
    """Replace the damaged store at `path`; None if it is whole, because another process has just done so.

    Raises StoreError if it belongs to another study, program or release, or to a session that still runs.
    """
    try:
        with alone(salvage_lock(path), BUSY_TIMEOUT_S):
            damage = _damage(path, study_id)
            if damage is None:
                return None
            if live_session(path):
                raise StoreError(
                    f"the run store {path} is damaged ({damage}), and a session that uses it still runs;"
                    " wait for it to end, or stop it, then run the study again: what is readable is salvaged"
                )
            return _replace(path, study_id, damage)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"the run store {path} is damaged, and what is readable cannot be salvaged: {error};"
            " check the output directory and its free space; the damaged file is left as it is"
        ) from error


def _damage(path: Path, study_id: str) -> str | None:
    try:
        open_present(path, study_id, thoroughly=True).close()
    except DamagedStoreError as error:
        return error.detail
    return None


def _replace(path: Path, study_id: str, damage: str) -> Salvaged:
    kept = interrupted_salvage(path) or _free_name(path)
    temporary = temporary_beside(path)
    try:
        log = _beside(path, "-wal")
        found = _fill(temporary, path, log if log.exists() else _beside(kept, "-wal"), study_id)
        _put_aside(path, kept)
        if path.exists():
            temporary.replace(path)
        else:
            link_into_place(temporary, path)
    finally:
        remove_temporary(temporary)
    remains = kept if kept.exists() else _beside(kept, "-wal")
    return Salvaged(path, remains, damage, len(found.results), len(found.attempts), found.lost)


def _fill(temporary: Path, path: Path, log: Path, study_id: str) -> Findings:
    """Make the new store. Raises StoreError if the damaged one is not the study's."""
    with contextlib.closing(build(temporary, study_id)) as target:
        with immediate(target):
            found = copy_readable(path, log, study_id, target)
            _refuse_what_is_not_ours(found, path, study_id)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return found


def _refuse_what_is_not_ours(found: Findings, path: Path, study_id: str) -> None:
    application, version = found.header.application_id, found.header.user_version
    if application not in (0, APPLICATION_ID):
        raise not_ours(path)
    if application == APPLICATION_ID and version > STORE_VERSION:
        raise newer(path, version)
    if found.other_studies and not found.results:
        raise of_another_study(path, min(found.other_studies), study_id)


def _put_aside(path: Path, kept: Path) -> None:
    """Give the damaged file its second name while it has the first: at no moment is there no store."""
    if path.exists() and not kept.exists():
        try:
            os.link(path, kept)
        except OSError:  # no hard links here
            copy = temporary_beside(kept)
            shutil.copy2(path, copy)
            copy.rename(kept)
    for suffix in _BESIDE:
        if _beside(path, suffix).exists():
            _beside(path, suffix).rename(_beside(kept, suffix))


def _free_name(path: Path) -> Path:
    stamp, number = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), 1
    while True:
        more = f"-{number}" if number > 1 else ""
        name = path.with_name(f"{path.stem}.damaged-{stamp}{more}{path.suffix}")
        if not any(_beside(name, suffix).exists() for suffix in ("", *_BESIDE)):
            return name
        number += 1


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}{suffix}")
