"""Recording results and reading back those that count."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pytest_dre.encoding import encodable
from pytest_dre.model.runs import Attempt, RunResult, RunStatus
from pytest_dre.store.database import open_database, open_existing
from pytest_dre.store.failures import DamagedStoreError, use_failed, vanished
from pytest_dre.store.ownership import Claim, SessionInfo, claim
from pytest_dre.store.rows import ATTEMPT_COLUMNS, RESULT_COLUMNS, attempt_from, attempt_row, read, result_row
from pytest_dre.store.salvage import Salvaged, salvage
from pytest_dre.store.schema import INDEX_RESULTS
from pytest_dre.store.spending import count, totals
from pytest_dre.store.totals import Means, Totals, Unstarted

# A commit that reaches the disk costs milliseconds: nothing beside a run of this length, much for a trivial one.
SYNCED_FROM_S = 0.1
RUNS_READ_AT_ONCE = 50
COUNTED_AT_ONCE = 50

VersionKey = tuple[str, str]  # ("agent" | "problem" | "runner", id)

_RESULT_VALUES = ", ".join("?" * len(RESULT_COLUMNS.split(",")))
_ATTEMPT_VALUES = ", ".join("?" * len(ATTEMPT_COLUMNS.split(",")))
_INSERT_RESULT = f"INSERT INTO results ({RESULT_COLUMNS}) VALUES ({_RESULT_VALUES})"  # noqa: S608 - our own names


class RunStore:
    """The results of one study. Every process that records opens a store of its own on the same file.

    A recorded result survives the death of any process, whole or not at all; results of runs of 0.1 s and more are
    on the disk before `record` returns, so they survive a power failure too. Every method raises StoreError with what
    to do if the file cannot be read or written; one that writes does so also if the file is not in its place any more.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, study_id: str) -> None:
        self._connection = connection
        self._synced = False
        self._indexed = False
        self._uncounted = 0  # results and attempts of this process that it has not added to the ledger
        self._claim: Claim | None = None
        self._study_id = study_id
        self.path = path
        self._file = str(path)
        self._place = _place(path)

    @classmethod
    def create_or_open(
        cls, path: Path, study_id: str, *, on_salvage: Callable[[Salvaged], None] | None = None
    ) -> "RunStore":
        """Open the store at `path`, creating it and its directory if there is none.

        With `on_salvage`, a store that turns out damaged is replaced by what can be read of it, and what became of it
        is told; without, it is left as it is. Raises StoreError.
        """
        if on_salvage is None:
            return cls(open_database(path, study_id), path, study_id)
        try:
            return cls(open_database(path, study_id, thoroughly=True), path, study_id)
        except DamagedStoreError:
            salvaged = salvage(path, study_id)
        if salvaged is not None:  # else another process did, and tells
            on_salvage(salvaged)
        return cls(open_database(path, study_id), path, study_id)

    @classmethod
    def existing(cls, path: Path, study_id: str) -> "RunStore | None":
        """Open the store at `path`, None if there is none; makes no file."""
        connection = open_existing(path, study_id)
        return None if connection is None else cls(connection, path, study_id)

    def close(self) -> None:
        """Release the claim and close the connection; what was recorded is complete already."""
        if self._uncounted:
            self._count()
        if self._claim is not None:
            self._claim.release()
            self._claim = None
        self._connection.close()

    def claim(self, session: SessionInfo, *, wait_s: float = 60, on_wait: Callable[[str], None] | None = None) -> None:
        """Make the session the one that runs the study, or join it, until `close`. Does nothing the second time.

        Every process of a session claims before it runs anything; the main process first of all, so that others can
        tell whether it lives. If the main process of the session that has the study died, its workers are waited for,
        up to `wait_s` seconds, after telling `on_wait`. Raises RunningElsewhere if another session has it.
        """
        if self._claim is not None:
            return
        with self._failures_told():
            claimed = claim(self._connection, self.path, self._study_id, session, wait_s=wait_s, on_wait=on_wait)
        self._claim = claimed
        self._check_place()

    @property
    def killed_before(self) -> SessionInfo | None:
        """The session that had the study before this one claimed it, if it was killed."""
        return None if self._claim is None else self._claim.killed

    def record(self, result: RunResult, session_id: str) -> None:
        """Store `result` as one transaction. Earlier results of the run are kept, behind it.

        Its spending is that of its last attempt: the attempts before were recorded when they failed.
        """
        self._sync_if_worth_it(result.latency_s)
        self._write(_INSERT_RESULT, result_row(result, session_id))
        self._count_some()

    def record_unless_recorded(self, result: RunResult, session_id: str) -> bool:
        """Store `result` if its run has none of this session yet; return whether it was stored."""
        self._index()
        cursor = self._write(
            f"INSERT INTO results ({RESULT_COLUMNS}) SELECT {_RESULT_VALUES}"  # noqa: S608 - our own names
            " WHERE NOT EXISTS (SELECT 1 FROM results WHERE run_id = ? AND session_id = ?)",
            (*result_row(result, session_id), result.run_id, session_id),
        )
        self._count_some()
        return cursor.rowcount > 0

    def record_attempt(self, attempt: Attempt, session_id: str) -> None:
        """Store a failed attempt at a run that is to be tried again, and add what it came to."""
        self._sync_if_worth_it(attempt.spending.seconds)
        self._write(
            f"INSERT INTO attempts ({ATTEMPT_COLUMNS}) VALUES ({_ATTEMPT_VALUES})",  # noqa: S608 - our own names
            attempt_row(attempt, session_id),
        )
        self._count_some()

    def attempts(self, run_id: str, session_id: str) -> list[Attempt]:
        """Return the failed attempts at a run in one session, in order."""
        rows = self._rows(
            f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE run_id = ? AND session_id = ? ORDER BY rowid",  # noqa: S608
            (run_id, session_id),
        )
        return [attempt_from(row) for row in rows]

    def result(self, run_id: str, fingerprint: str) -> RunResult | None:
        """Return the result of the run that counts: the last with this fingerprint.

        A run that was skipped was not carried out, so it never hides a result.
        """
        return self._result(
            "SELECT payload FROM results WHERE run_id = ? AND fingerprint = ?"
            " ORDER BY status = 'skipped', result_id DESC LIMIT 1",
            (run_id, fingerprint),
        )

    def completed(self, run_id: str, fingerprint: str) -> RunResult | None:
        """Return the run's result if it counts and is a success."""
        stored = self.result(run_id, fingerprint)
        return stored if stored is not None and stored.status is RunStatus.SUCCESS else None

    def latest(self, run_id: str) -> RunResult | None:
        """Return the run's last success with whatever fingerprint, else its last failure, else None."""
        return self._result(
            "SELECT payload FROM results WHERE run_id = ? AND status != 'skipped'"
            " ORDER BY status = 'success' DESC, result_id DESC LIMIT 1",
            (run_id,),
        )

    def results(self, keys: Iterable[tuple[str, str]]) -> Iterator[RunResult]:
        """Yield the results that count of the runs given as (run id, fingerprint), in that order.

        A few dozen runs are read at once, which takes half the time of one query a run; no more are held in memory.
        """
        self._index()
        remaining = iter(keys)
        while chunk := list(islice(remaining, RUNS_READ_AT_ONCE)):
            run_ids = list(dict.fromkeys(run_id for run_id, _ in chunk))
            marks = ", ".join("?" * len(run_ids))
            rows = self._rows(
                f"SELECT run_id, fingerprint, payload FROM results WHERE run_id IN ({marks})"  # noqa: S608
                " ORDER BY status != 'skipped', result_id",
                tuple(run_ids),
            )
            counts = {(run_id, fingerprint): payload for run_id, fingerprint, payload in rows}  # the last row wins
            yield from (self._read(counts[key]) for key in chunk if key in counts)

    def fingerprints(self) -> dict[str, set[str]]:
        """Return the fingerprints that results are stored with, by run id."""
        self._index()
        found: dict[str, set[str]] = {}
        for run_id, fingerprint in self._rows("SELECT DISTINCT run_id, fingerprint FROM results"):
            found.setdefault(run_id, set()).add(fingerprint)
        return found

    def recorded_since(self, last: int) -> list[tuple[int, str, str, str, str]]:
        """Return (number, run id, session id, fingerprint, status) of the results after number `last`, in order."""
        return self._rows(
            "SELECT result_id, run_id, session_id, fingerprint, status FROM results WHERE result_id > ?"
            " ORDER BY result_id",
            (last,),
        )

    def only_before(self, session_id: str) -> set[str]:
        """Return the ids of runs that were carried out, but not in this session: their results are of earlier ones."""
        if self.spending().runs == self.spending(session_id).runs:
            return set()  # the usual case, without a look at thousands of results
        rows = self._rows(
            "SELECT run_id FROM results WHERE status != 'skipped'"
            " EXCEPT SELECT run_id FROM results WHERE status != 'skipped' AND session_id = ?",
            (session_id,),
        )
        return {run_id for (run_id,) in rows}

    def spending(self, session_id: str | None = None, agent_id: str | None = None) -> Totals:
        """Return what was spent, on failed attempts too; in one session or all (None), by one agent or all (None)."""
        with self._failures_told():
            return totals(self._connection, session_id, agent_id)

    def means(self) -> dict[tuple[str | None, str | None], Means]:
        """Return what successful runs came to on average, by (agent, problem); of each run its last success."""
        rows = self._rows(
            "SELECT agent_id, problem_id, COUNT(*), AVG(cost_usd), AVG(tokens), AVG(seconds) FROM results"
            " WHERE result_id IN (SELECT MAX(result_id) FROM results WHERE status = 'success' GROUP BY run_id)"
            " GROUP BY agent_id, problem_id"
        )
        return {(agent_id, problem_id): Means(*means) for agent_id, problem_id, *means in rows}

    def note_unstarted(self, run_id: str, session_id: str, reason: str, message: str) -> None:
        """Note why a run was not started; the last note stands."""
        self._write(
            "INSERT OR REPLACE INTO unstarted (run_id, session_id, reason, message) VALUES (?, ?, ?, ?)",
            (run_id, session_id, reason, encodable(message)),
        )

    def unstarted(self) -> dict[str, Unstarted]:
        """Return the runs that were not started at some time, by run id; some may have been carried out since."""
        rows = self._rows("SELECT run_id, reason, message, session_id FROM unstarted")
        return {run_id: Unstarted(*values) for run_id, *values in rows}

    def unstarted_note(self, run_id: str) -> Unstarted | None:
        """Return the last note on why the run was not started; it may have been carried out since."""
        rows = self._rows("SELECT reason, message, session_id FROM unstarted WHERE run_id = ?", (run_id,))
        return Unstarted(*rows[0]) if rows else None

    def set_versions(self, versions: Mapping[VersionKey, str]) -> None:
        """Note the versions of agents and problems as they are now; results of others are stale."""
        known = self.versions()
        for (kind, name), version in versions.items():
            if known.get((kind, name)) != version:
                self._write("INSERT OR REPLACE INTO versions VALUES (?, ?, ?)", (kind, name, version))

    def versions(self) -> dict[VersionKey, str]:
        """Return the versions last noted."""
        return {(kind, name): version for kind, name, version in self._rows("SELECT * FROM versions")}

    def request_stop(self, session_id: str, reason: str) -> None:
        """Ask all processes of the session to start no further run; the first reason stands."""
        self._write("INSERT OR IGNORE INTO stops VALUES (?, ?)", (session_id, encodable(reason)))

    def stop_reason(self, session_id: str) -> str | None:
        """Return why the session's remaining runs are not to start, None if they are."""
        rows = self._rows("SELECT reason FROM stops WHERE session_id = ?", (session_id,))
        return str(rows[0][0]) if rows else None

    def _result(self, query: str, values: tuple[object, ...]) -> RunResult | None:
        self._index()
        rows = self._rows(query, values)
        return self._read(rows[0][0]) if rows else None

    def _count_some(self) -> None:
        """Keep what the ledger lacks short, so that it is quick to tell, and nothing of it is lost with a page."""
        self._uncounted += 1
        if self._uncounted >= COUNTED_AT_ONCE:
            self._count()

    def _count(self) -> None:
        """Bring the ledger up to date. If that fails, it is behind, no less right, and the results are stored."""
        self._uncounted = 0
        with contextlib.suppress(sqlite3.Error):
            count(self._connection)

    def _index(self) -> None:
        """See that runs are found by an index. Without, on a disk that is full or read-only, it only takes longer."""
        if not self._indexed:
            self._indexed = True
            with self._failures_told(), contextlib.suppress(sqlite3.OperationalError):
                self._connection.execute(INDEX_RESULTS)

    def _read(self, payload: str | bytes) -> RunResult:
        try:
            return read(payload)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedStoreError(self.path, "a result in it cannot be read") from error

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        try:  # no context manager: each of thousands of results is read through here
            return self._connection.execute(query, values).fetchall()
        except (OSError, sqlite3.Error) as error:
            raise use_failed(self.path, error) from error

    def _write(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            cursor = self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self._check_place()
            raise use_failed(self.path, error) from error
        self._check_place()
        return cursor

    def _sync_if_worth_it(self, seconds: float | None) -> None:
        worth = (seconds or 0.0) >= SYNCED_FROM_S
        if worth != self._synced:
            with self._failures_told():
                self._connection.execute(f"PRAGMA synchronous = {'FULL' if worth else 'NORMAL'}")
            self._synced = worth

    def _check_place(self) -> None:
        if _place(self._file) != self._place:
            raise vanished(self.path)

    @contextlib.contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise use_failed(self.path, error) from error


def _place(path: str | Path) -> tuple[int, int] | None:
    """Return what tells the file at `path` from another one there, None if there is none."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - a third of the time of Path.stat, once a run
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
