"""Running a study from Python."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_dre.api.preparation import Request, faults_of, prepare
from pytest_dre.api.session import Session
from pytest_dre.api.sources import AnyStudy
from pytest_dre.errors import Fault
from pytest_dre.model.runs import Condition, RunResult


def run_study(
    study: AnyStudy,
    *,
    conditions: Sequence[Condition] | None = None,
    agent_bindings: Mapping[str, Any] | None = None,
    problem_registry: Mapping[str, Any] | Any = None,
    parallelism: int | None = None,
    dry_run: bool = False,
    resume: bool = False,
    checkpoint: bool = True,
    include_sqlite: bool = False,
    show_progress: bool | None = None,
    runner: Callable[..., Any] | str | None = None,
) -> list[RunResult]:
    """Run a study and return its results in plan order, failed runs included.

    Args:
        study: A Study, or the path of a study file. Relative references start at the file, or at the working
            directory for a Study; a relative output directory at the working directory.
        conditions: Conditions to run instead of the study's design, as `build_design` returns them.
        agent_bindings: Agents by id: a callable, an object with `run`, or a builder. They win over the study's
            own; a Study that names no agents runs with all of them.
        problem_registry: Problems by id, each a ProblemPacket or what makes one, for the problems that the study
            names: a map, or an object with `resolve` or `get`.
        parallelism: Number of processes, `run_budget.parallelism` by default. With 1, runs are carried out in this
            process; with more, in worker processes, to which the caller's objects (closures too) are copied.
        dry_run: Only check that the study can run; returns no results.
        resume: Do not repeat runs whose success is stored with an unchanged agent, problem and seed.
        checkpoint: Store each result in the output directory as soon as it is there, and export the artifacts at the
            end, also after an interruption. Without, nothing is written.
        include_sqlite: Mirror the exported tables into study.sqlite.
        show_progress: Whether to show a progress bar; by default on a terminal and in a notebook.
        runner: What carries out all runs, in place of agents and problems: a callable or "module:attribute".

    A run that raises, takes longer than `limits.timeout_s` or kills its worker process is failed, and the others go on;
    `limits.retries` says how often it is tried again first. With `run_budget.fail_fast` no run is started after a
    failure, and none once a budget in `limits` is spent; those are returned as skipped, and not stored. Ctrl-C ends the
    running processes and is passed on.

    Raises StudyError with everything that keeps the study from running, ArtifactError if the artifacts cannot be
    written (the results are stored then), StoreError (also if another session runs the study) and DreError.
    """
    prepared = prepare(Request(study, conditions, agent_bindings, problem_registry, parallelism, runner))
    if dry_run:
        return []
    session = Session(prepared, resume=resume, checkpoint=checkpoint)
    return session.run(show_progress, include_sqlite=include_sqlite)


def resume_study(study: AnyStudy, **options: Any) -> list[RunResult]:
    """Do what `run_study` does with `resume=True`; takes the same options."""
    return run_study(study, **{**options, "resume": True})


def dry_run_validate(
    study: AnyStudy,
    *,
    conditions: Sequence[Condition] | None = None,
    agent_bindings: Mapping[str, Any] | None = None,
    problem_registry: Mapping[str, Any] | Any = None,
    parallelism: int | None = None,
    runner: Callable[..., Any] | str | None = None,
) -> list[Fault]:
    """Return everything that would keep `run_study` from running the study; nothing if it can run."""
    return faults_of(Request(study, conditions, agent_bindings, problem_registry, parallelism, runner))
