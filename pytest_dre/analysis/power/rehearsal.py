"""Whether a planned test can be carried out at all: it is tried on made-up outcomes of the type that is declared.

A test that does not suit its outcome, or has no two values an arm, ends in an error whatever the runs give; no power
may be told of it.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from pytest_dre.analysis.methods.bounds import Values
from pytest_dre.analysis.outcomes import INTEGERS
from pytest_dre.analysis.plan_requests import Asked
from pytest_dre.analysis.procedures.registry import run_test
from pytest_dre.errors import DreError
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.verdicts import OutcomeRow

TRIES = 3  # few made-up values may by chance be all the same
FEWEST_RESAMPLES = 99  # whether a test can be carried out does not depend on them
USUAL = (0.0, 9.0)  # values of an outcome without a range
MOST_VALUES = 10  # of whole numbers: few enough for tests of categories, too
WIDEST = 1e6  # of ranges: made-up values need not fill wider ones

Kind = Literal["bool", "int", "float"]


def rehearsed(
    rows: Sequence[OutcomeRow], outcome: str, spec: OutcomeSpec | None, ask: Callable[[list[OutcomeRow]], Asked]
) -> Asked:
    """Return what is asked of the rows as if each run had succeeded, with outcomes that nothing is wrong with.

    Stored outcomes that are all 0 and 1, or all whole, say what the others will be, whatever is declared.

    Args:
        rows: One per planned run.
        outcome: What is tested.
        spec: Its definition, None if it has none.
        ask: Makes a request of rows.

    Raises:
        DreError: The test ends in this error whatever the runs give.
    """
    stored = {value for row in rows if (value := row.values.get(outcome)) is not None}
    kind = _kind(stored, spec)

    def of(kind: Kind) -> Asked:
        return _rehearsed(lambda seed: ask(_made_up(rows, outcome, _values(kind, len(rows), spec, seed))))

    try:
        return of(kind)
    except DreError as error:
        if kind != "bool" and not stored and _is_possible(of):
            raise DreError(f"{error}; if its values are true or false, write 'expected_type: boolean'") from error
        raise


def _is_possible(of: Callable[[Kind], Asked]) -> bool:
    """Return whether the test could be carried out if the outcome were true or false, whatever is declared."""
    try:
        of("bool")
    except DreError:
        return False
    return True


def _rehearsed(ask: Callable[[int], Asked]) -> Asked:
    for seed in range(1, TRIES):
        asked = ask(seed)
        try:
            _carry_out(asked)
        except DreError:
            continue
        return asked
    asked = ask(TRIES)
    _carry_out(asked)
    return asked


def _carry_out(asked: Asked) -> None:
    quick = replace(asked.request, resamples=FEWEST_RESAMPLES, exact_limit=FEWEST_RESAMPLES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            run_test(asked.table, quick)
        except DreError:
            raise
        except Exception:  # noqa: S110 - numerical trouble with these values says nothing of others
            pass


def _made_up(rows: Sequence[OutcomeRow], outcome: str, values: Values) -> list[OutcomeRow]:
    return [_as_done(row, outcome, float(value)) for row, value in zip(rows, values, strict=True)]


def _as_done(row: OutcomeRow, outcome: str, value: float) -> OutcomeRow:
    values: dict[str, float | None] = dict.fromkeys(row.values, 0.0)
    if outcome in values:  # one that cannot be read is in no row
        values[outcome] = value
    return replace(row, status="success", stale=False, values=values)


def _kind(stored: set[float], spec: OutcomeSpec | None) -> Kind:
    if (spec is not None and spec.is_boolean) or (stored and stored <= {0, 1}):
        return "bool"
    if stored and all(float(value).is_integer() for value in stored):
        return "int"
    return "int" if spec is not None and spec.expected_type.lower() in INTEGERS else "float"


def _values(kind: Kind, count: int, spec: OutcomeSpec | None, seed: int) -> Values:
    rng = np.random.default_rng(seed)
    low, high = USUAL if spec is None or spec.range is None else spec.range
    low, high = (0.0, 1.0) if kind == "bool" else (max(low, -WIDEST), min(high, WIDEST))
    if kind == "float":
        return rng.uniform(low, high, count)
    different = min(int(high - low) + 1, MOST_VALUES)
    return np.asarray(rng.permutation(np.ceil(low) + np.arange(count) % different))
