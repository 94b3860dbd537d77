"""A test's values taken out of a table: arms, pairs and groups, with what is missing counted."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_dre.analysis.aggregation import LARGEST, LARGEST_RANKED
from pytest_dre.analysis.procedures.request import ArmContrast, TestRequest
from pytest_dre.analysis.procedures.table import Cell, Table, is_missing, is_number
from pytest_dre.errors import DreError

Values = NDArray[np.float64]
RANK_TESTS = frozenset({"mann_whitney", "wilcoxon", "kruskal_wallis", "spearman"})
TRUE_DIGITS = 13  # of a float's 15 to 17 significant digits, what arithmetic leaves untouched


def unsuitable(request: TestRequest, why: str, suits: str) -> DreError:
    """Return the error of a test that cannot be done on these data: why, and what suits them."""
    return DreError(f"the test {request.test} does not suit the outcome {request.outcome!r}: {why}; {suits}")


@dataclass(frozen=True, slots=True)
class Arms:
    """The values of a treatment and a control, in ascending order, and how many of each are missing."""

    contrast: ArmContrast
    treated: Values
    controls: Values
    missing: dict[str, int]
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, str]:
        """The two levels as text, treatment first."""
        return str(self.contrast.treatment), str(self.contrast.control)

    @property
    def n(self) -> dict[str, int]:
        """Values by arm."""
        return dict(zip(self.labels, (len(self.treated), len(self.controls)), strict=True))

    def described(self, what: str) -> str:
        """Return "<what> of <treatment> minus <what> of <control>"."""
        treatment, control = self.labels
        return f"{what} of {treatment} minus {what} of {control}"

    def need(self, request: TestRequest, least: int, suits: str) -> None:
        """Raise DreError where an arm has fewer than `least` values."""
        for arm, count in self.n.items():
            if count < least:
                has = {0: "no value", 1: "one value"}.get(count, f"{count} values")
                raise unsuitable(request, f"the arm {arm} has {has} and the test needs {least} an arm", suits)


@dataclass(frozen=True, slots=True)
class Pairs(Arms):
    """Values of both arms that belong together: entry i of each is pair i, pairs in order of their difference."""

    @property
    def differences(self) -> Values:
        """Treatment minus control, pair by pair, without the rounding errors that would hide ties."""
        scale = max(np.max(np.abs(self.treated)), np.max(np.abs(self.controls)))
        differences = self.treated - self.controls
        if not 1e-250 < scale < 1e250:
            return differences
        return np.round(differences, TRUE_DIGITS - math.ceil(math.log10(scale)))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many values were used and how many are missing, by arm."""

    n: dict[str, int]
    missing: dict[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Groups:
    """The values of each level of a factor, in ascending order, and how many of each are missing."""

    labels: tuple[str, ...]
    values: tuple[Values, ...]
    missing: dict[str, int]
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> dict[str, int]:
        """Values by level."""
        return {label: len(values) for label, values in zip(self.labels, self.values, strict=True)}


def numbers(request: TestRequest, cells: Sequence[Cell]) -> list[float | None]:
    """Return an outcome's cells as numbers, booleans as 0 and 1, missing ones as None.

    Raises:
        DreError: A cell is text, infinite, or too large for what the test computes.
    """
    found: list[float | None] = []
    for cell in cells:
        if is_missing(cell):
            found.append(None)
        elif isinstance(cell, bool | int | float):
            found.append(float(cell))
        else:
            raise unsuitable(request, "it holds text", "chi_square suits categories, and fisher what is 0 or 1")
    infinite = sum(1 for value in found if value is not None and math.isinf(value))
    if infinite:
        raise unsuitable(
            request, f"it holds {infinite} infinite values", "leave them out by a filter, or define the outcome finite"
        )
    require_computable(request, "it", found)
    return found


def require_computable(request: TestRequest, column: str, values: Iterable[Cell]) -> None:
    """Raise DreError where a value is so large that the test's sums (of squares, unless by ranks) are no numbers."""
    reach = LARGEST_RANKED if request.test in RANK_TESTS else LARGEST
    large = [value for value in values if isinstance(value, int | float) and abs(value) > reach]
    if large:
        example = float(max(large, key=abs))
        raise unsuitable(
            request,
            f"{column} holds {len(large)} values too large to compute with, such as {example:.6g}",
            "cap them, or leave them out by a filter",
        )


def is_binary(cells: Sequence[Cell]) -> bool:
    """Return whether every value is a boolean, 0 or 1."""
    present = [cell for cell in cells if not is_missing(cell)]
    return bool(present) and all(not isinstance(cell, str) and cell in (0, 1) for cell in present)


def require_binary(request: TestRequest, cells: Sequence[Cell]) -> None:
    """Raise DreError where a value is neither boolean nor 0 nor 1."""
    if not is_binary(cells):
        raise unsuitable(
            request,
            "it is not binary (true and false, or 0 and 1, with a value at least)",
            "t, welch, permutation or mann_whitney suit numbers, chi_square suits categories",
        )


def chosen_contrast(table: Table, request: TestRequest) -> ArmContrast:
    """Return the request's contrast, or the two levels of its factor, the later one as treatment.

    Raises:
        DreError: A level of the contrast is in no row, or the factor does not have two levels to choose from.
    """
    levels = table.levels(request.factor)
    listed = ", ".join(str(level) for level in levels) or "none"
    if request.contrast is None:
        if len(levels) != 2:
            raise DreError(
                f"the test {request.test} compares two levels of {request.factor}, which has {len(levels)} ({listed}); "
                "name two in the hypothesis' contrast, or use anova or kruskal_wallis"
            )
        if request.direction in ("greater", "less"):
            raise DreError(
                f"the direction {request.direction!r} of {request.factor} needs a contrast that says which level is "
                f"the treatment (levels: {listed})"
            )
        return ArmContrast(request.factor, treatment=levels[1], control=levels[0])
    for level in (request.contrast.treatment, request.contrast.control):
        if level not in levels:
            raise DreError(f"no row has {request.factor} = {level!r}; its levels are: {listed}")
    if request.contrast.treatment == request.contrast.control:
        raise DreError(f"the contrast of {request.factor} names {request.contrast.treatment!r} twice")
    return request.contrast


def two_arms(table: Table, request: TestRequest) -> Arms:
    """Return the values of the two contrasted arms."""
    contrast = chosen_contrast(table, request)
    factor = table.column(contrast.factor)
    outcome = numbers(request, table.column(request.outcome))
    arms: list[Values] = []
    missing: dict[str, int] = {}
    for level in (contrast.treatment, contrast.control):
        cells = [value for value, found in zip(outcome, factor, strict=True) if found == level]
        arms.append(_sorted(cells))
        missing[str(level)] = cells.count(None)
    return Arms(contrast, arms[0], arms[1], missing)


def groups(table: Table, request: TestRequest) -> Groups:
    """Return the values of every level of the request's factor.

    Raises:
        DreError: The factor has fewer than two levels.
    """
    levels = table.levels(request.factor)
    if len(levels) < 2:
        raise DreError(f"the test {request.test} needs two levels of {request.factor}; there are {len(levels)}")
    factor = table.column(request.factor)
    outcome = numbers(request, table.column(request.outcome))
    members = {level: [value for value, at in zip(outcome, factor, strict=True) if at == level] for level in levels}
    without = sum(map(is_missing, factor))
    return Groups(
        labels=tuple(str(level) for level in levels),
        values=tuple(_sorted(cells) for cells in members.values()),
        missing={str(level): cells.count(None) for level, cells in members.items()},
        notes=(f"{without} rows without a value of {request.factor} were left out",) if without else (),
    )


def pairs(table: Table, request: TestRequest) -> Pairs:
    """Return the values of both arms, pair by pair; several rows of a pair's arm are averaged, and pairs of a cluster.

    Raises:
        DreError: The request names no pairing columns, or no pair is complete.
    """
    if not request.pairing:
        raise DreError(
            f"the test {request.test} needs pairs; name the columns that make one (problem and replicate, where arms "
            "share seeds), or use its counterpart without pairs"
        )
    contrast = chosen_contrast(table, request)
    labels = (str(contrast.treatment), str(contrast.control))
    cells = _cells_by_pair(table, request, contrast)
    missing = {label: sum(arms[side].count(None) for arms in cells.values()) for side, label in enumerate(labels)}
    complete: dict[tuple[Any, ...], list[tuple[float, float]]] = defaultdict(list)
    averaged = whole = 0
    clustered = [request.pairing.index(name) for name in request.clusters]
    for key, arms in cells.items():
        treated, controls = ([value for value in arm if value is not None] for arm in arms)
        if treated and controls:
            complete[tuple(key[at] for at in clustered) or key].append((_mean(treated), _mean(controls)))
            whole += 1
            averaged += len(arms[0]) > 1 or len(arms[1]) > 1
    if not complete:
        raise DreError(f"no pair of {' and '.join(request.pairing)} has a value of {request.outcome} in both arms")
    means = [(_mean([pair[0] for pair in some]), _mean([pair[1] for pair in some])) for some in complete.values()]
    means.sort(key=lambda pair: (pair[0] - pair[1], pair))
    notes = []
    if whole < len(cells):
        notes.append(f"{len(cells) - whole} incomplete pairs were left out")
    if averaged:
        notes.append(f"{averaged} pairs have several rows an arm, which were averaged")
    if len(means) < whole:
        of = " and ".join(request.clusters)
        notes.append(f"{whole} pairs were averaged by {of}: those of one {of} are not independent")
    both = np.asarray(means, dtype=np.float64)
    return Pairs(contrast, both[:, 0], both[:, 1], missing, tuple(notes))


def _cells_by_pair(
    table: Table, request: TestRequest, contrast: ArmContrast
) -> dict[tuple[Any, ...], tuple[list[float | None], list[float | None]]]:
    keys = list(zip(*(table.column(name) for name in request.pairing), strict=True))
    outcome = numbers(request, table.column(request.outcome))
    found: dict[tuple[Any, ...], tuple[list[float | None], list[float | None]]] = defaultdict(lambda: ([], []))
    for key, level, value in zip(keys, table.column(contrast.factor), outcome, strict=True):
        if level == contrast.treatment:
            found[key][0].append(value)
        elif level == contrast.control:
            found[key][1].append(value)
    return found


def _sorted(cells: Sequence[float | None]) -> Values:
    return np.sort(np.asarray([value for value in cells if value is not None], dtype=np.float64))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def is_numeric_column(cells: Sequence[Cell]) -> bool:
    """Return whether a column is a quantity: every value a number that is no boolean."""
    present = [cell for cell in cells if not is_missing(cell)]
    return bool(present) and all(map(is_number, present))
