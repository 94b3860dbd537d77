"""What analysis plans can name: factors, blocks, agent, problem, replicate and outcomes, as columns of cells."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_dre.analysis.gates.matching import contrasts, naming
from pytest_dre.analysis.procedures.table import Cell
from pytest_dre.canonical import canonical_json
from pytest_dre.errors import DreError
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS, Factor
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow
from pytest_dre.references import did_you_mean

Read = Callable[[OutcomeRow], Any]
REPLICATE = "replicate"
_AGENT, PROBLEM = "agent", "problem"  # as columns; a study's factor of the name comes first


@dataclass(frozen=True, slots=True)
class Variables:
    """The columns of a study's runs.

    Attributes:
        reads: How a row's value of each name is read; of two things with one name the earlier is meant: factor, block,
            agent or problem, replicate, condition_id and status, outcome.
        factors: The declared factors.
    """

    reads: Mapping[str, Read]
    factors: Mapping[str, Factor]

    @classmethod
    def of(cls, study: Study, rows: Sequence[OutcomeRow]) -> "Variables":
        """Return what plans of the study can name; `rows` tell of outcomes and columns that it does not declare."""
        reads: dict[str, Read] = {}
        for name, read in _all_reads(study, rows):
            reads.setdefault(name, read)
        return cls(reads, {factor.name: factor for factor in study.factors})

    def value(self, row: OutcomeRow, name: str) -> Cell:
        """Return a row's cell: numbers, booleans and text as they are, other levels by their name.

        Raises:
            DreError: There is nothing of that name.
        """
        read = self.reads.get(name)
        if read is None:
            raise DreError(f"there is no {name!r} among the runs' variables; {did_you_mean(name, self.reads)}")
        return self._cell(name, read(row))

    def level(self, name: str, given: Any, rows: Iterable[OutcomeRow]) -> Cell:
        """Return the cell of the level that `given` names: by name, by value, by either written as text, or by label.

        Raises:
            DreError: There is none.
        """
        named = self._levels(name, rows)
        for alike in (_is_name, _is_value, _is_text, _is_label):
            for level_name, cell, label in named:
                if alike(given, level_name, cell, label):
                    return cell
        listed = ", ".join(dict.fromkeys(level_name for level_name, _, _ in named)) or "none"
        raise DreError(f"{given!r} is no level of {name}; its levels are: {listed}")

    def _levels(self, name: str, rows: Iterable[OutcomeRow]) -> list[tuple[str, Cell, str]]:
        factor = self.factors.get(name)
        if factor is not None and factor.levels:
            return [(level.name, self._cell(name, level.value), level.shown_label) for level in factor.levels]
        found = {text_of(cell): cell for cell in (self.value(row, name) for row in rows) if cell is not None}
        return [(text, found[text], text) for text in sorted(found)]

    def _cell(self, name: str, value: Any) -> Cell:
        if isinstance(value, bool | int | float | str):
            return value
        factor = self.factors.get(name)
        for level in factor.levels if factor is not None else ():
            if text_of(level.value) == text_of(value):
                return level.name
        return None if value is None else canonical_json(value)


def text_of(value: Any) -> str:
    """Return a value as people write it: 1.0 as 1, true as true, text as it is."""
    if isinstance(value, str):
        return value
    whole = isinstance(value, float) and value.is_integer()
    return canonical_json(int(value) if whole else value)


def shared_by_arms(variables: Variables, rows: Sequence[OutcomeRow], factor: str, *, seeds_shared: bool) -> list[str]:
    """Return the names of what pairs a run of one arm with a run of another: all in which runs differ but the arm.

    Replicates count only where the arms share their seeds; elsewhere they are exchangeable.
    """
    names = dict.fromkeys(name for row in rows for name in (*row.factors, *row.blocks) if name != factor)
    for name, aliases in ((_AGENT, AGENT_FACTORS), (PROBLEM, PROBLEM_FACTORS)):
        if rows and naming(rows[0], aliases) is None and not contrasts(rows[0], factor, aliases):
            names[name] = None
    if seeds_shared:
        names[REPLICATE] = None
    return [name for name in names if len({text_of(variables.value(row, name)) for row in rows}) > 1]


def _all_reads(study: Study, rows: Sequence[OutcomeRow]) -> Iterator[tuple[str, Read]]:
    for name in dict.fromkeys((*(item.name for item in study.factors), *(key for row in rows for key in row.factors))):
        yield name, partial(_of_map, "factors", name)
    for name in dict.fromkeys((*(item.name for item in study.blocks), *(key for row in rows for key in row.blocks))):
        yield name, partial(_of_map, "blocks", name)
    for name in AGENT_FACTORS:
        yield name, lambda row: row.agent_id
    for name in PROBLEM_FACTORS:
        yield name, lambda row: row.problem_id
    yield REPLICATE, lambda row: row.replicate
    yield "condition_id", lambda row: row.condition_id
    yield "status", lambda row: row.status
    for name in dict.fromkeys(key for row in rows for key in row.values):
        yield name, partial(_of_map, "values", name)


def _of_map(kind: str, name: str, row: OutcomeRow) -> Any:
    return getattr(row, kind).get(name)


def _is_name(given: Any, name: str, _cell: Cell, _label: str) -> bool:
    return bool(given == name)


def _is_value(given: Any, _name: str, cell: Cell, _label: str) -> bool:
    return isinstance(given, str) == isinstance(cell, str) and text_of(given) == text_of(cell)


def _is_text(given: Any, name: str, cell: Cell, _label: str) -> bool:
    return text_of(given) in (name, text_of(cell))


def _is_label(given: Any, _name: str, _cell: Cell, label: str) -> bool:
    return bool(given == label)
