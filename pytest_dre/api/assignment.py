"""What a worker process is given, and what it does with it."""

import functools
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cloudpickle

from pytest_dre.api.binding import Handed, Runner, bind, with_versions
from pytest_dre.api.lookup import Lookup
from pytest_dre.api.performing import Performer
from pytest_dre.api.preparation import Prepared
from pytest_dre.api.stores import joined_store
from pytest_dre.errors import DreError
from pytest_dre.model.runs import Plan, RunResult, RunSpec
from pytest_dre.model.source import SourceMap, StudySource
from pytest_dre.store.ownership import SessionInfo


@dataclass(frozen=True, slots=True)
class Assignment:
    """All that a worker process needs to carry out runs of one study.

    Modules that the study's files are loaded as cannot be imported by name elsewhere, so bindings do not travel: each
    process binds the study anew, with the caller's own objects, which do.

    Attributes:
        source: The study.
        samples: A run for each agent and problem: what there is to bind.
        agents: The caller's agents, by id.
        problems: The caller's problems, by id.
        runner: The caller's runner.
        versions: What the first process found; a worker's results have these.
        store_path: The run store, None if nothing is recorded.
        session: Whose runs they are; its id is shared by all processes of one call.
    """

    source: StudySource
    samples: tuple[RunSpec, ...]
    agents: Mapping[str, Any]
    problems: Mapping[str, Any]
    runner: Runner | None
    versions: Mapping[tuple[str, str], str]
    store_path: Path | None
    session: SessionInfo


def assignment_for(prepared: Prepared, session: SessionInfo, *, record: bool) -> Assignment:
    """Return what worker processes need for the prepared study."""
    planned, handed = prepared.planned, prepared.handed
    samples = {(run.agent_id, run.problem_id): run for run in planned.plan.runs}
    return Assignment(
        source=replace(planned.source, source_map=SourceMap()),
        samples=tuple(samples.values()),
        agents=handed.agents.found,
        problems=handed.problems.found,
        runner=handed.runner,
        versions=prepared.bindings.versions,
        store_path=planned.store_path if record else None,
        session=session,
    )


def pack(assignment: Assignment) -> bytes:
    """Return the assignment as bytes for another process; closures and lambdas travel by value.

    Raises DreError that names the object which cannot travel.
    """
    try:
        return bytes(cloudpickle.dumps(assignment))
    except Exception as error:  # whatever an object's own pickling raises
        raise DreError(_culprit(assignment) or f"the study cannot be sent to worker processes: {error}") from error


def _culprit(assignment: Assignment) -> str | None:
    """Return the message about the first of the caller's objects that cannot be pickled."""
    for what, objects in (
        ("agent", assignment.agents),
        ("problem", assignment.problems),
        ("runner", {"runner": assignment.runner}),
    ):
        for name, value in objects.items():
            try:
                cloudpickle.dumps(value)
            except Exception as error:
                return (
                    f"the {what} {name!r} cannot be sent to worker processes ({type(error).__name__}: {error}); "
                    "make what it holds inside the run, or use parallelism=1"
                )
    return None


def perform_assigned(path: str, run: RunSpec, watchdog: str) -> RunResult:
    """Carry out one run in a worker process, by the assignment packed in the file `path`.

    A run that holds the process beyond its limit ends it, and leaves word in the file `watchdog`.
    """
    try:
        return _performer(path, watchdog).perform(run)
    except DreError as error:  # as one that any process can unpickle
        raise DreError(str(error)) from None
    finally:
        for stream in (sys.stdout, sys.stderr):  # the process will be killed in the end, with what it has buffered
            stream.flush()


@functools.lru_cache(maxsize=1)  # a worker process serves one call of run_study
def _performer(path: str, watchdog: str) -> Performer:
    assignment: Assignment = pickle.loads(Path(path).read_bytes())  # noqa: S301 (our own parent wrote it)
    handed = Handed(Lookup(assignment.agents.get), Lookup(assignment.problems.get), assignment.runner)
    bindings = bind(assignment.source, Plan((), assignment.samples), handed)
    study = assignment.source.study
    session, store_path = assignment.session, assignment.store_path
    store = joined_store(store_path, study.study_id, session) if store_path else None
    bindings = with_versions(bindings, assignment.versions)
    return Performer(bindings, store, session.session_id, study, Path(watchdog))
