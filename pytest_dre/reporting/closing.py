"""What stands under a summary's table: what a reader must know of the runs, where the artifacts are, how to resume."""

from collections import Counter
from dataclasses import dataclass

from pytest_dre.reporting.entries import Entry
from pytest_dre.reporting.numbers import counted
from pytest_dre.reporting.statistics import OTHER_REASONS, UNTOLD_SKIP, StudyTally, Totals, totals
from pytest_dre.reporting.width import ELLIPSIS, clean, fit

MAX_REASONS = 5
MAX_REASON = 40  # columns of one of several reasons
MAX_SKIP_REASON = 60  # columns of the one reason that is told
MAX_STATUS_LINES = 4
MAX_NOTE_LINES = 3
MAX_ERROR_LINES = 6


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a summary tells beside the results that count; the fields are the parameters of `summary_lines`."""

    output_dir: str
    resume_command: str | None
    stale: int = 0
    orphans: int = 0
    error: str = ""


def closing_entries(tally: StudyTally | None, about: Whereabouts, *, compact: bool = False) -> list[Entry]:
    """Return what stands under the table, in one line each if `compact`; of a tally that is not known, the error."""
    error = [Entry("error", words=clean(about.error), lines=1 if compact else MAX_ERROR_LINES)] if about.error else []
    if tally is None:
        return error
    sums = totals(tally)
    return [
        *_runs(tally, sums, compact=compact),
        *_problems(tally, sums),
        *_kept(about, lines=1 if compact else MAX_NOTE_LINES),
        Entry("artifacts", (clean(about.output_dir),)),
        *_resume(about.resume_command if sums.missing or sums.failed else None, compact=compact),
        *error,
    ]


def _runs(tally: StudyTally, sums: Totals, *, compact: bool) -> list[Entry]:
    """Return what became of the runs, if there is more to it than that all are done now."""
    notable = [*_when(tally, sums), *_notable(tally, sums, reasons=not compact)]
    if not notable:
        return []
    done = f"{sums.done} of {sums.planned} done"
    if tally.earlier_done:
        first, *notable = notable
        done = f"{done}: {first}"
    return [Entry("runs", (done, *notable), lines=1 if compact else MAX_STATUS_LINES)]


def _when(tally: StudyTally, sums: Totals) -> list[str]:
    """Return from when the successes are, if some are of earlier sessions; else only how many were replayed."""
    earlier = tally.earlier_done
    now = sums.done - sums.cached - earlier if earlier else 0
    return [
        *([f"{now} now"] if now > 0 else []),
        *([f"{sums.cached} replayed"] if sums.cached and earlier else []),
        *([f"{earlier} of earlier sessions"] if earlier else []),
    ]


def _notable(tally: StudyTally, sums: Totals, *, reasons: bool) -> list[str]:
    """Return what a reader must know besides how many runs are done; failures and skips with `reasons` if wanted."""
    parts = []
    if sums.failed:
        parts.append(f"{sums.failed} failed" + (_in_brackets(_failures(tally)) if reasons else ""))
    if sums.skipped:
        parts.append(f"{sums.skipped} skipped" + (_in_brackets(_skips(tally.skips)) if reasons else ""))
    if sums.missing:
        parts.append(f"{sums.missing} missing")
    if sums.cached and not tally.earlier_done:
        parts.append(f"{sums.cached} replayed")
    if sums.without_outcome and sums.outcomes:
        parts.append(f"{sums.without_outcome} without a number as {clean(tally.outcome.name)}")
    if tally.unplanned:
        parts.append(f"{counted(tally.unplanned, 'stored result')} of no planned condition")
    return parts


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def _failures(tally: StudyTally) -> str:
    """Return the most frequent reasons with their counts, equals by name, and how many are of earlier sessions."""
    ordered = _by_frequency(tally.failures)
    texts = [f"{fit(reason, MAX_REASON)} {count}" for reason, count in ordered[:MAX_REASONS]]
    if len(ordered) > MAX_REASONS:
        texts.append(f"{ELLIPSIS} {len(ordered) - MAX_REASONS} more")
    earlier = f"; {tally.earlier_failed} of earlier sessions" if tally.earlier_failed else ""
    return ", ".join(texts) + earlier


def _skips(reasons: Counter[str]) -> str:
    """Return the most frequent reason, which is often a sentence, and how many runs have others."""
    told = _by_frequency(Counter({reason: count for reason, count in reasons.items() if reason != UNTOLD_SKIP}))
    if not told:
        return ""
    reason, count = told[0]
    others = reasons.total() - count
    shown = fit(reason, MAX_SKIP_REASON)
    return f"{shown} {count}, others {others}" if others else shown


def _by_frequency(reasons: Counter[str]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda item: (item[0] == OTHER_REASONS, -item[1], item[0]))


def _problems(tally: StudyTally, sums: Totals) -> list[Entry]:
    pooled = tally.problems > 1 and sums.outcomes
    return [Entry("outcome", (f"mean over {counted(tally.problems, 'problem')}",))] if pooled else []


def _kept(about: Whereabouts, lines: int) -> list[Entry]:
    """Return what is stored but not shown."""
    entries = []
    if about.stale:
        has = "has" if about.stale == 1 else "have"
        results = f"{counted(about.stale, 'run')} {has} results of another agent, problem or seed only"
        entries.append(Entry("stale", words=f"{results}: kept, not shown", lines=lines))
    if about.orphans:
        are = "is" if about.orphans == 1 else "are"
        runs = f"{counted(about.orphans, 'stored run')} {are} not planned any more"
        entries.append(Entry("orphans", words=f"{runs}: kept, not shown", lines=lines))
    return entries


def _resume(command: str | None, *, compact: bool) -> list[Entry]:
    if not command:
        return []
    return [Entry("resume", (clean(command),)) if compact else Entry("resume", command=command)]
