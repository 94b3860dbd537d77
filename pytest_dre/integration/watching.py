"""Runs that hold the interpreter, where no timeout gets the word: the process is ended, and its run recorded."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_dre.execution.watchdog import Hang, Watchdog, grace_for, read_watchdog
from pytest_dre.integration.nodes import RunItem
from pytest_dre.integration.settings import MAIN, Settings
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunSpec, RunStatus
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.runs import RunStore

PREFIX = ".watchdog-"
# Without workers the whole session ends with the run: an agent that only swallows its timeout is given time.
MAIN_GRACE_S = 60.0


@contextmanager
def watched(item: RunItem, limit_s: float, settings: Settings) -> Iterator[None]:
    """End this process if the block takes much longer than the limit: pytest-timeout did not get through then."""
    grace = MAIN_GRACE_S if settings.worker == MAIN else grace_for(limit_s)
    file = _file(item.parent.planned.output_dir, settings.session_id, settings.worker)
    with Watchdog(file).armed(item.run.run_id, limit_s, grace):
        yield


@dataclass(frozen=True, slots=True)
class Death:
    """What is known of a worker that has just died.

    Attributes:
        timeout: What it is to be blamed for, if its run took too long; None if it crashed.
        traceback: Where its run held it, None if that is not known.
        lasted_s: How long the run was under way with all its attempts, seconds; None if nobody watched it.
    """

    timeout: str | None = None
    traceback: str | None = None
    lasted_s: float | None = None


def death_of(planned: PlannedStudy, run: RunSpec, session_id: str, worker: str) -> Death:
    """Return what the watchdog of the worker knew of the run."""
    hang = read_watchdog(_file(planned.output_dir, session_id, worker))
    if hang is None or hang.run_id != run.run_id:
        return Death()
    now = time.time()
    return Death(_words(hang) if hang.timed_out(now) else None, hang.traceback or None, now - hang.started)


def under_way(planned: PlannedStudy) -> list[str]:
    """Return the names of runs with a timeout that were under way when sessions without workers were killed."""
    hangs = [read_watchdog(file) for file in planned.output_dir.glob(f"{PREFIX}*-{MAIN}")]
    run_ids = {hang.run_id for hang in hangs if hang is not None and not hang.traceback}
    return [name for name, run in zip(planned.names, planned.plan.runs, strict=True) if run.run_id in run_ids]


def settle_hangs(planned: PlannedStudy, store: RunStore) -> list[str]:
    """Record the runs that held, and so ended, whole sessions without workers; return what to say of them.

    For a session that owns the study: no other process of any session is at work then.
    """
    said = []
    for file in sorted(planned.output_dir.glob(f"{PREFIX}*-{MAIN}")):
        hang = read_watchdog(file)
        run = next((run for run in planned.plan.runs if hang and hang.traceback and run.run_id == hang.run_id), None)
        if hang is not None and run is not None:
            session_id = file.name.removeprefix(PREFIX).removesuffix(f"-{MAIN}")
            reason = StatusReason.TIMEOUT
            result = unstarted_result(run, store.versions(), RunStatus.FAILED, reason, _words(hang), hang.traceback)
            ended = file.stat().st_mtime  # the watchdog's last word
            from pytest_dre.execution.retrying import with_last_attempt  # few sessions have runs that are lost

            result = with_last_attempt(result, store.attempts(run.run_id, session_id), ended - hang.started)
            if store.record_unless_recorded(result, session_id):
                said.append(f"run {run.run_id} ended an earlier session: it held the interpreter beyond its timeout")
        file.unlink(missing_ok=True)
    return said


def forget(output_dir: Path, session_id: str) -> None:
    """Remove what the session's processes have left."""
    for file in output_dir.glob(f"{PREFIX}{session_id}-*"):
        file.unlink(missing_ok=True)


def _file(output_dir: Path, session_id: str, worker: str) -> Path:
    return output_dir / f"{PREFIX}{session_id}-{worker}"


def _words(hang: Hang) -> str:
    return f"Timeout: the run took longer than limits.timeout_s ({hang.limit_s:g} s), and its process was ended"
