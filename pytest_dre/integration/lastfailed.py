"""`--lf` and `--ff` under xdist: all workers go by what pytest's cache of failures held when the session began.

The session notes its pending runs in that cache at once, and other sessions write to it too. A worker that starts late,
or replaces one that died, would read the changed cache, select or order other items than the first did, and xdist would
give up. Imports no more than pytest: sessions without studies need it too.
"""

import json
from typing import Any

import pytest

WORKER_LASTFAILED = "dre_lastfailed"  # key of xdist's workerinput

at_start_key = pytest.StashKey[str | None]()


def hand_over(config: pytest.Config, node: Any) -> None:
    """Tell an xdist worker what had failed before the session; nothing if it does not select or order by that."""
    if at_start_key not in config.stash:  # before the first worker starts, and so before any report
        config.stash[at_start_key] = _lastfailed(config)
    known = config.stash[at_start_key]
    if known is not None:
        node.workerinput[WORKER_LASTFAILED] = known


def take_over(session: pytest.Session) -> None:
    """Let this worker go by what the controller told it."""
    known = session.config.workerinput.get(WORKER_LASTFAILED)  # type: ignore[attr-defined]
    own = session.config.pluginmanager.get_plugin("lfplugin")
    if known is None or own is None:
        return
    parsed = getattr(type(getattr(session, "id", None)), "parse", str)  # pytest 9 keeps node ids as objects
    own.lastfailed = {parsed(node_id): True for node_id in json.loads(known)}
    own._last_failed_paths = own.get_last_failed_paths()  # which files are looked into, and in which order


def _lastfailed(config: pytest.Config) -> str | None:
    own = config.pluginmanager.get_plugin("lfplugin")
    return json.dumps([str(node_id) for node_id in own.lastfailed]) if own is not None and own.active else None
