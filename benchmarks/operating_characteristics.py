"""How often the methods of gates err: `python benchmarks/operating_characteristics.py [--tenth] [--cells TEXT …]`.

Simulates studies whose effect lies exactly at the margin, so that every PASS and every FAIL is wrong, and prints a
Markdown table: the rates of both (each should be at most alpha), and the coverage of [low, high]. Seeded by cell: the
same command gives the same table. Exits with 1 if a method that promises alpha breaks it, or an approximate one does
where units are not skewed, by more than three Monte-Carlo standard errors.
"""

import argparse
import functools
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_dre.analysis.methods import betting, binomial, numbers, permutation, quantiles, spending
from pytest_dre.analysis.methods.bounds import Bounds
from pytest_dre.canonical import seed_from

Values = NDArray[np.float64]
Study = Callable[[np.random.Generator, float], Bounds]

SIZES = (5, 10, 30)
STUDIES = 2000
ALPHA = 0.025
TRIES = 4  # replicates of a problem, where problems are clusters
LOOKS = (10, 20, 30)
LARGE = 200
ERRORS_ALLOWED = 3.0  # standard errors


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the units of a cell vary; `spread` is its range, where it has one."""

    name: str
    draw: Callable[[np.random.Generator, int], Values]
    mean: float
    spread: tuple[float, float] | None = None
    skewed: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One row: studies of `n` units an arm, the method's bounds of an effect that is truly `effect`."""

    distribution: str
    design: str
    n: int
    method: str
    study: Study
    effect: float
    tolerated: bool = False

    @property
    def name(self) -> str:
        return f"{self.distribution}, {self.design}, n={self.n}, {self.method}"


@dataclass(frozen=True, slots=True)
class Rates:
    """What came of the studies of a cell."""

    cell_name: str
    studies: int
    wrong_pass: float
    wrong_fail: float
    coverage: float
    approximate: bool
    tolerated: bool

    def broken(self, alpha: float) -> bool:
        """Return whether an error is more frequent than alpha, beyond simulation error, where that is not expected."""
        limit = alpha + ERRORS_ALLOWED * math.sqrt(alpha * (1 - alpha) / self.studies)
        return max(self.wrong_pass, self.wrong_fail) > limit and not self.tolerated

    def row(self, alpha: float) -> str:
        error = math.sqrt(alpha * (1 - alpha) / self.studies)
        cells = [*self.cell_name.split(", ", 3), "approximate" if self.approximate else "guaranteed"]
        rates = [f"{100 * rate:.1f}" for rate in (self.wrong_pass, self.wrong_fail, self.coverage)]
        mark = " **over alpha**" if max(self.wrong_pass, self.wrong_fail) > alpha + ERRORS_ALLOWED * error else ""
        return "| " + " | ".join([*cells, *rates]) + mark + " |"


def _lognormal(rng: np.random.Generator, n: int) -> Values:
    return rng.lognormal(0.0, 1.0, n)


def _clustered(rng: np.random.Generator, n: int) -> Values:
    """Return the means of n problems, whose tries are alike (intraclass correlation 0.5)."""
    tries: Values = rng.normal(0, 1, n) + rng.normal(0, 1, (TRIES, n))
    return np.asarray(tries.mean(axis=0))


def _binary(p: float) -> Distribution:
    return Distribution(f"binary {p:g}", lambda rng, n: (rng.random(n) < p).astype(float), p, (0.0, 1.0))


NORMAL = Distribution("normal", lambda rng, n: rng.normal(0, 1, n), 0.0)
CLUSTERED = Distribution("clustered by problem", _clustered, 0.0)
UNBOUNDED = (
    NORMAL,
    Distribution("right-skewed", _lognormal, math.exp(0.5), skewed=True),
    Distribution("left-skewed", lambda rng, n: -_lognormal(rng, n), -math.exp(0.5), skewed=True),
    Distribution("heavy tails (t3)", lambda rng, n: rng.standard_t(3, n), 0.0),
    CLUSTERED,
)
U_SHAPED = Distribution("U-shaped", lambda rng, n: rng.beta(0.5, 0.5, n), 0.5, (0.0, 1.0))
LOPSIDED = Distribution("mostly 1", lambda rng, n: rng.beta(2.0, 0.1, n), 2.0 / 2.1, (0.0, 1.0), skewed=True)
BINARY = tuple(_binary(p) for p in (0.05, 0.5, 0.95))


def cells() -> Iterator[Cell]:
    """Yield every cell, those of one distribution together."""
    for n in SIZES:
        for shape in UNBOUNDED:
            yield from _number_cells(shape, n)
        for shape in (U_SHAPED, LOPSIDED):
            yield from _bounded_cells(shape, n)
        for shape in BINARY:
            yield from _proportion_cells(shape, n)
        yield from _quantile_cells(n)
    for shape in BINARY:
        yield from _large_cells(shape)
    yield from _sequential_cells()


def simulate(cell: Cell, studies: int, alpha: float = ALPHA) -> Rates:
    """Return the rates of a cell over `studies` studies, seeded by the cell's name."""
    rng = np.random.default_rng(seed_from({"cell": cell.name}))
    slack = 1e-9 * max(1.0, abs(cell.effect))
    passes = fails = approximate = 0
    for _ in range(studies):
        found = cell.study(rng, alpha)
        passes += found.low >= cell.effect - slack
        fails += found.high <= cell.effect + slack
        approximate += found.approximate
    coverage = 1 - (passes + fails) / studies
    return Rates(cell.name, studies, passes / studies, fails / studies, coverage, approximate > 0, cell.tolerated)


def _number_cells(shape: Distribution, n: int) -> Iterator[Cell]:
    def cell(design: str, method: str, study: Study, effect: float = shape.mean) -> Cell:
        return Cell(shape.name, design, n, method, study, effect, tolerated=shape.skewed)

    def arms(rng: np.random.Generator) -> tuple[list[Values], list[Values]]:
        return [shape.draw(rng, n)], [shape.draw(rng, n)]

    # a paired study with these differences has the same rates
    yield cell("one arm or paired", "t", lambda rng, alpha: numbers.mean_bounds(shape.draw(rng, n), alpha))
    yield cell(
        "one arm or paired", "sign-flip", lambda rng, alpha: permutation.sign_flip_bounds(shape.draw(rng, n), alpha)
    )
    if shape is CLUSTERED:  # arms that meet other problems are as "normal"; those that meet the same are paired
        return
    yield cell("two arms", "Welch t", lambda rng, alpha: numbers.difference_bounds(*arms(rng), alpha), 0.0)
    yield cell("two arms", "permutation", lambda rng, alpha: permutation.permutation_bounds(*arms(rng), alpha), 0.0)
    if not shape.mean:
        return
    # 10 % less than the control's mean, as a weight of the control
    yield cell(
        "two arms less 10%",
        "Welch t",
        lambda rng, alpha: numbers.difference_bounds(*arms(rng), alpha, 0.9),
        0.1 * shape.mean,
    )


def _bounded_cells(shape: Distribution, n: int) -> Iterator[Cell]:
    def differences(rng: np.random.Generator) -> Values:
        return shape.draw(rng, n) - shape.draw(rng, n)

    across = betting.difference_range(0.0, 1.0)

    def peeking(rng: np.random.Generator, alpha: float) -> Bounds:
        return betting.sequence(shape.draw(rng, n), 0.0, 1.0, alpha)[-1]

    one = functools.partial(Cell, shape.name, "one arm", n)
    yield one("betting, fixed n", lambda rng, alpha: betting.fixed_bounds(shape.draw(rng, n), 0, 1, alpha), shape.mean)
    yield one("betting, a look at every n", peeking, shape.mean)
    yield one("t", lambda rng, alpha: numbers.mean_bounds(shape.draw(rng, n), alpha), shape.mean, tolerated=True)
    two = functools.partial(Cell, shape.name, "two arms", n)
    yield two("betting, fixed n", lambda rng, alpha: betting.fixed_bounds(differences(rng), *across, alpha), 0.0)
    yield two("betting, anytime", lambda rng, alpha: betting.anytime_bounds(differences(rng), *across, alpha), 0.0)


def _count(shape: Distribution, n: int, rng: np.random.Generator) -> tuple[int, int]:
    return int(shape.draw(rng, n).sum()), n


def _discordant(shape: Distribution, n: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """Return a paired study, where half the pairs share what decides them."""
    control, other = shape.draw(rng, n), shape.draw(rng, n)
    treatment = np.where(rng.random(n) < 0.5, control, other)
    return int((treatment > control).sum()), int((control > treatment).sum()), n


def _proportion_cells(shape: Distribution, n: int) -> Iterator[Cell]:
    count, discordant = functools.partial(_count, shape, n), functools.partial(_discordant, shape, n)
    one = functools.partial(Cell, shape.name, "one arm", n)
    yield one("Clopper-Pearson", lambda rng, alpha: binomial.clopper_pearson(*count(rng), alpha), shape.mean)
    yield one("Wilson", lambda rng, alpha: binomial.wilson(*count(rng), alpha), shape.mean, tolerated=True)
    yield one("betting, fixed n", lambda rng, alpha: betting.fixed_bounds(shape.draw(rng, n), 0, 1, alpha), shape.mean)
    two = functools.partial(Cell, shape.name, "two arms", n)
    yield two("exact unconditional", lambda rng, alpha: _difference(count(rng), count(rng), alpha), 0.0)
    yield two("Newcombe", lambda rng, alpha: binomial.newcombe(count(rng), count(rng), alpha), 0.0, tolerated=True)
    paired = functools.partial(Cell, shape.name, "paired", n)
    yield paired("exact unconditional", lambda rng, alpha: _paired(*discordant(rng), alpha), 0.0)


def _large_cells(shape: Distribution) -> Iterator[Cell]:
    """Yield cells beyond the size of exact methods."""
    count, discordant = functools.partial(_count, shape, LARGE), functools.partial(_discordant, shape, LARGE)
    two = functools.partial(Cell, shape.name, "two arms", LARGE)
    yield two("Newcombe", lambda rng, alpha: _difference(count(rng), count(rng), alpha), 0.0)
    paired = functools.partial(Cell, shape.name, "paired", LARGE)
    yield paired("Tango", lambda rng, alpha: _paired(*discordant(rng), alpha), 0.0)


# a cell meets the same tables again and again
_difference = functools.cache(binomial.difference_bounds)
_paired = functools.cache(binomial.paired_bounds)


def _quantile_cells(n: int) -> Iterator[Cell]:
    def median(rng: np.random.Generator, alpha: float) -> Bounds:
        return quantiles.quantile_bounds(_lognormal(rng, n), 0.5, alpha)

    def difference(rng: np.random.Generator, alpha: float) -> Bounds:
        return quantiles.quantile_difference_bounds(_lognormal(rng, n), _lognormal(rng, n), 0.5, alpha)

    yield Cell("right-skewed", "median of one arm", n, "order statistics", median, 1.0)
    yield Cell("right-skewed", "median of two arms", n, "order statistics", difference, 0.0)


def _sequential_cells() -> Iterator[Cell]:
    kinds: tuple[spending.Spending, ...] = ("obrien_fleming", "pocock")
    for kind in kinds:
        design = f"looks at {'/'.join(map(str, LOOKS))}"
        yield Cell("normal", design, LOOKS[-1], f"t, {kind}", functools.partial(_looked_normal, kind), NORMAL.mean)
        for shape in (U_SHAPED, *BINARY):
            study = functools.partial(_looked_any, shape, kind)
            yield Cell(shape.name, design, LOOKS[-1], f"guaranteed, {kind}", study, shape.mean)


def _fractions() -> list[float]:
    return [look / LOOKS[-1] for look in LOOKS]


def _looked_normal(kind: spending.Spending, rng: np.random.Generator, alpha: float) -> Bounds:
    values = NORMAL.draw(rng, LOOKS[-1])
    levels = _normal_levels(alpha, kind)
    return _decided([numbers.mean_bounds(values[:look], level) for look, level in zip(LOOKS, levels, strict=True)])


@functools.cache
def _normal_levels(alpha: float, kind: spending.Spending) -> list[float]:
    return spending.normal_levels(alpha, _fractions(), kind)


def _looked_any(shape: Distribution, kind: spending.Spending, rng: np.random.Generator, alpha: float) -> Bounds:
    values = shape.draw(rng, LOOKS[-1])
    levels = spending.increments(alpha, _fractions(), kind)
    if shape is U_SHAPED:
        return _decided(
            [betting.fixed_bounds(values[:look], 0, 1, level) for look, level in zip(LOOKS, levels, strict=True)]
        )
    return _decided(
        [
            binomial.clopper_pearson(int(values[:look].sum()), look, level)
            for look, level in zip(LOOKS, levels, strict=True)
        ]
    )


def _decided(looks: Sequence[Bounds]) -> Bounds:
    """Return the looks as one study that stops as soon as it may: the narrowest bounds of all."""
    low, high = max(look.low for look in looks), min(look.high for look in looks)
    last = looks[-1]
    return Bounds(last.estimate, low, high, last.n, last.method, last.approximate)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=STUDIES, help=f"studies a cell (default {STUDIES})")
    parser.add_argument("--tenth", action="store_true", help="a tenth of them")
    parser.add_argument("--alpha", type=float, default=ALPHA, help=f"one-sided level (default {ALPHA})")
    parser.add_argument("--cells", nargs="+", default=[""], metavar="TEXT", help="only cells whose name has a TEXT")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: the processors)")
    return parser.parse_args()


def _simulate_named(name: str, studies: int, alpha: float) -> Rates:
    """Return the rates of the cell `name`; cells hold functions, so only names travel to processes."""
    return simulate(next(cell for cell in cells() if cell.name == name), studies, alpha)


def main() -> int:
    """Print the table; return 1 if a promise is broken."""
    options = _options()
    studies = max(1, options.studies // 10) if options.tenth else options.studies
    names = [cell.name for cell in cells() if any(text in cell.name for text in options.cells)]
    if not names:
        print(f"no cell has {' or '.join(options.cells)} in its name", file=sys.stderr)
        return 2
    error = 100 * math.sqrt(options.alpha * (1 - options.alpha) / studies)
    print(
        f"{studies} studies a cell, alpha {100 * options.alpha:g} %; simulation error of a rate at alpha ±{error:.2f}\n"
    )
    print("| units | design | n | method | alpha is | wrong PASS % | wrong FAIL % | coverage % |")
    print("|---|---|---|---|---|---|---|---|")
    one_cell = functools.partial(_simulate_named, studies=studies, alpha=options.alpha)
    broken = []
    with ProcessPoolExecutor(options.workers) as pool:
        for rates in pool.map(one_cell, names):
            print(rates.row(options.alpha), flush=True)
            broken += [rates.cell_name] if rates.broken(options.alpha) else []
    for name in broken:
        print(f"over alpha: {name}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
