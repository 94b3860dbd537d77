"""The run store of one call of `run_study`, claimed for it."""

import datetime
import os
import socket
import sys
import warnings
from dataclasses import replace
from pathlib import Path

from pytest_dre.api.notices import StudyWarning
from pytest_dre.sessions.lost_stores import see_to_lost_store
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.store.failures import opening_failed
from pytest_dre.store.ownership import SessionInfo
from pytest_dre.store.runs import RunStore


def session_info(session_id: str) -> SessionInfo:
    """Return who runs the study: this process."""
    return SessionInfo(
        session_id=session_id,
        main=True,
        pid=os.getpid(),
        host=socket.gethostname(),
        command=" ".join(["run_study in", *sys.argv]).rstrip(),
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def claimed_store(planned: PlannedStudy, session: SessionInfo, *, resume: bool = False) -> RunStore:
    """Return the study's store, opened for the session alone.

    What was salvaged of a damaged one, that artifacts were kept whose store is gone, and that another session's workers
    are waited for, is a StudyWarning. Raises StoreError, also if there is nothing to `resume` though there was;
    RunningElsewhere, a StoreError, if another session runs the study.
    """
    try:
        kept = see_to_lost_store(planned, resume=resume)
    except OSError as error:
        raise opening_failed(planned.store_path, error) from error
    if kept is not None:
        _say(kept)
    store = RunStore.create_or_open(planned.store_path, planned.study.study_id, on_salvage=_say)
    return _claimed(store, session)


def joined_store(path: Path, study_id: str, session: SessionInfo) -> RunStore:
    """Return the store for a worker process of the session."""
    return _claimed(RunStore.create_or_open(path, study_id), replace(session, main=False))


def _claimed(store: RunStore, session: SessionInfo) -> RunStore:
    try:
        store.claim(session, on_wait=_say)
    except BaseException:
        store.close()
        raise
    return store


def _say(what: object) -> None:
    warnings.warn(str(what), StudyWarning, stacklevel=2)
