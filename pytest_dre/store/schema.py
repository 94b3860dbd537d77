"""The tables of a store."""

import sqlite3

STORE_VERSION = 3
APPLICATION_ID = 0x64726531  # "dre1": tells our files from other SQLite databases

_VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE versions (
    kind TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE results (
    result_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX results_by_run ON results (run_id);
CREATE TABLE stops (session_id TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
"""

# A new store takes the same steps as an old one: both have the same columns in the same order.
_STEP_TO_2 = (
    "DROP INDEX results_by_run",  # see INDEX_RESULTS
    "ALTER TABLE results ADD COLUMN agent_id TEXT",
    "ALTER TABLE results ADD COLUMN problem_id TEXT",
    "ALTER TABLE results ADD COLUMN cost_usd REAL NOT NULL DEFAULT 0",
    "ALTER TABLE results ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE results ADD COLUMN seconds REAL NOT NULL DEFAULT 0",
    """CREATE TABLE attempts (
        run_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        agent_id TEXT,
        problem_id TEXT,
        number INTEGER NOT NULL,
        error_info TEXT NOT NULL,
        cost_usd REAL NOT NULL,
        tokens INTEGER NOT NULL,
        seconds REAL NOT NULL,
        started TEXT NOT NULL
    )""",
    "CREATE INDEX attempts_by_run ON attempts (run_id, session_id, number)",  # salvage tells them by this
    """CREATE TABLE spending (
        session_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        runs INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        cost_usd REAL NOT NULL,
        tokens INTEGER NOT NULL,
        seconds REAL NOT NULL,
        PRIMARY KEY (session_id, agent_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE unstarted (
        run_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE owner (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        session_id TEXT NOT NULL,
        pid INTEGER NOT NULL,
        host TEXT NOT NULL,
        command TEXT NOT NULL,
        started TEXT NOT NULL
    ) WITHOUT ROWID""",
)

_STEP_TO_3 = (
    "DROP TRIGGER IF EXISTS results_add_up",  # by which version 2 wrote `spending` with every result
    "DROP TRIGGER IF EXISTS attempts_add_up",
    """CREATE TABLE counted (
        only INTEGER PRIMARY KEY CHECK (only = 1), results INTEGER NOT NULL, attempts INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "INSERT INTO counted VALUES (1, 0, 0)",
)

# Answers what is stale without the payloads. Made when somebody first looks a run up, which a session that only
# records does at its end: to keep it while ten thousand results come in takes a third of the time of storing them.
INDEX_RESULTS = "CREATE INDEX IF NOT EXISTS results_by_run ON results (run_id, fingerprint)"

TABLES = {
    1: frozenset({"meta", "versions", "results", "stops"}),
    2: frozenset({"meta", "versions", "results", "stops", "attempts", "spending", "unstarted", "owner"}),
    3: frozenset({"meta", "versions", "results", "stops", "attempts", "spending", "unstarted", "owner", "counted"}),
}


def create_schema(connection: sqlite3.Connection, study_id: str) -> None:
    """Make an empty database a store of the study."""
    connection.executescript(_VERSION_1)
    add_version_2(connection)
    add_version_3(connection)
    connection.execute("INSERT INTO meta VALUES ('study_id', ?)", (study_id,))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {STORE_VERSION}")


def add_version_2(connection: sqlite3.Connection) -> None:
    """Add what version 2 has over version 1."""
    for statement in _STEP_TO_2:
        connection.execute(statement)


def add_version_3(connection: sqlite3.Connection) -> None:
    """Add what version 3 has over version 2; of what is there already, nothing is counted yet."""
    for statement in _STEP_TO_3:
        connection.execute(statement)
