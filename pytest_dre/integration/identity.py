"""What all processes of a session must agree on. Imports no more than pytest: sessions without studies need it too."""

import uuid
from pathlib import Path
from typing import Any

import pytest

# Keys of xdist's workerinput
WORKER_SESSION = "dre_session"
WORKER_LEDGER = "dre_ledger"
WORKER_REQUEUES = "dre_requeues"
BUDGETS = ("max_cost_usd", "max_tokens", "max_total_s", "max_failures")

session_key = pytest.StashKey[str]()
ledger_key = pytest.StashKey[Path | None]()


def session_id(config: pytest.Config) -> str:
    """Return the session's id, which its first process draws and hands to the others."""
    if session_key not in config.stash:
        given = getattr(config, "workerinput", {}).get(WORKER_SESSION)
        config.stash[session_key] = given or uuid.uuid4().hex
    return config.stash[session_key]


def ledger_path(config: pytest.Config) -> Path | None:
    """Return where the session's processes note what they spend, None if the session has no budget."""
    if ledger_key not in config.stash:
        config.stash[ledger_key] = _ledger(config)
    return config.stash[ledger_key]


def requeues(config: pytest.Config) -> bool:
    """Return whether xdist gives the item that a worker died of to another one, until no worker may be replaced."""
    return config.getoption("dist") in ("loadscope", "loadfile", "loadgroup")


def prepare_worker(config: pytest.Config, node: Any) -> None:
    """Tell an xdist worker these, and what `requeues` does."""
    node.workerinput[WORKER_REQUEUES] = requeues(config)
    node.workerinput[WORKER_SESSION] = session_id(config)
    node.workerinput[WORKER_LEDGER] = str(ledger_path(config) or "")


def _ledger(config: pytest.Config) -> Path | None:
    if hasattr(config, "workerinput"):
        path = config.workerinput[WORKER_LEDGER]
        return Path(path) if path else None
    if all(config.getoption(f"dre_{name}") is None and not config.getini(f"dre_{name}") for name in BUDGETS):
        return None
    from pytest_dre.store.ledger import SessionLedger

    ledger = SessionLedger.create()
    ledger.close()
    return ledger.path
