"""The session's header line, and the heading above a failed run's traceback."""

import shlex
from collections.abc import Sequence

from pytest_dre.model.runs import RunSpec
from pytest_dre.model.study import Study
from pytest_dre.reporting.entries import Entry, entry_lines
from pytest_dre.reporting.numbers import counted
from pytest_dre.reporting.values import assignment_texts, level_names
from pytest_dre.reporting.width import clean, display_width

# "  condition  ": what stands left of a heading's texts
LABELS = 13


def header_line(run_count: int, study_count: int, *, stored: int = 0, missing: int | None = None) -> str:
    """Return the session's header, such as "dre: 120 runs of 2 studies planned, 100 stored, 20 missing".

    Args:
        run_count: Planned runs.
        study_count: Studies they belong to.
        stored: Planned runs that the store has completed.
        missing: Planned runs that it has not; None leaves that out.
    """
    parts = [f"dre: {counted(run_count, 'run')} of {counted(study_count, 'study', 'studies')} planned"]
    parts += [f"{stored} stored"] if stored else []
    parts += [f"{missing} missing"] if missing is not None else []
    return ", ".join(parts)


def failure_heading(
    run: RunSpec, study: Study, *, width: int, item: str | None = None, command: Sequence[str] = ("pytest",)
) -> list[str]:
    """Return the heading above a failed run's traceback: all that tells the run from others, and how to rerun it.

    Args:
        run: The failed run.
        study: Its study.
        width: Terminal columns.
        item: What names the run on pytest's command line, "path::name"; None leaves the rerun command out.
        command: The command and options that `item` is appended to.
    """
    entries = [
        Entry("study", (clean(study.study_id),)),
        *_condition(run, study, width),
        *([Entry("agent", (clean(run.agent_id),))] if run.agent_id is not None else []),
        *([Entry("problem", (clean(run.problem_id),))] if run.problem_id is not None else []),
        Entry("replicate", (str(run.replicate),)),
        Entry("seed", (str(run.seed),)),
        *([Entry("rerun", command=shlex.join([*command, item]))] if item is not None else []),
    ]
    return entry_lines(entries, width)


def _condition(run: RunSpec, study: Study, width: int) -> list[Entry]:
    """Return the condition's factors and blocks: in one line if they fit, else each in its own."""
    levels = level_names(study)
    parts = assignment_texts(run.condition, levels)
    if not parts:
        return [Entry("condition", (clean(run.condition_id),))]
    if display_width(", ".join(parts)) <= width - LABELS:
        return [Entry("condition", parts)]
    return [Entry("condition" if index == 0 else "", (part,)) for index, part in enumerate(parts)]
