"""The terminal's summary of a study: what its conditions came to, where the artifacts are, how to resume."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pytest_dre.analysis.undone import UndoneTests
from pytest_dre.analysis.unstarted import TotalSpending, Unstarted
from pytest_dre.model.study import Study
from pytest_dre.reporting.closing import Whereabouts, closing_entries
from pytest_dre.reporting.columns import Column, Table, lay_out, number_column
from pytest_dre.reporting.entries import Entry, entry_lines
from pytest_dre.reporting.factors import FIRST_RANK, LAST_RANK, MIN_WIDTH, assignment_columns
from pytest_dre.reporting.failures import failure_entries
from pytest_dre.reporting.numbers import align_points, format_cost, format_estimate
from pytest_dre.reporting.ranking import Selection, omission_texts, select
from pytest_dre.reporting.statistics import RowTally, StudyTally, Totals, totals
from pytest_dre.reporting.values import assignment_texts, level_names, varying
from pytest_dre.reporting.width import clean, display_width, shorten

INDENT = "  "
NOTHING = "–"
MIN_TABLE = 5  # lines: header, best, what was left out, worst, total
# Which columns go first when a table is too wide; factors, the last first, go between skipped and failed runs.
DROP_COUNT, DROP_COST, DROP_SKIPPED, DROP_FAILED = LAST_RANK + 3, LAST_RANK + 2, LAST_RANK + 1, FIRST_RANK - 1

_NONE: Mapping[str, Unstarted] = MappingProxyType({})


def summary_lines(
    study: Study,
    tally: StudyTally | None,
    *,
    width: int,
    height: int,
    output_dir: str,
    resume_command: str | None,
    stale: int = 0,
    orphans: int = 0,
    error: str = "",
    stale_names: Sequence[str] = (),
    stale_included: bool = False,
    unstarted: Mapping[str, Unstarted] = _NONE,
    spending: TotalSpending | None = None,
    notices: Sequence[str] = (),
    undone: UndoneTests | None = None,
) -> list[str]:
    """Return the summary of one study in at most `height` lines of at most `width` columns.

    Args:
        study: The study.
        tally: What became of its runs; None if that is not known: then there is only the error to tell.
        width: Terminal columns; the layout is made for 40 and more.
        height: Lines at most; sensible from 10.
        output_dir: Where the artifacts are.
        resume_command: Shell command that runs what is missing or failed; shown only if something is.
        stale: Planned runs of which only results of another agent, problem or seed are stored.
        orphans: Stored runs that are not planned any more.
        error: What went wrong with the artifacts, "" if nothing did.
        stale_names: Item names of the stale runs, or the first few; those that fit are told.
        stale_included: Whether the results of stale runs are in the tally all the same.
        unstarted: Why runs have no result, by run id; only of planned runs without one (an export tells those).
        spending: What the study came to in all sessions; None if that is not known.
        notices: What else happened that a reader must know, such as a salvaged store.
        undone: Tests of analysis plans that could not be carried out; None if all were.
    """
    title = shorten(f"{clean(study.study_id)}: {clean(study.title)}", width)
    about = Whereabouts(
        output_dir,
        resume_command,
        stale,
        orphans,
        error,
        stale_names,
        stale_included,
        unstarted,
        spending,
        notices,
        undone,
    )
    if tally is None:
        return [title, *entry_lines(closing_entries(None, about), width)][: max(height, 0)]
    sums, names = totals(tally), varying(row.condition for row in tally.rows)
    shared = _shared_condition(study, tally, names)
    failures = failure_entries(tally, level_names(study), names)
    closing = entry_lines([*shared, *closing_entries(tally, about, failures)], width)
    room = height - 1 - len(closing)
    if room < MIN_TABLE:
        closing = entry_lines(closing_entries(tally, about, compact=True), width)
        room = height - 1 - len(closing)
    table = _table_lines(study, tally, sums, names, width=width, room=room)
    return [title, *table, *closing][: max(height, 0)]


def _shared_condition(study: Study, tally: StudyTally, names: Sequence[str]) -> list[Entry]:
    """Return the condition that all rows share, where the rows only name agents."""
    if names or not tally.by_agent:
        return []
    parts = assignment_texts(tally.rows[0].condition, level_names(study))
    return [Entry("condition", parts, lines=2)] if parts else []


def _table_lines(
    study: Study, tally: StudyTally, sums: Totals, names: Sequence[str], *, width: int, room: int
) -> list[str]:
    """Return header, rows and total; nothing where there is no room for one row."""
    if not tally.rows:
        return [f"{INDENT}no runs are planned"][: max(room, 0)]
    several = len(tally.rows) > 1
    selection = select(tally.rows, room - 1 - several, tally.outcome.goal)
    if not selection.above:
        return []
    table = _table(study, tally, selection, sums, names, width=width - len(INDENT))
    texts = omission_texts(
        selection, tally.outcome.goal, clean(tally.outcome.name), "row" if tally.by_agent else "condition"
    )
    omission = [_first_that_fits(texts, width - len(INDENT))] if selection.omitted else []
    rows, above = list(table.rows), len(selection.above)
    lines = [table.header, *rows[:above], *omission, *rows[above:]]
    lines += table.note(width - len(INDENT)) if len(lines) < room else []
    return [INDENT + line for line in lines]


def _first_that_fits(texts: Sequence[str], width: int) -> str:
    return next((text for text in texts if display_width(text) <= width), shorten(texts[-1], width))


def _table(
    study: Study, tally: StudyTally, selection: Selection, sums: Totals, names: Sequence[str], *, width: int
) -> Table:
    shown = [*selection.above, *selection.below]
    several = len(tally.rows) > 1
    footer = "total" if several else None
    numbers = _number_columns(shown, sums, clean(tally.outcome.name), total=several)
    if tally.by_agent and not names:
        return lay_out([_agent_column(shown, footer), *numbers], width)
    factors = assignment_columns(names, [item.condition for item in shown], level_names(study), footer)
    agents = [_agent_column(shown, "" if several else None)] if tally.by_agent else []
    return lay_out([*factors, *agents, *numbers], width)


def _agent_column(shown: Sequence[RowTally], footer: str | None) -> Column:
    """Return the column that tells agents apart; it always stays, as rows would look the same without."""
    cells = tuple(clean(item.agent_id or "") for item in shown)
    return Column(("agent",), cells if footer is None else (*cells, footer), minimum=MIN_WIDTH)


def _number_columns(shown: Sequence[RowTally], sums: Totals, outcome: str, *, total: bool) -> list[Column]:
    """Return the columns right of the factors; those without content are left out."""
    footer = [sums] if total else []
    counts: list[RowTally | Totals] = [*shown, *footer]
    columns = [number_column(("runs",), [f"{item.done}/{item.planned}" for item in counts])]
    if sums.failed:
        columns.append(number_column(("failed", "fail"), [str(item.failed) for item in counts], DROP_FAILED))
    if sums.skipped:
        columns.append(number_column(("skipped", "skip"), [str(item.skipped) for item in counts], DROP_SKIPPED))
    if sums.outcomes:
        columns.append(_outcome_column(shown, outcome, blank_rows=len(footer)))
        numbers = [str(item.outcome.count) for item in shown]
        columns.append(
            number_column(("n",), [*numbers, *(str(sums.outcomes) for _ in footer)], DROP_COUNT, luxury=True)
        )
    if sums.cost_usd:
        columns.append(number_column(("cost",), [format_cost(item.cost_usd) for item in counts], DROP_COST))
    return columns


def _outcome_column(shown: Sequence[RowTally], outcome: str, blank_rows: int) -> Column:
    estimates = [
        (NOTHING, "") if item.outcome.mean is None else format_estimate(item.outcome.mean, item.outcome.deviation)
        for item in shown
    ]
    means = align_points([mean for mean, _ in estimates])
    deviations = align_points([deviation for _, deviation in estimates])
    if any(deviation.strip() for deviation in deviations):
        cells = [
            f"{mean} {'±' if deviation.strip() else ' '} {deviation}"
            for mean, deviation in zip(means, deviations, strict=True)
        ]
        headers: tuple[str, ...] = (f"{outcome} (mean ± sd)", outcome)
    else:
        cells, headers = means, (f"{outcome} (mean)", outcome)
    return number_column(headers, [*cells, *([""] * blank_rows)])
