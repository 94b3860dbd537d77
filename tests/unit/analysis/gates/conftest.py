"""The outcomes of small made-up studies with gates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from made_up_studies import make_row

from pytest_dre.model.verdicts import OutcomeRow


def make_rows(
    outcome: str,
    values: dict[str, Sequence[float | None]],
    *,
    style: int = 1,
    problem: str | None = None,
    shared: bool = False,
) -> list[OutcomeRow]:
    """Return runs of one cell: agent → values by replicate."""
    return [
        make_row(
            agent,
            style,
            problem,
            replicate,
            outcome,
            value,
            shared=shared,
            status="failed" if value is None else "success",
        )
        for agent, found in values.items()
        for replicate, value in enumerate(found, start=1)
    ]


def spoil(rows: Iterable[OutcomeRow], count: int, **changes: Any) -> list[OutcomeRow]:
    """Return the rows, the first `count` of them changed and without values."""
    found = list(rows)
    return [replace(row, values={}, **changes) for row in found[:count]] + found[count:]


@pytest.fixture
def rows() -> Callable[..., list[OutcomeRow]]:
    return make_rows


@pytest.fixture
def spoiled() -> Callable[..., list[OutcomeRow]]:
    return spoil
