"""Bringing stores of earlier versions up to date, in place."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_dre.store.failures import DamagedStoreError
from pytest_dre.store.rows import readable, spending_row
from pytest_dre.store.schema import STORE_VERSION, add_version_2, add_version_3
from pytest_dre.store.spending import COUNT_ALL
from pytest_dre.store.transactions import immediate

_BATCH = 500


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the store to STORE_VERSION in one transaction; other processes may try at once.

    Raises DamagedStoreError, sqlite3.Error.
    """
    with immediate(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < STORE_VERSION:
            if version < 2:
                _to_version_2(connection, path)
            add_version_3(connection)
            connection.execute(COUNT_ALL)  # `spending` has been complete in version 2, and just been computed of 1
            connection.execute(f"PRAGMA user_version = {STORE_VERSION}")


def _to_version_2(connection: sqlite3.Connection, path: Path) -> None:
    add_version_2(connection)
    for rows in _batches(connection):
        connection.executemany(
            "UPDATE results SET agent_id = ?, problem_id = ?, cost_usd = ?, tokens = ?, seconds = ?"
            " WHERE result_id = ?",
            [(*_computed(payload, path), result_id) for result_id, payload in rows],
        )
    connection.execute(
        "INSERT INTO spending (session_id, agent_id, runs, failures, cost_usd, tokens, seconds)"
        " SELECT session_id, COALESCE(agent_id, ''), COUNT(*), SUM(status = 'failed'),"
        " SUM(cost_usd), SUM(tokens), SUM(seconds)"
        " FROM results WHERE status IN ('success', 'failed') GROUP BY 1, 2"
    )


def _batches(connection: sqlite3.Connection) -> Iterator[list[tuple[int, str]]]:
    last = -(2**63)
    while rows := connection.execute(
        "SELECT result_id, payload FROM results WHERE result_id > ? ORDER BY result_id LIMIT ?", (last, _BATCH)
    ).fetchall():
        yield rows
        last = rows[-1][0]


def _computed(payload: str, path: Path) -> tuple[Any, ...]:
    """Read as Python does: SQLite's JSON knows neither NaN nor infinities."""
    result = readable(payload)
    if result is None:
        raise DamagedStoreError(path, "a result in it cannot be read")
    return (result.agent_id, result.problem_id, *spending_row(result.spending))
