"""pytest's cache of failures, to which other sessions and processes write while a session runs.

Under xdist all workers go by what it held when the session began. The session notes its pending runs there at once: a
worker that starts late, or replaces one that died, would read the changed cache, select or order other items than the
first did, and xdist would give up.

At its end pytest writes what it read at the start, less what has passed: that must not undo what other sessions have
noted of their studies since.

Imports no more than pytest: sessions without studies need it too.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

LASTFAILED = "cache/lastfailed"
WORKER_LASTFAILED = "dre_lastfailed"  # key of xdist's workerinput

# Node ids of this session's runs and gates, of which its own last word follows pytest's.
selected_key = pytest.StashKey[set[str]]()
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


def keep_those_of_other_sessions(config: pytest.Config) -> None:
    """Let pytest's last word of the session include all that the cache says of studies.

    What this session has done of its own studies is taken out after that.
    """
    own = config.pluginmanager.get_plugin("lfplugin")
    if own is None or hasattr(config, "workerinput"):
        return
    known = {str(node_id) for node_id in own.lastfailed}
    if selected_key in config.stash:
        selected = config.stash[selected_key]
        known |= selected
    noted = [node_id for node_id in config.cache.get(LASTFAILED, {}) if node_id not in known]
    if noted:
        studies = _studies({node_id.partition("::")[0] for node_id in noted}, config.rootpath)
        own.lastfailed.update((node_id, True) for node_id in noted if node_id.partition("::")[0] in studies)


def _studies(prefixes: Iterable[str], root: Path) -> set[str]:
    from pytest_dre.detection import is_study_file

    return {prefix for prefix in prefixes if (root / prefix).is_file() and is_study_file(root / prefix)}


def _lastfailed(config: pytest.Config) -> str | None:
    own = config.pluginmanager.get_plugin("lfplugin")
    return json.dumps([str(node_id) for node_id in own.lastfailed]) if own is not None and own.active else None
