"""Outcomes of a study as a text: compact, checksummed, and a line a run, so that two of them can be compared by eye."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.canonical import canonical_json, canonical_value, digest
from pytest_dre.errors import DreError
from pytest_dre.model.verdicts import OutcomeRow

FORMAT = "pytest-dre baseline"
FORMAT_VERSION = 1
COLUMNS = ("run_id", "condition_id", "agent_id", "problem_id", "replicate", "seed", "status")
_KINDS: tuple[type | tuple[type, ...], ...] = (str, str, (str, type(None)), (str, type(None)), int, int, str)
_SUM = "sha256"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A study's outcomes at one time.

    Attributes:
        name: What the baseline is called.
        study_id: The study.
        rows: One a planned run, sorted by run id.
        created: When it was made, ISO 8601.
        commit: The commit of the study's repository, None without one; `dirty` if tracked files differed from it.
        package_version: The version of this package.
        versions: "agent <id>" or "problem <id>" → version the runs were made with.
        outcomes: Outcome → digest of its definition.
    """

    name: str
    study_id: str
    rows: Sequence[OutcomeRow]
    created: str = ""
    commit: str | None = None
    dirty: bool | None = None
    package_version: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)

    @property
    def design_digest(self) -> str:
        """A hash of which runs there are, and of their seeds."""
        return digest(sorted([row.run_id, row.seed] for row in self.rows))


def to_text(snapshot: Snapshot) -> str:
    """Return the snapshot as JSON with a line for each condition and run."""
    rows = sorted(snapshot.rows, key=lambda row: row.run_id)
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    data: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": snapshot.name,
        "study_id": snapshot.study_id,
        "created": snapshot.created,
        "commit": snapshot.commit,
        "dirty": snapshot.dirty,
        "package_version": snapshot.package_version,
        "versions": dict(sorted(snapshot.versions.items())),
        "outcomes": dict(snapshot.outcomes),
        "design": snapshot.design_digest,
        "runs": len(rows),
        "columns": [*COLUMNS, *names],
        "conditions": _conditions(rows),
        "rows": [
            [*(getattr(row, name) for name in COLUMNS), *(row.values.get(name) for name in names)] for row in rows
        ],
    }
    data = canonical_value(data)
    lines = [f"{json.dumps(key)}: {_lines(value)}" for key, value in {_SUM: digest(data), **data}.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _cells(row: OutcomeRow, names: Iterable[str]) -> list[Any]:
    return [*(getattr(row, name) for name in COLUMNS), *(row.values.get(name) for name in names)]


def _conditions(rows: Iterable[OutcomeRow]) -> dict[str, dict[str, Any]]:
    found = {row.condition_id: {"factors": dict(row.factors), "blocks": dict(row.blocks)} for row in rows}
    return dict(sorted(found.items()))


def _lines(value: Any) -> str:
    """Return the JSON of a header's value in one line, of rows and conditions in a line each."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(map(canonical_json, value)) + "\n]"
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{json.dumps(key)}:{canonical_json(item)}" for key, item in value.items()) + "\n}"
    return canonical_json(value)


def from_text(text: str, shown_as: str) -> Snapshot:
    """Return the snapshot that `to_text` gave `text` for; messages call it `shown_as`.

    Line ends and layout do not matter. Raises DreError for what is no snapshot, is of a later format, or damaged.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(shown_as, f"it is no JSON: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise DreError(f"{shown_as}: it is no baseline; give one that --dre-save-baseline has written")
    if data.get("format_version") != FORMAT_VERSION:
        version = f"{data.get('format_version')!r:.40}"
        hint = "update pytest-dre, or save the baseline again"
        raise DreError(f"{shown_as}: it is of format {version}, this version reads {FORMAT_VERSION}; {hint}")
    if data.pop(_SUM, None) != digest(data):
        raise _damaged(shown_as, "its contents do not match its checksum")
    try:
        return _snapshot(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(shown_as, f"{type(error).__name__}: {error}") from error


def _damaged(shown_as: str, why: str) -> DreError:
    hint = "restore it from version control, or save it again with --dre-save-baseline"
    return DreError(f"{shown_as}: the baseline is damaged ({why}); {hint}")


def _snapshot(data: Mapping[str, Any]) -> Snapshot:
    names = data["columns"][len(COLUMNS) :]
    if tuple(data["columns"][: len(COLUMNS)]) != COLUMNS:
        raise ValueError("unknown columns")
    rows = tuple(_row(cells, names, data["conditions"]) for cells in data["rows"])
    return Snapshot(
        name=data["name"],
        study_id=data["study_id"],
        rows=rows,
        created=data["created"],
        commit=data["commit"],
        dirty=data["dirty"],
        package_version=data["package_version"],
        versions=dict(data["versions"]),
        outcomes=dict(data["outcomes"]),
    )


def _row(cells: Sequence[Any], names: Sequence[str], conditions: Mapping[str, Any]) -> OutcomeRow:
    fixed, numbers = cells[: len(COLUMNS)], cells[len(COLUMNS) :]
    for name, cell, kind in zip(COLUMNS, fixed, _KINDS, strict=True):
        if not isinstance(cell, kind):
            raise TypeError(f"{name} is {cell!r:.60}")
    run_id, condition_id, agent_id, problem_id, replicate, seed, status = fixed
    assignment = conditions[condition_id]
    return OutcomeRow(
        run_id=run_id,
        condition_id=condition_id,
        factors=dict(assignment["factors"]),
        blocks=dict(assignment["blocks"]),
        agent_id=agent_id,
        problem_id=problem_id,
        replicate=replicate,
        seed=seed,
        status=status,
        values={name: None if cell is None else float(cell) for name, cell in zip(names, numbers, strict=True)},
    )
