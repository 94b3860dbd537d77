"""Values that stand in for missing ones: what a reader of a verdict must know of them."""

from collections.abc import Iterator

from pytest_dre.analysis.gates.arms import Arms
from pytest_dre.analysis.gates.question import Question
from pytest_dre.analysis.missing import WORST

FAILED = "failed"  # has no value of its own: saved outcomes do not say which were imputed


def imputed_notes(question: Question, arms: Arms) -> tuple[str, ...]:
    """Return for each arm how many of its values `missing_data_policy: worst` has put in; no note where none was."""
    if question.spec.missing_data_policy != WORST:
        return ()
    return tuple(_notes(question.outcome, arms))


def _notes(outcome: str, arms: Arms) -> Iterator[str]:
    for name, rows in zip(arms.names, arms.rows, strict=True):
        known = [(row, value) for row in rows if (value := row.values.get(outcome)) is not None]
        imputed = [value for row, value in known if outcome in row.imputed or row.status == FAILED]
        if imputed:
            worst = ", ".join(f"{value:.6g}" for value in sorted(set(imputed)))
            were, are = ("was", "is") if len(imputed) == 1 else ("were", "are")
            said = f"of {len(known)} values {len(imputed)} {were} missing and {are} taken as the worst, {worst}"
            yield f"{name}: {said} (missing_data_policy: worst)"
