"""Documents beside the tables: what gates and analysis plans came to."""

import dataclasses
import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_dre.artifacts.staging import publish, staging_directory
from pytest_dre.canonical import canonical_value
from pytest_dre.encoding import encodable
from pytest_dre.errors import ArtifactError
from pytest_dre.model.verdicts import GateVerdict

GATES_FILE = "gates.json"
ANALYSIS_FILES = ("analysis.json", "analysis.csv")


def gates_document(verdicts: Sequence[GateVerdict]) -> str:
    """Return the verdicts as JSON, an object a gate; bounds that are not finite are null.

    `advice` is there where there is any, without seconds: the same results make the same text.
    """
    return f"{json.dumps([_plain(_gate(verdict)) for verdict in verdicts], indent=2)}\n"


def _gate(verdict: GateVerdict) -> dict[str, Any]:
    found = dataclasses.asdict(verdict)
    if verdict.advice is None:
        del found["advice"]
        return found
    for option in found["advice"]["options"]:
        del option["seconds"]
    return found


def write_documents(directory: Path, documents: Mapping[str, str | None]) -> None:
    """Write the documents aside and move them into place; those that are None are removed if they are there.

    Raises ArtifactError if the directory cannot be written.
    """
    given = {name: encodable(text).encode() for name, text in documents.items() if text is not None}
    try:
        for name in documents.keys() - given.keys():
            (directory / name).unlink(missing_ok=True)
        if given:
            with staging_directory(directory) as staging:
                for name, data in given.items():
                    (staging / name).write_bytes(data)
                publish(staging, directory, list(given))
    except (OSError, sqlite3.Error) as error:
        raise ArtifactError(f"the artifacts cannot be written to {directory}: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return canonical_value(value)
