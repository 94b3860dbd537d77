"""Recording results and reading back those that count."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from pytest_dre.errors import StoreError
from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.store.database import open_database, open_existing

# A commit that reaches the disk costs milliseconds: nothing beside a run of this length, much for a trivial one.
SYNCED_FROM_S = 0.1

VersionKey = tuple[str, str]  # ("agent" | "problem" | "runner", id)


class RunStore:
    """The results of one study. Every process that records opens a store of its own on the same file.

    A recorded result survives the death of any process, whole or not at all; results of runs of 0.1 s and more are
    on the disk before `record` returns, so they survive a power failure too.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._synced = False
        self.path = path

    @classmethod
    def create_or_open(cls, path: Path, study_id: str) -> "RunStore":
        """Open the store at `path`, creating it and its directory if there is none."""
        return cls(open_database(path, study_id), path)

    @classmethod
    def existing(cls, path: Path, study_id: str) -> "RunStore | None":
        """Open the store at `path`, None if there is none; writes nothing."""
        connection = open_existing(path, study_id)
        return None if connection is None else cls(connection, path)

    def close(self) -> None:
        """Close the connection; what was recorded is complete already."""
        self._connection.close()

    def record(self, result: RunResult, session_id: str) -> None:
        """Store `result` as one transaction. Earlier results of the run are kept, behind it."""
        self._sync_if_worth_it(result)
        self._execute(
            "INSERT INTO results (run_id, session_id, fingerprint, status, payload) VALUES (?, ?, ?, ?, ?)",
            _row(result, session_id),
        )

    def record_unless_recorded(self, result: RunResult, session_id: str) -> bool:
        """Store `result` if its run has none of this session yet; return whether it was stored."""
        cursor = self._execute(
            "INSERT INTO results (run_id, session_id, fingerprint, status, payload)"
            " SELECT ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM results WHERE run_id = ? AND session_id = ?)",
            (*_row(result, session_id), result.run_id, session_id),
        )
        return cursor.rowcount > 0

    def result(self, run_id: str, fingerprint: str) -> RunResult | None:
        """Return the result of the run that counts: the last with this fingerprint.

        A run that was skipped was not carried out, so it never hides a result.
        """
        row = self._execute(
            "SELECT payload FROM results WHERE run_id = ? AND fingerprint = ?"
            " ORDER BY status = 'skipped', result_id DESC LIMIT 1",
            (run_id, fingerprint),
        ).fetchone()
        return None if row is None else RunResult.from_dict(_read(row[0]))

    def completed(self, run_id: str, fingerprint: str) -> RunResult | None:
        """Return the run's result if it counts and is a success."""
        stored = self.result(run_id, fingerprint)
        return stored if stored is not None and stored.status is RunStatus.SUCCESS else None

    def results(self, keys: Iterable[tuple[str, str]]) -> Iterator[RunResult]:
        """Yield the results that count of the runs given as (run id, fingerprint), in that order, one at a time."""
        for run_id, fingerprint in keys:
            stored = self.result(run_id, fingerprint)
            if stored is not None:
                yield stored

    def fingerprints(self) -> dict[str, set[str]]:
        """Return the fingerprints that results are stored with, by run id."""
        found: dict[str, set[str]] = {}
        for run_id, fingerprint in self._execute("SELECT DISTINCT run_id, fingerprint FROM results"):
            found.setdefault(run_id, set()).add(fingerprint)
        return found

    def only_before(self, session_id: str) -> set[str]:
        """Return the ids of runs that were carried out, but not in this session: their results are of earlier ones."""
        rows = self._execute(
            "SELECT run_id FROM results WHERE status != 'skipped'"
            " EXCEPT SELECT run_id FROM results WHERE status != 'skipped' AND session_id = ?",
            (session_id,),
        )
        return {run_id for (run_id,) in rows}

    def set_versions(self, versions: Mapping[VersionKey, str]) -> None:
        """Note the versions of agents and problems as they are now; results of others are stale."""
        known = self.versions()
        changed = [(*key, version) for key, version in versions.items() if known.get(key) != version]
        if changed:
            self._connection.executemany("INSERT OR REPLACE INTO versions VALUES (?, ?, ?)", changed)

    def versions(self) -> dict[VersionKey, str]:
        """Return the versions last noted."""
        return {(kind, name): version for kind, name, version in self._execute("SELECT * FROM versions")}

    def request_stop(self, session_id: str, reason: str) -> None:
        """Ask all processes of the session to start no further run; the first reason stands."""
        self._execute("INSERT OR IGNORE INTO stops VALUES (?, ?)", (session_id, reason))

    def stop_reason(self, session_id: str) -> str | None:
        """Return why the session's remaining runs are not to start, None if they are."""
        row = self._execute("SELECT reason FROM stops WHERE session_id = ?", (session_id,)).fetchone()
        return None if row is None else str(row[0])

    def _sync_if_worth_it(self, result: RunResult) -> None:
        worth = (result.latency_s or 0.0) >= SYNCED_FROM_S
        if worth != self._synced:
            self._execute(f"PRAGMA synchronous = {'FULL' if worth else 'NORMAL'}")
            self._synced = worth

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise StoreError(f"the run store {self.path} failed: {error}; nothing stored before is lost") from error


def _row(result: RunResult, session_id: str) -> tuple[str, str, str, str, str]:
    return (result.run_id, session_id, result.fingerprint, str(result.status), _written(result))


def _written(result: RunResult) -> str:
    """Return the result as JSON, NaN and infinities included; pydantic's writer takes a fifth of json's time."""
    data = result.to_dict()
    try:
        return to_json(data, inf_nan_mode="constants").decode()
    except ValueError:  # text that UTF-8 cannot hold: json escapes it
        return json.dumps(data)


def _read(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:  # the escapes of such text
        return json.loads(text)
