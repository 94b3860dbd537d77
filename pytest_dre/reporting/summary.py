"""The terminal's summary of a study: what its conditions came to, where the artifacts are, how to resume."""

from collections import Counter
from collections.abc import Sequence

from pytest_dre.model.study import Study
from pytest_dre.reporting.columns import Column, Table, lay_out, number_column
from pytest_dre.reporting.entries import Entry, entry_lines
from pytest_dre.reporting.factors import FIRST_RANK, LAST_RANK, assignment_columns
from pytest_dre.reporting.numbers import align_points, counted, format_cost, format_estimate
from pytest_dre.reporting.ranking import Goal, Selection, omission_texts, select
from pytest_dre.reporting.statistics import ConditionTally, StudyTally, Totals, totals
from pytest_dre.reporting.values import level_names, varying
from pytest_dre.reporting.width import ELLIPSIS, clean, display_width, fit, shorten

INDENT = "  "
NOTHING = "–"
MAX_REASONS = 5
MAX_STATUS_LINES = 4
MIN_TABLE = 5  # lines: header, best, what was left out, worst, total
# Which columns go first when a table is too wide; factors, the last first, go between skipped and failed runs.
DROP_COUNT, DROP_COST, DROP_SKIPPED, DROP_FAILED = LAST_RANK + 3, LAST_RANK + 2, LAST_RANK + 1, FIRST_RANK - 1


def summary_lines(
    study: Study,
    tally: StudyTally,
    *,
    width: int,
    height: int,
    output_dir: str,
    resume_command: str | None,
    outcome_name: str = "primary_outcome",
    goal: Goal | None = None,
) -> list[str]:
    """Return the summary of one study in at most `height` lines of at most `width` columns.

    Args:
        study: The study.
        tally: What became of its runs.
        width: Terminal columns; the layout is made for 40 and more.
        height: Lines at most; sensible from 10.
        output_dir: Where the artifacts are.
        resume_command: Shell command that runs what is missing or failed; shown only if something is.
        outcome_name: What the outcome's column is called.
        goal: Whether high or low outcomes are good, None if the study does not say.
    """
    sums = totals(tally)
    title = shorten(f"{clean(study.study_id)}: {clean(study.title)}", width)
    outcome = clean(outcome_name)
    closing = entry_lines(_closing(tally, sums, output_dir, resume_command, outcome), width)
    room = height - 1 - len(closing)
    if room < MIN_TABLE:
        closing = entry_lines(_closing(tally, sums, output_dir, resume_command, outcome, compact=True), width)
        room = height - 1 - len(closing)
    table = _table_lines(study, tally, sums, width=width, room=room, outcome=outcome, goal=goal)
    return [title, *table, *closing][: max(height, 0)]


def _table_lines(
    study: Study, tally: StudyTally, sums: Totals, *, width: int, room: int, outcome: str, goal: Goal | None
) -> list[str]:
    """Return header, conditions and total; nothing where there is no room for one condition."""
    if not tally.conditions:
        return [f"{INDENT}no runs are planned"][: max(room, 0)]
    several = len(tally.conditions) > 1
    selection = select(tally.conditions, room - 1 - several, goal)
    if not selection.above:
        return []
    table = _table(study, tally, selection, sums, width=width - len(INDENT), outcome=outcome)
    texts = omission_texts(selection, goal, outcome)
    omission = [_first_that_fits(texts, width - len(INDENT))] if selection.omitted else []
    rows, above = list(table.rows), len(selection.above)
    lines = [table.header, *rows[:above], *omission, *rows[above:]]
    lines += table.note(width - len(INDENT)) if len(lines) < room else []
    return [INDENT + line for line in lines]


def _first_that_fits(texts: Sequence[str], width: int) -> str:
    return next((text for text in texts if display_width(text) <= width), shorten(texts[-1], width))


def _table(study: Study, tally: StudyTally, selection: Selection, sums: Totals, *, width: int, outcome: str) -> Table:
    shown = [*selection.above, *selection.below]
    several = len(tally.conditions) > 1
    numbers = _number_columns(shown, sums, outcome, total=several)
    names = varying(item.condition for item in tally.conditions)
    factors = assignment_columns(
        names, [item.condition for item in shown], level_names(study), footer="total" if several else None
    )
    return lay_out([*factors, *numbers], width)


def _number_columns(shown: Sequence[ConditionTally], sums: Totals, outcome: str, *, total: bool) -> list[Column]:
    """Return the columns right of the factors; those without content are left out."""
    footer = [sums] if total else []
    counts: list[ConditionTally | Totals] = [*shown, *footer]
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


def _outcome_column(shown: Sequence[ConditionTally], outcome: str, blank_rows: int) -> Column:
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


def _closing(
    tally: StudyTally, sums: Totals, output_dir: str, resume_command: str | None, outcome: str, *, compact: bool = False
) -> list[Entry]:
    """Return what stands under the table; in one line each if `compact`."""
    entries = []
    notable = _notable(tally, sums, outcome, reasons=not compact)
    if notable:
        entries.append(
            Entry("runs", (f"{sums.done} of {sums.planned} done", *notable), lines=1 if compact else MAX_STATUS_LINES)
        )
    entries.append(Entry("artifacts", (clean(output_dir),)))
    if resume_command and (sums.missing or sums.failed):
        parts = (clean(resume_command),)
        entries.append(Entry("resume", parts) if compact else Entry("resume", command=resume_command))
    return entries


def _notable(tally: StudyTally, sums: Totals, outcome: str, *, reasons: bool) -> list[str]:
    """Return what a reader must know besides how many runs are done; failures and skips with `reasons` if wanted."""
    parts = []
    if sums.failed:
        parts.append(f"{sums.failed} failed" + (f" ({_reasons(tally.failures)})" if reasons else ""))
    if sums.skipped:
        parts.append(f"{sums.skipped} skipped" + (f" ({_reasons(tally.skips)})" if reasons else ""))
    if sums.missing:
        parts.append(f"{sums.missing} missing")
    if sums.cached:
        parts.append(f"{sums.cached} replayed")
    if sums.without_outcome and sums.outcomes:
        parts.append(f"{sums.without_outcome} without a number as {outcome}")
    if tally.unplanned:
        parts.append(f"{counted(tally.unplanned, 'stored result')} of no planned condition")
    return parts


def _reasons(reasons: Counter[str]) -> str:
    """Return the most frequent reasons with their counts, equals by name."""
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    texts = [f"{fit(reason, 40)} {count}" for reason, count in ordered[:MAX_REASONS]]
    if len(ordered) > MAX_REASONS:
        texts.append(f"{ELLIPSIS} {len(ordered) - MAX_REASONS} more")
    return ", ".join(texts)
