"""What a summary says of runs without a result, and of runs without an outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping

from pytest_dre.analysis.missing import WORST
from pytest_dre.analysis.unstarted import NOT_STARTED, Unstarted
from pytest_dre.model.reasons import StatusReason
from pytest_dre.reporting.entries import Entry
from pytest_dre.reporting.numbers import counted, format_number
from pytest_dre.reporting.statistics import StudyTally, Totals
from pytest_dre.reporting.width import clean, fit

MAX_REASONS = 5
MAX_REASON = 40  # columns of a reason
MAX_MESSAGES = 3  # reasons whose message is told
MAX_BUDGETS = 3
MESSAGE_LINES = 2


def missing_text(missing: int, unstarted: Mapping[str, Unstarted], *, reasons: bool) -> str:
    """Return "7 missing (budget 5, not started 2), 4 not needed"; runs without a reason are those nobody got to."""
    needless = unneeded(unstarted)
    parts = [f"{needless} not needed"] if needless else []
    if missing > needless:
        told = _reasons(missing - needless, unstarted) if reasons else []
        in_brackets = f" ({', '.join(told)})" if told else ""
        parts.insert(0, f"{missing - needless} missing{in_brackets}")
    return ", ".join(parts)


def _reasons(missing: int, unstarted: Mapping[str, Unstarted]) -> list[str]:
    """Return ["budget 5", "not started 2"]: the most frequent reasons, and last how many runs have none."""
    others = [item for item in unstarted.values() if item.reason != StatusReason.NOT_NEEDED]
    told = [f"{fit(reason, MAX_REASON)} {count}" for reason, count in _by_frequency(others)[:MAX_REASONS]]
    without = missing - len(others)
    return [*told, f"{NOT_STARTED.replace('_', ' ')} {without}"] if without > 0 else told


def unneeded(unstarted: Mapping[str, Unstarted]) -> int:
    """Return how many runs were not started as every gate that counts them was decided."""
    return sum(item.reason == StatusReason.NOT_NEEDED for item in unstarted.values())


def message_entries(unstarted: Mapping[str, Unstarted], *, compact: bool) -> list[Entry]:
    """Return the first message of each of the most frequent reasons for not starting a run, and of each spent budget.

    Where `compact`, that of the most frequent reason only.
    """
    messages = _messages(unstarted)
    reasons = [reason for reason, _ in _by_frequency(unstarted.values()) if reason in messages]
    shown = [(reason, text) for reason in reasons[:MAX_MESSAGES] for text in messages[reason][:MAX_BUDGETS]]
    shown = shown[:1] if compact else shown
    lines = 1 if compact else MESSAGE_LINES
    needless = [clean(text) for reason, text in shown if reason == StatusReason.NOT_NEEDED]
    others = [
        f"{fit(reason, MAX_REASON)}: {clean(text)}" for reason, text in shown if reason != StatusReason.NOT_NEEDED
    ]
    entries = [Entry("" if index else "missing", words=text, lines=lines) for index, text in enumerate(others)]
    return [*entries, *(Entry("not needed", words=text, lines=lines) for text in needless)]


def _messages(unstarted: Mapping[str, Unstarted]) -> dict[str, list[str]]:
    """Return each reason's first message, of several budgets the first of each, in the order of runs held back."""
    first: dict[tuple[str, str], str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for item in unstarted.values():
        if item.message:
            key = (item.reason, _budget(item.message) if item.reason == StatusReason.BUDGET else "")
            first.setdefault(key, item.message)
            counts[key] += 1
    found: dict[str, list[str]] = {}
    for key in sorted(first, key=lambda key: (-counts[key], key)):
        found.setdefault(key[0], []).append(first[key])
    return found


def _budget(message: str) -> str:
    """Return which budget a message is about: what stands before the amounts, which grow from run to run."""
    return message.rpartition(":")[0] or message


def outcome_notes(tally: StudyTally, sums: Totals) -> list[str]:
    """Return what was made of missing outcomes, where something other than leaving them out was asked for."""
    if tally.outcome.policy != WORST or not sums.lacking:
        return []
    missing = counted(sums.lacking, "outcome") + " missing"
    if tally.gaps.value is not None:
        return [f"{missing}, taken as the worst ({format_number(tally.gaps.value)})"]
    why = "no goal says which value is the worst" if tally.outcome.goal is None else "no value to take as the worst"
    return [f"{missing}, left out: {why}"]


def _by_frequency(items: Iterable[Unstarted]) -> list[tuple[str, int]]:
    counts = Counter(item.reason for item in items)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
