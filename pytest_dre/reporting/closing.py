"""What stands under a summary's table: what a reader must know of the runs, where the artifacts are, how to resume."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_dre.analysis.undone import UndoneTests
from pytest_dre.analysis.unstarted import TotalSpending, Unstarted
from pytest_dre.reporting.entries import Entry
from pytest_dre.reporting.missing import message_entries, missing_text, outcome_notes, unneeded
from pytest_dre.reporting.numbers import counted, format_amount
from pytest_dre.reporting.statistics import OTHER_REASONS, UNTOLD_SKIP, StudyTally, Totals, totals
from pytest_dre.reporting.width import ELLIPSIS, clean, fit

MAX_REASONS = 5
MAX_REASON = 40  # columns of one of several reasons
MAX_SKIP_REASON = 60  # columns of the one reason that is told
MAX_STATUS_LINES = 4
MAX_NOTE_LINES = 3
MAX_ERROR_LINES = 6
MAX_NOTICES = 3
MAX_UNREPORTED = 3
MAX_NAME = 40  # columns of an item's name
SHOWN_USD = 5e-5  # amounts below look like nothing


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a summary tells beside the results that count; the fields are the parameters of `summary_lines`."""

    output_dir: str
    resume_command: str | None
    stale: int = 0
    orphans: int = 0
    error: str = ""
    stale_names: Sequence[str] = ()
    stale_included: bool = False
    unstarted: Mapping[str, Unstarted] = field(default_factory=dict)
    spending: TotalSpending | None = None
    notices: Sequence[str] = ()
    undone: UndoneTests | None = None


def closing_entries(
    tally: StudyTally | None, about: Whereabouts, failures: Sequence[Entry] = (), *, compact: bool = False
) -> list[Entry]:
    """Return what stands under the table, in one line each if `compact`; of a tally that is not known, the error.

    How to resume is told if runs are missing or failed, or artifacts are.

    `failures` say where runs failed; they are left out if `compact`.
    """
    warnings = [*_notices(about.notices, compact=compact), *_error(about.error, compact=compact)]
    if tally is None:
        return [*warnings, *_resume(about.resume_command, compact=compact)]
    sums = totals(tally)
    lines = 1 if compact else MAX_NOTE_LINES
    return [
        *_runs(tally, sums, about.unstarted, compact=compact),
        *(() if compact else failures),
        *(message_entries(about.unstarted, compact=compact) if sums.missing else ()),
        *_outcome(tally, sums, lines),
        *_spent(tally, sums, about.spending, lines),
        *_stale(about, lines),
        *_orphans(about, lines),
        *_analysis(about.undone, lines),
        Entry("artifacts", (clean(about.output_dir),)),
        *_resume(about.resume_command if _unfinished(sums, about) else None, compact=compact),
        *warnings,
    ]


def _unfinished(sums: Totals, about: Whereabouts) -> bool:
    """Return whether there is something left to do: runs, artifacts."""
    return bool(sums.missing > unneeded(about.unstarted) or sums.failed or about.error)


def _notices(notices: Sequence[str], *, compact: bool) -> list[Entry]:
    entries = [
        Entry("" if index else "notice", words=clean(text), lines=1 if compact else MAX_ERROR_LINES)
        for index, text in enumerate(notices[:MAX_NOTICES])
    ]
    more = len(notices) - MAX_NOTICES
    return [*entries, Entry("", (f"{ELLIPSIS} {counted(more, 'more notice')}",))] if more > 0 else entries


def _error(error: str, *, compact: bool) -> list[Entry]:
    return [Entry("error", words=clean(error), lines=1 if compact else MAX_ERROR_LINES)] if error else []


def _runs(tally: StudyTally, sums: Totals, unstarted: Mapping[str, Unstarted], *, compact: bool) -> list[Entry]:
    """Return what became of the runs, if there is more to it than that all are done now."""
    missing = [missing_text(sums.missing, unstarted, reasons=not compact)] if sums.missing else []
    notable = [*_when(tally, sums), *_carried_out(tally, sums, reasons=not compact), *missing, *_peculiar(tally, sums)]
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


def _carried_out(tally: StudyTally, sums: Totals, *, reasons: bool) -> list[str]:
    """Return how many runs failed and were skipped, with `reasons` if wanted."""
    parts = []
    if sums.failed:
        parts.append(f"{sums.failed} failed" + (_in_brackets(_failures(tally)) if reasons else ""))
    if sums.skipped:
        parts.append(f"{sums.skipped} skipped" + (_in_brackets(_skips(tally.skips)) if reasons else ""))
    return parts


def _peculiar(tally: StudyTally, sums: Totals) -> list[str]:
    """Return what else a reader must know of the results."""
    parts = []
    if sums.cached and not tally.earlier_done:
        parts.append(f"{sums.cached} replayed")
    if tally.retried:
        parts.append(f"{tally.retried} retried")
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


def _outcome(tally: StudyTally, sums: Totals, lines: int) -> list[Entry]:
    """Return what the outcome's means are over, and which outcomes no run has a value of."""
    pooled = tally.problems > 1 and sums.outcomes
    parts = [f"mean over {_problems(tally)}"] if pooled else []
    parts += outcome_notes(tally, sums)
    entries = [Entry("outcome", tuple(parts), lines=lines)] if parts else []
    texts = list(tally.unreported.texts().values())
    for text in texts[:MAX_UNREPORTED]:
        entries.append(Entry("" if entries else "outcome", words=clean(text), lines=lines))
    more = len(texts) - MAX_UNREPORTED
    return [*entries, Entry("", (f"{ELLIPSIS} {counted(more, 'more outcome')}",))] if more > 0 else entries


def _problems(tally: StudyTally) -> str:
    """Return "12 problems", or "3 of 12 problems" where results are of some only."""
    seen = len(tally.seen_problems)
    of = f"{seen} of " if seen < tally.problems else ""
    return f"{of}{counted(tally.problems, 'problem')}"


def _spent(tally: StudyTally, sums: Totals, spending: TotalSpending | None, lines: int) -> list[Entry]:
    """Return what was spent in all, if not all of it went into the results that count."""
    if spending is None:
        return []
    lost = spending.cost_usd - (sums.cost_usd - tally.lost_usd)
    if lost < SHOWN_USD:
        return []
    total = f"{format_amount(spending.cost_usd)} in all"
    where = f"of it {format_amount(lost)} on failed attempts and results that do not count"
    return [Entry("spent", words=f"{total}, {where}", lines=lines)]


def _stale(about: Whereabouts, lines: int) -> list[Entry]:
    if not about.stale:
        return []
    if about.stale_included:
        were = "was" if about.stale == 1 else "were"
        text = f"{about.stale} of the results shown {were} made with another version of the agent or problem"
        return [Entry("stale", words=f"{text} (--dre-allow-stale)", lines=lines)]
    has, them = ("has", "it") if about.stale == 1 else ("have", "them")
    results = f"{counted(about.stale, 'run')} {has} results of another agent, problem or seed only"
    words = f"{results}: kept, not shown; rerun {them} with --dre-rerun stale"
    return [Entry("stale", words=words, lines=lines), *(_names(about.stale_names, about.stale) if lines > 1 else ())]


def _names(names: Sequence[str], total: int) -> list[Entry]:
    """Return a line of the first names, as many as fit, and how many more there are; nothing without names."""
    shown = tuple(fit(name, MAX_NAME, "middle") for name in names)
    return [Entry("", shown, beyond=total - len(shown))] if shown else []


def _orphans(about: Whereabouts, lines: int) -> list[Entry]:
    if not about.orphans:
        return []
    are = "is" if about.orphans == 1 else "are"
    runs = f"{counted(about.orphans, 'stored run')} {are} not planned any more"
    return [Entry("orphans", words=f"{runs}: kept, not shown", lines=lines)]


def _analysis(undone: UndoneTests | None, lines: int) -> list[Entry]:
    """Return that planned tests could not be carried out: elsewhere only a file says so."""
    return [Entry("analysis", words=clean(undone_text(undone)), lines=lines)] if undone is not None else []


def undone_text(undone: UndoneTests) -> str:
    """Return how many tests could not be carried out, and why."""
    tests = counted(undone.planned, "test")
    return f"{undone.count} of {tests} could not be carried out: {undone.reason} (analysis.json)"


def _resume(command: str | None, *, compact: bool) -> list[Entry]:
    if not command:
        return []
    return [Entry("resume", (clean(command),)) if compact else Entry("resume", command=command)]
