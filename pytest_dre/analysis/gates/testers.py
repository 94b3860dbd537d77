"""How each method answers: bounds of the effect, and p-values of one-sided null hypotheses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.methods import betting, binomial, numbers, passk, quantiles
from pytest_dre.analysis.methods.bounds import Bounds, Numbers, Values
from pytest_dre.analysis.methods.distributions import normal_isf
from pytest_dre.analysis.methods.passk import Kind


class Tester(Protocol):
    """A method with its data.

    `bounds` are those of treatment - control (or of one arm's value). `p_value` is that of the null hypothesis that
    treatment - weight * control does not lie on the `side` given. `spread` is NaN if unknown.
    """

    def bounds(self, alpha: float) -> Bounds:
        """Return the estimate between two one-sided bounds at level `alpha`."""
        ...

    def p_value(self, side: Side) -> float:
        """Return the p-value of the null hypothesis that the effect is not on that side."""
        ...

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        ...


@dataclass(frozen=True, slots=True)
class Units:
    """Means of independent units, each with a treatment's and a control's value, by betting or (no range) t.

    Bets aim at the level `aim`, unless they are to hold at `anytime`.
    """

    treatment: Values
    control: Values | None
    range: tuple[float, float] | None
    aim: float
    anytime: bool = False

    def bounds(self, alpha: float) -> Bounds:
        """Return bounds of the effect."""
        units = self._units(1.0)
        if self.range is None:
            return numbers.mean_bounds(units, alpha)
        bounds = betting.anytime_bounds if self.anytime else betting.fixed_bounds
        return bounds(units, *self._range(1.0), alpha)

    def p_value(self, side: Side) -> float:
        """Return the p-value of the null hypothesis that the effect is not on that side."""
        units = self._units(side.weight)
        if self.range is None:
            return (numbers.mean_p_superior if side.above else numbers.mean_p_inferior)(units, side.limit)
        if self.anytime:
            at_any_n = betting.anytime_p_superior if side.above else betting.anytime_p_inferior
            return at_any_n(units, *self._range(side.weight), side.limit)
        test = betting.fixed_p_superior if side.above else betting.fixed_p_inferior
        return test(units, *self._range(side.weight), side.limit, self.aim)

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        units = self._units(1.0)
        return float(units.std(ddof=1)) if len(units) > 1 else math.nan

    def _units(self, weight: float) -> Values:
        if self.control is None:
            return self.treatment
        return numbers.differences(self.treatment, self.control, weight)

    def _range(self, weight: float) -> tuple[float, float]:
        assert self.range is not None
        return self.range if self.control is None else betting.difference_range(*self.range, weight)


@dataclass(frozen=True, slots=True)
class Strata:
    """Difference of means over strata of exchangeable replicates, by Welch's t."""

    treatment: Sequence[Numbers]
    control: Sequence[Numbers]

    def bounds(self, alpha: float) -> Bounds:
        """Return bounds of the effect."""
        return numbers.difference_bounds(self.treatment, self.control, alpha)

    def p_value(self, side: Side) -> float:
        """Return the p-value of the null hypothesis that the effect is not on that side."""
        test = numbers.difference_p_superior if side.above else numbers.difference_p_inferior
        return test(self.treatment, self.control, side.limit, side.weight)

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        found = self.bounds(0.25)  # any level: the half-width gives the standard error
        return (found.high - found.low) / 2 / normal_isf(0.25) * math.sqrt(found.n)


@dataclass(frozen=True, slots=True)
class Proportion:
    """One arm's proportion, exact."""

    successes: int
    n: int

    def bounds(self, alpha: float) -> Bounds:
        """Return bounds of the effect."""
        return binomial.clopper_pearson(self.successes, self.n, alpha)

    def p_value(self, side: Side) -> float:
        """Return the p-value of the null hypothesis that the effect is not on that side."""
        test = binomial.proportion_p_superior if side.above else binomial.proportion_p_inferior
        return test(self.successes, self.n, side.limit)

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        share = self.successes / self.n
        return math.sqrt(share * (1 - share))


@dataclass(frozen=True, slots=True)
class Proportions:
    """Two independent arms, each as (successes, n)."""

    treatment: tuple[int, int]
    control: tuple[int, int]

    def bounds(self, alpha: float) -> Bounds:
        """Return bounds of the effect."""
        return binomial.difference_bounds(self.treatment, self.control, alpha)

    def p_value(self, side: Side) -> float:
        """Return the p-value of the null hypothesis that the effect is not on that side."""
        test = binomial.difference_p_superior if side.above else binomial.difference_p_inferior
        return test(self.treatment, self.control, side.limit, side.weight)

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        shares = [successes / n for successes, n in (self.treatment, self.control)]
        return math.sqrt(sum(share * (1 - share) for share in shares))


@dataclass(frozen=True, slots=True)
class PairedProportions:
    """Pairs of runs that succeed or not; margins as a share of the control are judged by betting on the pairs."""

    treatment: Values
    control: Values
    aim: float

    def bounds(self, alpha: float) -> Bounds:
        """Return bounds of the effect."""
        return binomial.paired_bounds(*self._discordant(), len(self.treatment), alpha)

    def p_value(self, side: Side) -> float:
        """Return the p-value of the null hypothesis that the effect is not on that side."""
        if side.weight != 1:
            return self._units().p_value(side)
        test = binomial.paired_p_superior if side.above else binomial.paired_p_inferior
        return test(*self._discordant(), len(self.treatment), side.limit)

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        return self._units().spread()

    def _units(self) -> Units:
        return Units(self.treatment, self.control, (0.0, 1.0), self.aim)

    def _discordant(self) -> tuple[int, int]:
        differences = self.treatment - self.control
        return int((differences > 0).sum()), int((differences < 0).sum())


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of one arm's runs, or the difference of two."""

    treatment: Values
    control: Values | None
    probability: float

    def bounds(self, alpha: float) -> Bounds:
        """Return bounds of the effect."""
        if self.control is None:
            return quantiles.quantile_bounds(self.treatment, self.probability, alpha)
        return quantiles.quantile_difference_bounds(self.treatment, self.control, self.probability, alpha)

    def p_value(self, side: Side) -> float:
        """Return the p-value of the null hypothesis that the effect is not on that side."""
        if self.control is None:
            test = quantiles.quantile_p_superior if side.above else quantiles.quantile_p_inferior
            return test(self.treatment, self.probability, side.limit)
        of_two = quantiles.quantile_difference_p_superior if side.above else quantiles.quantile_difference_p_inferior
        return of_two(self.treatment, self.control, self.probability, side.limit, side.weight)

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        return math.nan


@dataclass(frozen=True, slots=True)
class OneProblem:
    """pass@k or pass^k of one problem, whose tries are the sample."""

    successes: int
    n: int
    k: int
    kind: Kind

    def bounds(self, alpha: float) -> Bounds:
        """Return bounds of the effect."""
        return passk.pass_bounds([(self.successes, self.n)], self.k, alpha, self.kind)

    def p_value(self, side: Side) -> float:
        """Return the p-value of the chance p of one try, which grows with 1 - (1 - p)^k and p^k."""
        limit = side.limit
        if 0 < limit < 1:
            limit = 1 - (1 - limit) ** (1 / self.k) if self.kind == "pass@k" else limit ** (1 / self.k)
        return Proportion(self.successes, self.n).p_value(Side(side.above, limit))

    def spread(self) -> float:
        """Return the standard deviation of one unit."""
        return math.nan
