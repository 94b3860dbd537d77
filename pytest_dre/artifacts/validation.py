"""Whether an artifact directory is whole: files, columns, ids, JSON cells and checksums."""

import csv
import hashlib
import json
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from pytest_dre.artifacts.csvfile import large_fields, read_rows
from pytest_dre.artifacts.manifest import REQUIRED_KEYS
from pytest_dre.artifacts.schema import (
    ANALYSIS_PLAN_FILE,
    CANONICAL_FILES,
    CONDITIONS,
    EVALUATIONS,
    EVENTS,
    HYPOTHESES_FILE,
    MANIFEST_FILE,
    OUTCOMES,
    OWN_FILES,
    RUNS,
    TABLES,
    Table,
)

_SHOWN_PER_TABLE = 10
_STATUS = RUNS.index("status")
_EMPTY_JSON = frozenset(("{}", "[]"))  # half of all JSON cells: they need no parser


@dataclass(slots=True)
class _Seen:
    """What the tables checked so far hold."""

    condition_ids: set[str] = field(default_factory=set)
    run_ids: set[str] = field(default_factory=set)
    outcome_ids: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)


def validate_export(directory: Path) -> list[str]:
    """Return what is wrong with the artifacts in `directory`, each with its file; nothing if they are whole.

    Checked: that all canonical files are there, their SHA-256 and row counts against the manifest, the manifest's
    required keys, each table's header, the length of its rows, its JSON cells, and that runs and outcomes name known
    conditions, events and evaluations known runs. At most ten problems a table are named. Outcome tables, which other
    exports do not have, are checked if they or their checksums are there.
    """
    missing = [name for name in CANONICAL_FILES if not (directory / name).is_file()]
    if missing:
        return [f"{name}: the file is missing" for name in missing]
    manifest, problems = _read_json(directory / MANIFEST_FILE)
    if manifest is not None:
        problems += _manifest_problems(manifest)
    for name in (HYPOTHESES_FILE, ANALYSIS_PLAN_FILE):
        problems += _read_json(directory / name)[1]
    seen = _Seen()
    with large_fields():
        for table in TABLES:
            problems += _first(_table_problems(directory, table, seen))
        if (directory / OUTCOMES.file).is_file():
            problems += _first(_table_problems(directory, OUTCOMES, seen))
            problems += _first(_without_outcomes(seen))
    if manifest is not None and not _manifest_problems(manifest):
        problems += _contradictions(directory, manifest, seen)
    return problems


def _read_json(path: Path) -> tuple[Any, list[str]]:
    try:
        return json.loads(path.read_text("utf-8")), []
    except (ValueError, RecursionError) as error:
        return None, [f"{path.name}: it is no JSON ({error})"]


def _manifest_problems(manifest: Any) -> list[str]:
    if not isinstance(manifest, dict):
        return [f"{MANIFEST_FILE}: it must hold an object"]
    problems = []
    for key, kind in REQUIRED_KEYS.items():
        if key not in manifest:
            problems.append(f"{MANIFEST_FILE}: the key {key!r} is missing")
        elif not isinstance(manifest[key], kind):
            problems.append(f"{MANIFEST_FILE}: the key {key!r} must hold a {kind.__name__}")
    return problems


def _contradictions(directory: Path, manifest: dict[str, Any], seen: _Seen) -> Iterator[str]:
    """Yield where the files differ from what the manifest says."""
    for name in (*CANONICAL_FILES, *OWN_FILES):
        if name != MANIFEST_FILE:
            yield from _file_contradictions(directory / name, manifest["files"].get(name), seen)
    for name in sorted(manifest["files"].keys() - {*CANONICAL_FILES, *OWN_FILES}):
        yield f"{MANIFEST_FILE}: it vouches for {name!r}, which is no file of a study's artifacts"
    runs = seen.rows.get(RUNS.file)
    counted = sum(count for count in manifest["status_counts"].values() if isinstance(count, int))
    for key, number in (("run_count", manifest["run_count"]), ("status_counts", counted)):
        if runs is not None and number != runs:
            yield f"{MANIFEST_FILE}: {key} says {number} runs, {RUNS.file} has {runs}"
    if counted == runs:
        for status in sorted(seen.statuses.keys() | manifest["status_counts"].keys()):
            said, found = manifest["status_counts"].get(status, 0), seen.statuses[status]
            if said != found:
                yield f"{MANIFEST_FILE}: status_counts says {said} {status}, {RUNS.file} has {found}"


def _file_contradictions(path: Path, record: object, seen: _Seen) -> Iterator[str]:
    name = path.name
    if name in OWN_FILES and not path.is_file():
        if record is not None:
            yield f"{name}: the file is missing"
        return
    if not isinstance(record, dict):
        yield f"{name}: the manifest has no checksum of it"
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if record.get("sha256") != digest:
        yield f"{name}: its SHA-256 is not the manifest's; the file was changed or damaged after the export"
    if name in seen.rows and record.get("rows") != seen.rows[name]:
        yield f"{name}: it has {seen.rows[name]} rows, the manifest says {record.get('rows')}"


def _without_outcomes(seen: _Seen) -> Iterator[str]:
    for run_id in sorted(seen.run_ids - seen.outcome_ids):
        yield f"{OUTCOMES.file}: the run {run_id!r} is missing"


def _first(problems: Iterator[str]) -> list[str]:
    found = list(islice(problems, _SHOWN_PER_TABLE))
    if len(found) == _SHOWN_PER_TABLE:
        deque(problems, maxlen=0)  # its ids and rows count all the same
    return found


def _table_problems(directory: Path, table: Table, seen: _Seen) -> Iterator[str]:
    """Yield a table's problems, and note its ids and rows in `seen`."""
    rows = read_rows(directory / table.file)
    count = 0
    try:
        header = next(rows, [])
        required = list(table.header[: table.required])
        if header[: table.required] != required:
            yield f"{table.file}: its first columns must be {', '.join(required)}"
            return
        check = _RowCheck(table, header, seen)
        for row in rows:
            count += 1
            yield from check.problems(row, count)
            if table is RUNS and len(row) > _STATUS:
                seen.statuses[row[_STATUS]] += 1
    except (csv.Error, UnicodeDecodeError) as error:
        yield f"{table.file}: it is no CSV in UTF-8, after row {count} ({error})"
        return
    seen.rows[table.file] = count


class _RowCheck:
    """Checks rows of one table; what does not change from row to row is worked out once."""

    def __init__(self, table: Table, header: Sequence[str], seen: _Seen) -> None:
        self.file = table.file
        self.width = len(header)
        kinds = {column.name: column.kind for column in table.columns}
        self.json_columns = [(i, name) for i, name in enumerate(header) if kinds.get(name) == "json"]
        own, self.references = _identities(table, seen)
        self.own = own

    def problems(self, row: Sequence[str], number: int) -> Iterator[str]:
        """Yield what is wrong with a row (numbered from 1)."""
        place = f"{self.file}: row {number}"
        if len(row) != self.width:
            yield f"{place}: it has {len(row)} cells, the header {self.width}"
            return
        for index, name in self.json_columns:
            if row[index] in _EMPTY_JSON:
                continue
            if not _is_json(row[index]):
                yield f"{place}: {name} is no JSON"
        for index, known, what in self.references:
            if row[index] not in known:
                yield f"{place}: there is no {what} {row[index]!r}"
        if self.own is not None:
            index, ids, what = self.own
            if row[index] in ids:
                yield f"{place}: the {what} {row[index]!r} comes twice"
            ids.add(row[index])


def _is_json(text: str) -> bool:
    try:
        from_json(text)
    except ValueError:  # escapes of what UTF-8 cannot hold, which json reads
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
    return True


_Identity = tuple[int, set[str], str]


def _identities(table: Table, seen: _Seen) -> tuple[_Identity | None, list[_Identity]]:
    """Return which column of a table must be unique, and which must name rows of earlier tables."""
    if table is CONDITIONS:
        return (table.index("condition_id"), seen.condition_ids, "condition"), []
    condition = (RUNS.index("condition_id"), seen.condition_ids, "condition")
    if table is RUNS:
        return (table.index("run_id"), seen.run_ids, "run"), [condition]
    if table is OUTCOMES:
        known = (table.index("condition_id"), seen.condition_ids, "condition")
        return (table.index("run_id"), seen.outcome_ids, "run"), [known]
    assert table in (EVENTS, EVALUATIONS)
    return None, [(table.index("run_id"), seen.run_ids, "run")]
