"""Which runs a gate is about, and which of them are matched: strata of all that is not contrasted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS
from pytest_dre.model.gating import level_value, value_text
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

Key = tuple[tuple[str, str], ...]  # names and canonical values of what is not contrasted
Try = tuple[int, int]  # replicate, and which of the runs of that replicate, should a condition stand there twice
Runs = dict[Try, OutcomeRow]
Group = Mapping[Key, Runs]
PROBLEM = "problem"
AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Stratum:
    """Runs of both arms that differ in what is contrasted only; without a control if there is one arm.

    `problem` is the canonical id of their problem, None if there is none or it is what is contrasted.
    """

    key: Key
    treatment: Runs
    control: Runs | None = None
    problem: str | None = None


def selected(study: Study, rows: Iterable[OutcomeRow], where: Mapping[str, Any]) -> list[OutcomeRow]:
    """Return the rows that fit all filters; a filter that is a list admits any of its values."""
    wanted = {name: _admitted(study, name, value) for name, value in where.items()}
    found = list(rows)
    for name, values in wanted.items():
        found = [row for row in found if value_text(value_of(row, name)) in values]
    return found


def value_of(row: OutcomeRow, name: str) -> Any:
    """Return a run's value of a factor, block, the agent or the problem."""
    if name in row.factors:
        return row.factors[name]
    if name in row.blocks:
        return row.blocks[name]
    if name in AGENT_FACTORS:
        return row.agent_id
    return row.problem_id if name in PROBLEM_FACTORS else None


def same_value(study: Study, name: str, value: Any, level: Any) -> bool:
    """Return whether a run's value is the one that `level` names, or is."""
    return value_text(value) == value_text(level_value(study, name, level))


def _admitted(study: Study, name: str, value: Any) -> frozenset[str]:
    several = value if isinstance(value, list | tuple) else ()
    return frozenset(value_text(level_value(study, name, item)) for item in (value, *several))


def grouped(rows: Sequence[OutcomeRow], contrasted: str | None) -> dict[Key, Runs]:
    """Return the runs by all but the contrasted name, in each by replicate; the order of rows does not matter."""
    texts: dict[str, Key] = {}
    groups: dict[Key, Runs] = {}
    for row in sorted(rows, key=lambda row: (row.replicate, row.condition_id, row.run_id)):
        if row.condition_id not in texts:
            texts[row.condition_id] = _condition_key(row, contrasted)
        runs = groups.setdefault(_key(row, texts[row.condition_id], contrasted), {})
        again = 0
        while (row.replicate, again) in runs:
            again += 1
        runs[row.replicate, again] = row
    return dict(sorted(groups.items()))


def problem_of(runs: Runs) -> str | None:
    """Return the canonical problem of a stratum's runs."""
    row = next(iter(runs.values()))
    named = naming(row, PROBLEM_FACTORS)
    value = row.factors[named] if named else row.problem_id
    return None if value is None else value_text(value)


def naming(row: OutcomeRow, names: Sequence[str]) -> str | None:
    """Return the factor that names the run's agent (or problem), None if the study lists them."""
    return next((name for name in names if name in row.factors), None)


def contrasts(row: OutcomeRow, contrasted: str | None, names: Sequence[str]) -> bool:
    """Return whether the contrasted name stands for the run's agent (or problem): no other factor bears it."""
    return contrasted in names and naming(row, names) in (None, contrasted)


def _key(row: OutcomeRow, condition: Key, contrasted: str | None) -> Key:
    bound = []
    for name, value, names in ((AGENT, row.agent_id, AGENT_FACTORS), (PROBLEM, row.problem_id, PROBLEM_FACTORS)):
        if value is not None and naming(row, names) is None and not contrasts(row, contrasted, names):
            bound.append((name, value_text(value)))
    return (*condition, *bound)


def _condition_key(row: OutcomeRow, contrasted: str | None) -> Key:
    named = {**row.factors, **row.blocks}
    return tuple(sorted((name, value_text(value)) for name, value in named.items() if name != contrasted))


def varying(keys: Sequence[Key]) -> tuple[str, ...]:
    """Return the names in which strata differ, in the order of the keys."""
    values: dict[str, set[str]] = {}
    for key in keys:
        for name, text in key:
            values.setdefault(name, set()).add(text)
    return tuple(name for name, texts in values.items() if len(texts) > 1)


def key_text(key: Key) -> str:
    """Return a stratum's name for people."""
    return ", ".join(f"{name}={_plain(text)}" for name, text in key) or "all runs"


def _plain(text: str) -> str:
    value = json.loads(text)
    return value if isinstance(value, str) else text
