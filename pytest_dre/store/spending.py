"""What a store's runs came to: a ledger of what was counted up to some result, and all results after it.

To write the ledger with every result would take as long as to write the result.
"""

import sqlite3

from pytest_dre.store.totals import Totals
from pytest_dre.store.transactions import immediate

# The rows that the ledger has not counted yet, in its columns. Nothing is ever removed from the two tables, and row
# ids grow in the order of commits.
_UNCOUNTED = """
    SELECT session_id, COALESCE(agent_id, '') AS agent_id, 1 AS runs, status = 'failed' AS failures,
        cost_usd, tokens, seconds
    FROM results WHERE result_id > (SELECT results FROM counted) AND status IN ('success', 'failed')
    UNION ALL
    SELECT session_id, COALESCE(agent_id, ''), 0, 0, cost_usd, tokens, seconds
    FROM attempts WHERE rowid > (SELECT attempts FROM counted)
"""
_COLUMNS = "session_id, agent_id, runs, failures, cost_usd, tokens, seconds"
_TOTALS = f"""
    SELECT TOTAL(cost_usd), TOTAL(tokens), TOTAL(seconds), TOTAL(runs), TOTAL(failures)
    FROM (SELECT {_COLUMNS} FROM spending UNION ALL {_UNCOUNTED})
    WHERE (?1 IS NULL OR session_id = ?1) AND (?2 IS NULL OR agent_id = ?2)
"""  # noqa: S608 - our own names
_BY_KEY = f"""
    SELECT session_id, agent_id, SUM(runs), SUM(failures), SUM(cost_usd), SUM(tokens), SUM(seconds)
    FROM ({_UNCOUNTED}) GROUP BY session_id, agent_id
"""  # noqa: S608 - our own names
_COUNT = f"""
    INSERT INTO spending ({_COLUMNS}) SELECT * FROM ({_BY_KEY}) WHERE true
    ON CONFLICT (session_id, agent_id) DO UPDATE SET
        runs = runs + excluded.runs,
        failures = failures + excluded.failures,
        cost_usd = cost_usd + excluded.cost_usd,
        tokens = tokens + excluded.tokens,
        seconds = seconds + excluded.seconds
"""  # noqa: S608 - our own names
COUNT_ALL = (
    "UPDATE counted SET results = (SELECT COALESCE(MAX(result_id), 0) FROM results),"
    " attempts = (SELECT COALESCE(MAX(rowid), 0) FROM attempts)"
)


Amounts = tuple[int, int, float, int, float]  # runs, failures, dollars, tokens, seconds


def totals(connection: sqlite3.Connection, session_id: str | None, agent_id: str | None) -> Totals:
    """Return what was spent in one session or all (None), by one agent or all (None). Raises sqlite3.Error."""
    row = connection.execute(_TOTALS, (session_id, agent_id)).fetchone()
    cost_usd, tokens, seconds, runs, failures = row
    return Totals(cost_usd, int(tokens), seconds, int(runs), int(failures))


def count(connection: sqlite3.Connection) -> None:
    """Bring the ledger up to date, as one transaction. Raises sqlite3.Error."""
    with immediate(connection):
        connection.execute(_COUNT)
        connection.execute(COUNT_ALL)


def uncounted(connection: sqlite3.Connection) -> dict[tuple[str, str], Amounts]:
    """Return what the ledger lacks, by session and agent ("" for none)."""
    return {(session, agent): tuple(amounts) for session, agent, *amounts in connection.execute(_BY_KEY)}


def start_from(
    connection: sqlite3.Connection, spent: dict[tuple[str, str], Amounts], counted: tuple[int, int] | None
) -> None:
    """Fill the ledger of a store that was salvaged, of which results may be lost that were spent all the same.

    `spent` is what the old ledger said, `counted` up to which result and attempt; None if that is not known. Amounts
    never fall below what it said and what came after, nor below what all salvaged results come to.
    """
    salvaged = uncounted(connection)
    connection.execute(COUNT_ALL)
    if counted is not None:
        connection.execute("UPDATE counted SET results = ?, attempts = ?", counted)
    after = uncounted(connection)
    nothing: Amounts = (0, 0, 0.0, 0, 0.0)
    for key in salvaged.keys() | spent.keys():
        said = (old + new for old, new in zip(spent.get(key, nothing), after.get(key, nothing), strict=True))
        amounts = map(max, said, salvaged.get(key, nothing))
        connection.execute(f"INSERT INTO spending ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, *amounts))  # noqa: S608
    connection.execute(COUNT_ALL)
