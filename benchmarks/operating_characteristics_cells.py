"""What is simulated: cells of many studies, and the rates at which their verdicts and intervals err."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from pytest_dre.analysis.methods import binomial
from pytest_dre.canonical import seed_from

SLACK = 1e-9  # of an effect: rounding


@dataclass(frozen=True, slots=True)
class Trial:
    """What one study came to.

    Attributes:
        passed, failed: Whether it passed, or failed, wrongly.
        covered: Whether the interval holds the effect; None if none was shown.
        approximate: Whether alpha is not guaranteed.
        method: The method in words.
        skipped: Share of the planned runs that were not needed.
        unlike: Whether the verdict is another than that of the full study.
    """

    passed: bool
    failed: bool
    covered: bool | None
    approximate: bool
    method: str = ""
    skipped: float = 0.0
    unlike: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """Studies of one kind, whose effect lies exactly at the margin.

    `tolerated` says that its method is known not to suit its units; `method` is "" where verdicts name it.
    """

    table: str
    units: str
    design: str
    n: int
    method: str
    study: Callable[[np.random.Generator, float], Trial]
    tolerated: bool = False

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.units, self.design, f"n={self.n}", self.method) if part)


@dataclass(frozen=True, slots=True)
class Rates:
    """What came of the studies of a cell; `coverage` is of the intervals shown, NaN if there were none."""

    cell: str
    columns: tuple[str, ...]
    studies: int
    wrong_pass: float
    wrong_fail: float
    coverage: float
    approximate: bool
    tolerated: bool
    skipped: float
    unlike: int

    def over(self, alpha: float, errors: float) -> bool:
        """Return whether an error is so frequent as chance makes it no more often than `errors` standard errors."""
        worst = max(self.wrong_pass, self.wrong_fail)
        return exceeds(worst, self.studies, alpha, errors)

    def broken(self, alpha: float, errors: float) -> bool:
        """Return whether a promise is not kept."""
        return self.unlike > 0 or (self.over(alpha, errors) and not self.tolerated)

    def row(self, alpha: float, errors: float) -> str:
        figures = [f"{100 * rate:.1f}" for rate in (self.wrong_pass, self.wrong_fail)]
        figures.append("–" if math.isnan(self.coverage) else f"{100 * self.coverage:.1f}")
        if not math.isnan(self.skipped):
            figures.append(f"{100 * self.skipped:.0f}")
        kind = "approximate" if self.approximate else "guaranteed"
        mark = " **over alpha**" if self.over(alpha, errors) else ""
        mark += f" **{self.unlike} unlike the full study**" if self.unlike else ""
        return "| " + " | ".join([*self.columns, kind, *figures]) + mark + " |"


def exceeds(rate: float, studies: int, expected: float, errors: float) -> bool:
    """Return whether so many of the studies are as improbable as `errors` standard errors of a normal variable."""
    return float(stats.binom.sf(round(rate * studies) - 1, studies, expected)) < float(stats.norm.sf(errors))


def simulate(cell: Cell, studies: int, alpha: float) -> Rates:
    """Return the rates of a cell over `studies` studies, seeded by the cell's name."""
    rng = np.random.default_rng(seed_from({"cell": cell.name}))
    trials = [cell.study(rng, alpha) for _ in range(studies)]
    shown = [trial.covered for trial in trials if trial.covered is not None]
    stops = cell.table in ("looks", "curtailed")
    return Rates(
        cell.name,
        (cell.units, cell.design, str(cell.n), cell.method or _methods(trials)),
        studies,
        wrong_pass=_share([trial.passed for trial in trials]),
        wrong_fail=_share([trial.failed for trial in trials]),
        coverage=_share(shown),
        approximate=any(trial.approximate for trial in trials),
        tolerated=cell.tolerated,
        skipped=_share([trial.skipped for trial in trials]) if stops else math.nan,
        unlike=sum(trial.unlike for trial in trials),
    )


def remember_exact_tests() -> None:
    """Let this process compute each exact table once: cells meet the same ones again and again."""
    for name in ("difference_bounds", "difference_p_superior", "paired_bounds", "paired_p_superior"):
        function = getattr(binomial, name)
        if not hasattr(function, "cache_info"):
            setattr(binomial, name, functools.lru_cache(maxsize=None)(function))


def _share(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _methods(trials: Sequence[Trial]) -> str:
    return " or ".join(sorted({trial.method for trial in trials if trial.method})) or "–"
