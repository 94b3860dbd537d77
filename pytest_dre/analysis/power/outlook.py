"""How many units would about settle a gate that was left open, if the truth were what its data show.

Where plans are told a number this one is found by the same formulas, so that both agree. Simulations are few: a gate
is asked while users wait for its verdict. Nothing here imports `scipy.stats`, for the same reason.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pytest_dre.analysis.gates.claims import Side, against
from pytest_dre.analysis.gates.layout import Layout
from pytest_dre.analysis.gates.question import Question
from pytest_dre.analysis.gates.testers import PairedProportions, Proportions, Quantile, Strata, Tester, Units
from pytest_dre.analysis.methods import numbers
from pytest_dre.analysis.methods.bounds import Bounds
from pytest_dre.analysis.methods.distributions import normal_isf
from pytest_dre.analysis.power.bounded import CERTAIN, BoundedMeans
from pytest_dre.analysis.power.quantile import QuantileDifference
from pytest_dre.analysis.power.regions import arms_pass, pairs_pass
from pytest_dre.analysis.power.share import share_of, share_seen
from pytest_dre.analysis.power.solving import MOST, POWER, about_units, first_units, roughly_units
from pytest_dre.analysis.power.targets import Target
from pytest_dre.canonical import seed_from

FEWEST = 4  # units; what fewer say of how they vary is next to nothing
STUDIES = 400  # simulated ones: the standard error of 80 % is 2 points


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would settle a gate.

    Attributes:
        units: How many units in all, of the smaller arm; None if more than 10,000.
        sort: "power": so many have 80 % power if the truth is as estimated. "alike": so many settle it if all are like
            those so far, which do not vary. "least": fewer cannot settle it; more than that the data do not tell.
        supports: Whether the estimate lies within the claim; if not, what would settle it is a FAIL.
    """

    units: int | None
    sort: Literal["power", "alike", "least"] = "power"
    supports: bool = True


@dataclass(frozen=True, slots=True)
class _Open:
    """A gate left open: what its data speak for, and how far they are from showing it.

    Attributes:
        target: What would have to be shown.
        effect: The estimate, taken as true.
    """

    gate_id: str
    tester: Tester
    bounds: Bounds
    target: Target
    effect: float
    level: float

    @property
    def n(self) -> int:
        return self.bounds.n

    @property
    def distances(self) -> list[float]:
        return [self.target.distance(side, self.effect) for side in self.target.sides]

    @property
    def seed(self) -> int:
        return seed_from(["outlook", self.gate_id])


def outlook(question: Question, layout: Layout, bounds: Bounds, level: float) -> Outlook | None:
    """Return what would settle a gate, None if its data tell nothing.

    Args:
        question: What the gate asks.
        layout: Its method, with the units.
        bounds: What it found at `level`, which left it open.
        level: The level of its tests.
    """
    if share_of(layout.tester, question.sides[0], level) is not None:
        return _of_share(layout.tester, question.sides[0], bounds.n, level)
    if not 0 < level < 0.5:
        return None
    means = _means(layout)
    relative_to = means[1] if question.relative else math.nan
    claim = Target(question.sides, relative_to, question.relative)
    effect = means[0] - (means[1] if len(means) == 2 else 0.0)
    gaps = [claim.distance(side, effect) for side in claim.sides]
    supports = min(gaps) > 0
    target = claim if supports else replace(claim, sides=(against(claim.sides[gaps.index(min(gaps))]),))
    found = _settling(_Open(question.gate.gate_id, layout.tester, bounds, target, effect, level), question)
    return None if found is None else replace(found, supports=supports)


def fewest_units(question: Question, layout: Layout, level: float) -> int:
    """Return the fewest units that can pass whatever they show, as far as that is known."""
    if share_of(layout.tester, question.sides[0], level) is None:
        return 1
    return _least(layout.tester, question.sides[0], level) or MOST


def _least(tester: Tester, side: Side, level: float) -> int | None:
    share = share_of(tester, side, level)
    assert share is not None, "the method is one of a share"
    return share.least()


def _means(layout: Layout) -> tuple[float, ...]:
    """Return the arms' means (quantiles) as the method has them: units may leave some runs out."""
    tester = layout.tester
    if not isinstance(tester, Units | PairedProportions):
        return layout.means
    arms = (tester.treatment,) if tester.control is None else (tester.treatment, tester.control)
    return tuple(float(arm.mean()) for arm in arms)


def _of_share(tester: Tester, claimed: Side, n: int, level: float) -> Outlook:
    """Return what settles a gate about a share of runs: of the claim or its contrary what the data speak for."""
    if n < FEWEST:
        return Outlook(_least(tester, claimed, level), "least")
    for side in (claimed, against(claimed)):
        share, seen = share_of(tester, side, level), share_seen(tester, side)
        assert share is not None, "both sides are tested alike"
        if seen > share.limit if share.above else seen < share.limit:
            sort: Literal["alike", "power"] = "alike" if seen == (1.0 if share.above else 0.0) else "power"
            return Outlook(share.least_for(seen, n), sort, side is claimed)
    return Outlook(None, supports=False)


def _settling(found: _Open, question: Question) -> Outlook | None:
    if min(found.distances) <= 0:
        return Outlook(None)
    match found.tester:
        case Quantile():
            return _of_quantiles(found, found.tester)
        case Proportions():
            return _of_tables(found)
        case PairedProportions() if not question.relative:
            return _of_tables(found)
        case PairedProportions() | Units(range=(_, _)):
            return _of_bets(found, question)
    return _of_means(found)


def _of_quantiles(found: _Open, tester: Quantile) -> Outlook:
    """Return what settles two quantiles: their bounds come nearer as the root of the runs grows."""
    side = min(found.target.sides, key=lambda side: found.target.distance(side, found.effect))
    reach = found.effect - found.bounds.low if side.above else found.bounds.high - found.effect
    if math.isinf(reach):
        family = QuantileDifference(found.target, tester.probability, (1, 1), (0.0, 0.0), found.level, found.seed)
        return Outlook(first_units(family.possible, found.n + 1), "least")
    error = reach / normal_isf(found.level) * math.sqrt(found.n)
    units = roughly_units(error, found.distances, found.level)
    return Outlook(None if units is None else max(units, found.n + 1))


def _of_tables(found: _Open) -> Outlook:
    """Return what settles two proportions: no less than it takes if further runs are like those so far."""
    alike = first_units(lambda n: _like_tables_pass(found, n), found.n + 1)
    spread = found.tester.spread()
    if not spread or found.n < FEWEST:
        return Outlook(alike, "alike")
    units = roughly_units(spread, found.distances, found.level)
    return Outlook(None if units is None or alike is None else max(units, alike))


def _like_tables_pass(found: _Open, n: int) -> bool:
    """Return whether n units pass that have the same shares of successes."""
    tester, target, factor = found.tester, found.target, n / found.n
    if isinstance(tester, Proportions):
        treatment, control = (
            (round(successes * factor), round(size * factor)) for successes, size in (tester.treatment, tester.control)
        )
        return all(arms_pass(side, treatment, control, found.level, relative=target.relative) for side in target.sides)
    assert isinstance(tester, PairedProportions), "pairs are the other tables"
    won, lost = (round(int(count) * factor) for count in _discordant(tester))
    return all(pairs_pass(side, *((won, lost) if side.above else (lost, won)), n, found.level) for side in target.sides)


def _discordant(tester: PairedProportions) -> tuple[int, int]:
    differences = tester.treatment - tester.control
    return int((differences > 0).sum()), int((differences < 0).sum())


def _of_bets(found: _Open, question: Question) -> Outlook:
    """Return what settles bets: simulated from where the normal approximation, which is too low, leads to."""
    assert question.range is not None, "bets need a range"
    sd = _spread(found)
    two = not question.one_armed
    low, high = question.range
    extent = (low - high, high - low) if two else question.range
    family = BoundedMeans(
        found.target, question.range, two, extent, sd, found.level, found.seed, "simulated", question.gate.anytime
    )
    if found.n < FEWEST:
        return Outlook(first_units(family.possible, found.n + 1), "least")
    if sd < CERTAIN * (high - low):
        soonest = max(found.n + 1, family.soonest(found.effect))
        return Outlook(first_units(lambda n: family.sure(n, found.effect), soonest), "alike")
    guess = roughly_units(sd, found.distances, found.level)
    if guess is None:
        return Outlook(None)
    simulated = replace(family, most=STUDIES)
    return Outlook(about_units(lambda n: simulated.power(n, found.effect) >= POWER, found.n, guess))


def _spread(found: _Open) -> float:
    """Return the standard deviation of a unit, of two arms treatment - weight * control; 0 of one unit."""
    tester = found.tester
    assert isinstance(tester, Units | PairedProportions), "bets are placed on units"
    units = tester.treatment
    if tester.control is not None:
        weight = max(side.weight for side in found.target.sides)
        units = numbers.differences(tester.treatment, tester.control, weight)
    return float(np.std(units, ddof=min(1, len(units) - 1)))


def _of_means(found: _Open) -> Outlook | None:
    """Return what settles t tests; their tails take a little more than the normal ones (Guenther, 1981)."""
    spread = found.tester.spread()
    if not math.isfinite(spread):
        return None
    units = roughly_units(spread, found.distances, found.level)
    if units is None:
        return Outlook(None)
    more = normal_isf(found.level) ** 2 / (4 if isinstance(found.tester, Strata) else 2)
    return Outlook(max(math.ceil(units + more), found.n + 1))
