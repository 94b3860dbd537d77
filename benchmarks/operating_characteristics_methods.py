"""Cells of the methods alone, as functions of units."""

import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from operating_characteristics_cells import SLACK, Cell, Trial
from operating_characteristics_units import (
    BINARY,
    CLUSTERED,
    HEAVY,
    LEFT,
    LOPSIDED,
    NORMAL,
    RIGHT,
    U_SHAPED,
    Distribution,
    Values,
    lognormal,
)

from pytest_dre.analysis.methods import betting, binomial, numbers, quantiles, spending
from pytest_dre.analysis.methods.bounds import Bounds
from pytest_dre.analysis.procedures.permutation import Arrangements, label_arrangements, sign_arrangements
from pytest_dre.analysis.procedures.request import ArmContrast, TestRequest
from pytest_dre.analysis.procedures.samples import Pairs

SIZES = (5, 10, 30)
LOOKS = (10, 20, 30)
LARGE = 200
TABLE = "methods"
CONTRAST = ArmContrast("agent", "new", "old")
PERMUTING = TestRequest("permutation", "gain", ("agent",))

Study = Callable[[np.random.Generator, float], Bounds]


def method_cells() -> Iterator[Cell]:
    """Yield every cell, those of one distribution together."""
    for n in SIZES:
        for shape in (NORMAL, RIGHT, LEFT, HEAVY, CLUSTERED):
            yield from _number_cells(shape, n)
        for shape in (U_SHAPED, LOPSIDED):
            yield from _bounded_cells(shape, n)
        for shape in BINARY:
            yield from _proportion_cells(shape, n)
        yield from _quantile_cells(n)
    for shape in BINARY:
        yield from _large_cells(shape)
    yield from _sequential_cells()


def _cell(
    units: str, design: str, n: int, method: str, study: Study, effect: float, *, tolerated: bool = False
) -> Cell:
    return Cell(TABLE, units, design, n, method, functools.partial(_trial, study, effect), tolerated)


def _trial(study: Study, effect: float, rng: np.random.Generator, alpha: float) -> Trial:
    found = study(rng, alpha)
    slack = SLACK * max(1.0, abs(effect))
    passed, failed = found.low >= effect - slack, found.high <= effect + slack
    return Trial(passed, failed, not passed and not failed, found.approximate)


def _number_cells(shape: Distribution, n: int) -> Iterator[Cell]:
    def cell(design: str, method: str, study: Study, effect: float = shape.mean) -> Cell:
        return _cell(shape.name, design, n, method, study, effect, tolerated=shape.skewed)

    def arms(rng: np.random.Generator) -> tuple[list[Values], list[Values]]:
        return [shape.draw(rng, n)], [shape.draw(rng, n)]

    # a paired study with these differences has the same rates
    yield cell("one arm or paired", "t", lambda rng, alpha: numbers.mean_bounds(shape.draw(rng, n), alpha))
    yield cell("one arm or paired", "sign-flip", lambda rng, alpha: _by_signs(shape.draw(rng, n), alpha))
    if shape is CLUSTERED:  # arms that meet other problems are as "normal"; those that meet the same are paired
        return
    yield cell("two arms", "Welch t", lambda rng, alpha: numbers.difference_bounds(*arms(rng), alpha), 0.0)
    yield cell("two arms", "permutation", lambda rng, alpha: _by_labels(*arms(rng), alpha), 0.0)
    if not shape.mean:
        return
    # 10 % less than the control's mean, as a weight of the control
    yield cell(
        "two arms less 10%",
        "Welch t",
        lambda rng, alpha: numbers.difference_bounds(*arms(rng), alpha, 0.9),
        0.1 * shape.mean,
    )


def _by_signs(differences: Values, alpha: float) -> Bounds:
    """Return the bounds of the test `paired_permutation` of analysis plans."""
    pairs = Pairs(CONTRAST, differences, np.zeros(len(differences)), {})
    return _inverted(sign_arrangements(pairs, PERMUTING), float(np.mean(differences)), alpha, len(differences))


def _by_labels(treatment: list[Values], control: list[Values], alpha: float) -> Bounds:
    """Return the bounds of the test `permutation` of analysis plans, of one stratum."""
    (treated,), (controls,) = treatment, control
    estimate = float(np.mean(treated) - np.mean(controls))
    return _inverted(label_arrangements(treated, controls, PERMUTING), estimate, alpha, len(treated))


def _inverted(found: Arrangements, estimate: float, alpha: float, n: int) -> Bounds:
    return Bounds(estimate, *found.interval((alpha, alpha)), n, "permutation", True)


def _bounded_cells(shape: Distribution, n: int) -> Iterator[Cell]:
    def differences(rng: np.random.Generator) -> Values:
        return shape.draw(rng, n) - shape.draw(rng, n)

    across = betting.difference_range(0.0, 1.0)

    def peeking(rng: np.random.Generator, alpha: float) -> Bounds:
        return betting.sequence(shape.draw(rng, n), 0.0, 1.0, alpha)[-1]

    one = functools.partial(_cell, shape.name, "one arm", n)
    yield one("betting, fixed n", lambda rng, alpha: betting.fixed_bounds(shape.draw(rng, n), 0, 1, alpha), shape.mean)
    yield one("betting, a look at every n", peeking, shape.mean)
    yield one("t", lambda rng, alpha: numbers.mean_bounds(shape.draw(rng, n), alpha), shape.mean, tolerated=True)
    two = functools.partial(_cell, shape.name, "two arms", n)
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
    one = functools.partial(_cell, shape.name, "one arm", n)
    yield one("Clopper-Pearson", lambda rng, alpha: binomial.clopper_pearson(*count(rng), alpha), shape.mean)
    yield one("Wilson", lambda rng, alpha: binomial.wilson(*count(rng), alpha), shape.mean, tolerated=True)
    yield one("betting, fixed n", lambda rng, alpha: betting.fixed_bounds(shape.draw(rng, n), 0, 1, alpha), shape.mean)
    two = functools.partial(_cell, shape.name, "two arms", n)
    yield two("exact unconditional", lambda rng, alpha: binomial.difference_bounds(count(rng), count(rng), alpha), 0.0)
    yield two("Newcombe", lambda rng, alpha: binomial.newcombe(count(rng), count(rng), alpha), 0.0, tolerated=True)
    paired = functools.partial(_cell, shape.name, "paired", n)
    yield paired("exact unconditional", lambda rng, alpha: binomial.paired_bounds(*discordant(rng), alpha), 0.0)


def _large_cells(shape: Distribution) -> Iterator[Cell]:
    """Yield cells beyond the size of exact methods."""
    count, discordant = functools.partial(_count, shape, LARGE), functools.partial(_discordant, shape, LARGE)
    two = functools.partial(_cell, shape.name, "two arms", LARGE)
    yield two("Newcombe", lambda rng, alpha: binomial.difference_bounds(count(rng), count(rng), alpha), 0.0)
    paired = functools.partial(_cell, shape.name, "paired", LARGE)
    yield paired("Tango", lambda rng, alpha: binomial.paired_bounds(*discordant(rng), alpha), 0.0)


def _quantile_cells(n: int) -> Iterator[Cell]:
    def median(rng: np.random.Generator, alpha: float) -> Bounds:
        return quantiles.quantile_bounds(lognormal(rng, n), 0.5, alpha)

    def difference(rng: np.random.Generator, alpha: float) -> Bounds:
        return quantiles.quantile_difference_bounds(lognormal(rng, n), lognormal(rng, n), 0.5, alpha)

    yield _cell("right-skewed", "median of one arm", n, "order statistics", median, 1.0)
    yield _cell("right-skewed", "median of two arms", n, "order statistics", difference, 0.0)


def _sequential_cells() -> Iterator[Cell]:
    kinds: tuple[spending.Spending, ...] = ("obrien_fleming", "pocock")
    for kind in kinds:
        design = f"looks at {'/'.join(map(str, LOOKS))}"
        yield _cell("normal", design, LOOKS[-1], f"t, {kind}", functools.partial(_looked_normal, kind), NORMAL.mean)
        for shape in (U_SHAPED, *BINARY):
            study = functools.partial(_looked_any, shape, kind)
            yield _cell(shape.name, design, LOOKS[-1], f"guaranteed, {kind}", study, shape.mean)


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
