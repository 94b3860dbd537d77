"""Whether an artifact directory is whole: files, columns, ids, JSON cells and checksums."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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

_SHOWN = 10  # problems of one table
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
    """Return all that is wrong with the artifacts in `directory`, each with its file; nothing if they are whole.

    Checked: that all canonical files are there, their SHA-256 and row counts against the manifest, the manifest's
    required keys, each table's header, the length of its rows, its JSON cells, and that runs and outcomes name known
    conditions, events and evaluations known runs, as far as the tables that tell these can be read. Ten problems a
    table are named, the others counted. Outcome tables, which other exports do not have, are checked if they or their
    checksums are there.
    """
    problems = [f"{name}: the file is missing" for name in CANONICAL_FILES if not (directory / name).is_file()]
    manifest, found = _read_json(directory / MANIFEST_FILE)
    problems += found
    if manifest is not None:
        problems += _manifest_problems(manifest)
    for name in (HYPOTHESES_FILE, ANALYSIS_PLAN_FILE):
        problems += _read_json(directory / name)[1]
    seen = _Seen()
    with large_fields():
        for table in (*TABLES, OUTCOMES):
            if (directory / table.file).is_file():
                problems += first_few(_table_problems(directory, table, seen), table.file)
    if {RUNS.file, OUTCOMES.file} <= seen.rows.keys():
        problems += first_few(_without_outcomes(seen), OUTCOMES.file)
    if isinstance(manifest, dict):
        problems += _contradictions(directory, manifest, seen)
    return list(dict.fromkeys(problems))


def first_few(problems: Iterable[str], where: str) -> list[str]:
    """Return the first ten problems, and how many more there are; all are drawn, as that notes ids and rows."""
    problems = iter(problems)
    found = list(islice(problems, _SHOWN))
    more = sum(1 for _ in problems)
    return [*found, f"{where}: {more} more problem{'s' if more > 1 else ''}"] if more else found


def _read_json(path: Path) -> tuple[Any, list[str]]:
    """Return what the file holds and what is wrong with it; that it is missing is told elsewhere."""
    if not path.is_file():
        return None, []
    try:
        return json.loads(path.read_text("utf-8")), []
    except OSError as error:
        return None, [_unreadable(path, error)]
    except (ValueError, RecursionError) as error:
        return None, [f"{path.name}: it is no JSON ({error})"]


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path.name}: it cannot be read ({error.strerror or error})"


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
    """Yield where the files differ from what the manifest says; keys that it lacks are told elsewhere."""
    files = manifest.get("files")
    if isinstance(files, dict):
        for name in (*CANONICAL_FILES, *OWN_FILES):
            if name != MANIFEST_FILE:
                yield from _file_contradictions(directory / name, files.get(name), seen)
        for name in sorted(files.keys() - {*CANONICAL_FILES, *OWN_FILES}):
            yield f"{MANIFEST_FILE}: it vouches for {name!r}, which is no file of a study's artifacts"
    if RUNS.file in seen.rows:
        yield from _count_contradictions(manifest, seen.rows[RUNS.file], seen)


def _count_contradictions(manifest: dict[str, Any], runs: int, seen: _Seen) -> Iterator[str]:
    """Yield where the manifest counts other runs than the table has."""
    if isinstance(manifest.get("run_count"), int) and manifest["run_count"] != runs:
        yield f"{MANIFEST_FILE}: run_count says {manifest['run_count']} runs, {RUNS.file} has {runs}"
    counts = manifest.get("status_counts")
    if not isinstance(counts, dict):
        return
    counted = sum(count for count in counts.values() if isinstance(count, int))
    if counted != runs:
        yield f"{MANIFEST_FILE}: status_counts says {counted} runs, {RUNS.file} has {runs}"
        return
    for status in sorted(seen.statuses.keys() | counts.keys()):
        said, found = counts.get(status, 0), seen.statuses[status]
        if said != found:
            yield f"{MANIFEST_FILE}: status_counts says {said} {status}, {RUNS.file} has {found}"


def _file_contradictions(path: Path, record: object, seen: _Seen) -> Iterator[str]:
    name = path.name
    if not path.is_file():
        if name in OWN_FILES and record is not None:
            yield f"{name}: the file is missing"
        return
    if not isinstance(record, dict):
        yield f"{name}: the manifest has no checksum of it"
        return
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        yield _unreadable(path, error)
        return
    if record.get("sha256") != digest:
        yield f"{name}: its SHA-256 is not the manifest's; the file was changed or damaged after the export"
    if name in seen.rows and record.get("rows") != seen.rows[name]:
        yield f"{name}: it has {seen.rows[name]} rows, the manifest says {record.get('rows')}"


def _without_outcomes(seen: _Seen) -> Iterator[str]:
    for run_id in sorted(seen.run_ids - seen.outcome_ids):
        yield f"{OUTCOMES.file}: the run {run_id!r} is missing"


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
    except OSError as error:
        yield _unreadable(directory / table.file, error)
        return
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
    """Return which column of a table must be unique, and which must name rows of earlier tables that were read."""
    if table is CONDITIONS:
        return (table.index("condition_id"), seen.condition_ids, "condition"), []
    if table in (RUNS, OUTCOMES):
        own = seen.run_ids if table is RUNS else seen.outcome_ids
        known = (table.index("condition_id"), seen.condition_ids, "condition")
        return (table.index("run_id"), own, "run"), [known] if CONDITIONS.file in seen.rows else []
    assert table in (EVENTS, EVALUATIONS)
    return None, [(table.index("run_id"), seen.run_ids, "run")] if RUNS.file in seen.rows else []
