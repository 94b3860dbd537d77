"""Where runs failed: the reasons, each with the agents and conditions that it struck."""

from collections.abc import Sequence
from heapq import nsmallest

from pytest_dre.model.runs import Condition
from pytest_dre.reporting.entries import Entry
from pytest_dre.reporting.numbers import counted
from pytest_dre.reporting.statistics import OTHER_REASONS, RowTally, StudyTally
from pytest_dre.reporting.values import LevelNames
from pytest_dre.reporting.width import ELLIPSIS, clean, fit

MAX_REASONS = 3
MAX_PLACES = 100  # of one reason that are written out; no line holds more, the others only count
MAX_REASON = 40  # columns


def failure_entries(tally: StudyTally, levels: LevelNames, names: Sequence[str]) -> list[Entry]:
    """Return a line for each of the most frequent reasons: where its runs failed, the most frequent place first.

    `names` are the factors and blocks that tell conditions apart. Nothing where no run failed, or where the summary has
    one row only, as the place is plain then.
    """
    if not tally.failures or len(tally.rows) < 2:
        return []
    reasons = sorted(tally.failures.items(), key=lambda item: (item[0] == OTHER_REASONS, -item[1], item[0]))
    entries = [
        Entry("" if index else "failures", _places(tally.rows, reason, count, levels, names))
        for index, (reason, count) in enumerate(reasons[:MAX_REASONS])
    ]
    if len(reasons) > MAX_REASONS:
        runs = sum(count for _, count in reasons[MAX_REASONS:])
        more = counted(len(reasons) - MAX_REASONS, "more reason")
        entries.append(Entry("", (f"{ELLIPSIS} {more} ({counted(runs, 'run')})",)))
    return entries


def _places(
    rows: Sequence[RowTally], reason: str, count: int, levels: LevelNames, names: Sequence[str]
) -> tuple[str, ...]:
    struck = [row for row in rows if reason in row.failures]
    most = nsmallest(MAX_PLACES, struck, key=lambda row: -row.failures[reason])  # equals stay in plan order
    texts = [_place(row, levels, names) for row in most]
    if len(struck) > 1:
        texts = [f"{text} ({row.failures[reason]})" for text, row in zip(texts, most, strict=True)]
    others = [ELLIPSIS] * (len(struck) - len(most))
    return (f"{fit(reason, MAX_REASON)} {count}: {texts[0]}", *texts[1:], *others)


def _place(row: RowTally, levels: LevelNames, names: Sequence[str]) -> str:
    """Return "agent at factor = value, …", as much of it as the study has."""
    agent = "" if row.agent_id is None else clean(row.agent_id)
    condition = _condition(row.condition, levels, names)
    if agent and condition:
        return f"{agent} at {condition}"
    return agent or condition or clean(row.condition.condition_id)


def _condition(condition: Condition, levels: LevelNames, names: Sequence[str]) -> str:
    assigned = condition.assignments
    return " and ".join(f"{clean(name)} = {levels.show(name, assigned[name])}" for name in names if name in assigned)
