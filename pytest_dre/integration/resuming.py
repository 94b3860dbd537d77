"""The command that goes on with a study where a session has left it."""

import shlex
from collections.abc import Iterable, Iterator, Sequence

import pytest

from pytest_dre.integration.pending import PendingRuns
from pytest_dre.integration.settings import settings_of
from pytest_dre.model.reasons import StatusReason
from pytest_dre.reporting.missing import unneeded
from pytest_dre.reporting.statistics import totals
from pytest_dre.sessions.budgets import reached_limit
from pytest_dre.sessions.exporting import ClosedStudy
from pytest_dre.sessions.resuming import ALL, STALE

LARGER = "LARGER"  # stands for the number that users must decide on; as it is, it is refused
_SELECTING = ("-k", "-m", "--deselect", "--lf", "--last-failed", "--ff", "--failed-first", "--nf", "--new-first")
# They stop at the first failure, or pass one over: with them a study may stay incomplete however often they are given.
_STEPWISE = ("--sw", "--stepwise", "--sw-skip", "--stepwise-skip", "--sw-reset", "--stepwise-reset")
_WITH_VALUE = ("-k", "-m", "--deselect")


def resume_command(config: pytest.Config, closed: ClosedStudy, pending: PendingRuns) -> str:
    """Return the user's own command with what resumes it, or one for the whole study where that would leave runs out.

    A spent budget of the study needs a larger one, which `--lf` alone has not; stale runs that were held back need
    `--dre-rerun stale`.
    """
    args = [arg for arg in map(str, config.invocation_params.args) if arg not in _STEPWISE]
    if _is_covered(closed, pending):
        option = "--lf" if getattr(config, "cache", None) is not None else "--dre-resume"
    else:
        option = "--dre-resume"
        args = _without_selection(args, config.args, _study_argument(config, closed))
    more = [option] if option not in args else []
    if closed.standing.stale and not settings_of(config).resumption.rerun <= {STALE, ALL}:
        more += ["--dre-rerun", STALE]
    return shlex.join(["pytest", *args, *more, *_larger_budgets(closed)])


def _is_covered(closed: ClosedStudy, pending: PendingRuns) -> bool:
    """Return whether all that the study lacks was selected in this session: only that does `--lf` pick up."""
    path = closed.planned.source.path
    if closed.tally is None or path is None:
        return True
    sums = totals(closed.tally)
    return pending.runs_left(path) >= sums.missing - unneeded(closed.unstarted) + sums.failed


def _study_argument(config: pytest.Config, closed: ClosedStudy) -> str:
    path = closed.planned.source.path
    assert path is not None, "a session's studies are files"
    here = config.invocation_params.dir
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _without_selection(args: Sequence[str], positional: Sequence[str], study: str) -> list[str]:
    """Return the arguments with `study` for what they name, and without what selects among its runs."""
    kept, words = [], iter(args)
    for word in words:
        name = word.partition("=")[0]
        if name in _SELECTING:
            if word in _WITH_VALUE:
                next(words, None)
        elif not word.startswith(("-k", "-m")) and word not in positional:
            kept.append(word)
    return [study, *kept]


def _larger_budgets(closed: ClosedStudy) -> Iterator[str]:
    """Yield the options that raise the study's budgets that are spent."""
    notes = (note for note in closed.unstarted.values() if note.reason == StatusReason.BUDGET)
    for limit in _unique(reached_limit(note.message) for note in notes):
        yield from ("--dre-limit", f"{limit}={LARGER}")


def _unique(names: Iterable[str | None]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]
