"""What of a damaged store can be read."""

import math
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_dre.model.runs import Attempt
from pytest_dre.store.cells import Cell, Value, cells
from pytest_dre.store.pages import DatabasePages, Header
from pytest_dre.store.rows import ATTEMPT_COLUMNS, RESULT_COLUMNS, attempt_from, attempt_row, readable, result_row
from pytest_dre.store.spending import COUNT_ALL, Amounts, start_from

_RESULT_WIDTHS = (6, 11)  # columns in stores of version 1 and 2
_PAYLOAD = 5
_ATTEMPT_WIDTH = 10


@dataclass(slots=True)
class Findings:
    """What was found and written to the new store so far.

    Attributes:
        header: What the file says that it is.
        other_studies: Studies that the file belongs to, or has results of.
        results: Row ids of the results found.
        seen: Row ids of results of which there is a trace, found or not.
        attempts: Row ids of the failed attempts found.
        spent: (session, agent) → what the ledger said last.
        counted: The last result and attempt that are in it, if that was found.
    """

    header: Header
    other_studies: set[str] = field(default_factory=set)
    results: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    attempts: set[int] = field(default_factory=set)
    spent: dict[tuple[str, str], Amounts] = field(default_factory=dict)
    counted: tuple[int, int] | None = None

    @property
    def lost(self) -> int:
        """How many results are known to be there that cannot be read: they are numbered without gaps.

        The ledger knows of results of which no page is left.
        """
        counted, _ = self.counted or (0, 0)
        last = max([counted, *self.seen, *self.results])
        return last - len(self.results)


def copy_readable(path: Path, log: Path, study_id: str, target: sqlite3.Connection) -> Findings:
    """Copy every row of the damaged store at `path` that can be read to a new one, and return what was found."""
    with DatabasePages(path, log) as pages:
        findings = Findings(pages.header)
        for cell in cells(pages):
            _take(cell, study_id, findings, target)
    start_from(target, findings.spent, findings.counted)
    _close_gaps(target)
    return findings


def _close_gaps(target: sqlite3.Connection) -> None:
    """Number the results anew: what is lost now would be told again if the new store were damaged too."""
    target.execute(
        "CREATE TEMP TABLE numbered AS"
        " SELECT result_id AS found, ROW_NUMBER() OVER (ORDER BY result_id) AS number FROM results"
    )
    target.execute("CREATE INDEX temp.numbered_found ON numbered (found)")
    target.execute("UPDATE results SET result_id = (SELECT number FROM numbered WHERE found = result_id)")
    target.execute("DROP TABLE numbered")
    target.execute(COUNT_ALL)


def _take(cell: Cell, study_id: str, findings: Findings, target: sqlite3.Connection) -> None:
    width = len(cell.values)
    if cell.row_id is None:
        _take_small(cell.values, study_id, findings, target)
    elif width in _RESULT_WIDTHS:
        _take_result(cell.row_id, cell.values, study_id, findings, target)
    elif width == _ATTEMPT_WIDTH and cell.row_id not in findings.attempts:
        _take_attempt(cell.row_id, cell.values, findings, target)


def _take_result(
    row_id: int, values: tuple[Value, ...], study_id: str, findings: Findings, target: sqlite3.Connection
) -> None:
    """Take a result if its columns agree with its content; its spending is computed anew."""
    if row_id in findings.results:
        return
    _, run_id, session_id, fingerprint, status, payload = values[: _PAYLOAD + 1]
    if not (isinstance(run_id, str) and isinstance(session_id, str)):
        return
    findings.seen.add(row_id)
    result = readable(payload)
    if result is None or (result.run_id, result.fingerprint, result.status) != (run_id, fingerprint, status):
        return
    if result.study_id != study_id:
        findings.other_studies.add(str(result.study_id))
        return
    row = (row_id, *result_row(result, session_id))
    if _inserted(target, "results", f"result_id, {RESULT_COLUMNS}", row):
        findings.results.add(row_id)


def _take_attempt(row_id: int, values: tuple[Value, ...], findings: Findings, target: sqlite3.Connection) -> None:
    if not _match(values, (str, str, str | None, str | None, int, str, float | int, int, float | int, str)):
        return
    attempt: Attempt = attempt_from(values)
    row = (row_id, *attempt_row(attempt, str(values[1])))
    if _inserted(target, "attempts", f"rowid, {ATTEMPT_COLUMNS}", row):
        findings.attempts.add(row_id)


def _take_small(values: tuple[Value, ...], study_id: str, findings: Findings, target: sqlite3.Connection) -> None:
    """Take a row of a table without row ids, or learn from an index which results there are."""
    if _match(values, (str, str)):
        if values[0] != "study_id":
            _inserted(target, "stops", "session_id, reason", values)
        elif values[1] != study_id:
            findings.other_studies.add(str(values[1]))
    elif _match(values, (str, int)) or _match(values, (str, str, int)):  # the index of version 1 or 2
        _see(values, findings)
    elif _match(values, (str, str, str)) and values[0] in ("agent", "problem", "runner"):
        _inserted(target, "versions", "kind, id, version", values)
    elif _match(values, (str, str, str, str)):
        _inserted(target, "unstarted", "run_id, session_id, reason, message", values)
    elif _match(values, (int, int, int)) and values[0] == 1:
        findings.counted = values[1:]  # type: ignore[assignment]
    elif _match(values, (str, str, int, int, float | int, int, float | int)):
        session_id, agent_id, *amounts = values
        if all(isinstance(amount, int | float) and 0 <= amount < math.inf for amount in amounts):
            findings.spent[str(session_id), str(agent_id)] = tuple(amounts)  # type: ignore[assignment]


def _see(values: tuple[Value, ...], findings: Findings) -> None:
    findings.seen.update(value for value in values[-1:] if isinstance(value, int))


def _match(values: tuple[Value, ...], kinds: tuple[Any, ...]) -> bool:
    return len(values) == len(kinds) and all(map(isinstance, values, kinds))


def _inserted(target: sqlite3.Connection, table: str, columns: str, row: tuple[Value, ...]) -> bool:
    """Insert the row, in place of an older version of it; return whether it fits the table."""
    marks = ", ".join("?" * len(row))
    try:
        target.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608 - our own names
    except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError):
        return False
    return True
