"""The coefficients of a fitted model and their tests."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from pytest_dre.analysis.procedures.result import DegreesOfFreedom, Term
from pytest_dre.analysis.procedures.samples import Values
from pytest_dre.analysis.procedures.tails import directed_p


@dataclass(frozen=True, slots=True)
class Coefficients:
    """The coefficients of a fitted model.

    Attributes:
        names: Of the columns, the intercept first.
        values: The coefficients.
        covariance: Their covariance.
        df: Residual degrees of freedom of each; inf where the normal distribution serves.
        notes: What to know of the fit.
    """

    names: tuple[str, ...]
    values: Values
    covariance: Values
    df: Values
    notes: tuple[str, ...] = ()

    @property
    def is_normal(self) -> bool:
        """Whether z and chi-squared tests serve, not t and F."""
        return bool(np.all(np.isinf(self.df)))

    def term(self, at: int, alpha: float) -> Term:
        """Return a coefficient with its two-sided interval and test."""
        low, high = self.interval(at, (alpha / 2, alpha / 2))
        statistic = self.statistic(at)
        p_value = directed_p("different", *self.p_values(at))
        df = None if math.isinf(self.df[at]) else float(self.df[at])
        return Term(self.names[at], float(self.values[at]), low, high, statistic, df, p_value)

    def statistic(self, at: int) -> float:
        """Return t or z of a coefficient."""
        return float(self.values[at] / math.sqrt(self.covariance[at, at]))

    def p_values(self, at: int) -> tuple[float, float]:
        """Return both one-sided p values of a coefficient: that it is not above 0, and not below."""
        statistic, df = self.statistic(at), self.df[at]
        if math.isinf(df):
            return float(stats.norm.sf(statistic)), float(stats.norm.cdf(statistic))
        return float(stats.t.sf(statistic, df)), float(stats.t.cdf(statistic, df))

    def interval(self, at: int, levels: tuple[float, float]) -> tuple[float, float]:
        """Return the interval that leaves these probabilities below and above; 0 leaves a side open."""
        error, df = math.sqrt(self.covariance[at, at]), self.df[at]
        low, high = (
            error * float(stats.norm.isf(level) if math.isinf(df) else stats.t.isf(level, df)) for level in levels
        )
        value = float(self.values[at])
        return value - low, value + high

    def wald(self, at: Sequence[int]) -> float:
        """Return the squared length of several coefficients in their own standard errors (Wald 1943)."""
        chosen = np.asarray(at)
        return float(
            self.values[chosen] @ np.linalg.solve(self.covariance[np.ix_(chosen, chosen)], self.values[chosen])
        )

    def joint(self, at: Sequence[int]) -> tuple[str, float, DegreesOfFreedom, float]:
        """Return the Wald test of several coefficients: name, statistic, degrees of freedom and p value."""
        wald = self.wald(at)
        if self.is_normal:
            return "Wald chi-squared", wald, float(len(at)), float(stats.chi2.sf(wald, len(at)))
        df = float(np.min(self.df[list(at)]))
        return "F", wald / len(at), (float(len(at)), df), float(stats.f.sf(wald / len(at), len(at), df))
