"""Linear mixed models by restricted maximum likelihood.

The profiled criterion of Bates, Mächler, Bolker & Walker (2015, equations 33 to 42): for given relative standard
deviations of the random effects, fixed effects and residual variance follow by least squares, so that only the
former are searched for. It is smooth where a variance is 0, so fits at that edge need no special case.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from pytest_dre.analysis.procedures.samples import Values

STARTS = (1.0, 0.1)  # relative standard deviations
NEXT_TO_ZERO = 1e-3
INFEASIBLE = 1e30  # more than any criterion


@dataclass(frozen=True, slots=True)
class Found:
    """Where a search ended: the relative factor's numbers, their criterion, and whether it ended by itself."""

    theta: Values
    criterion: float
    converged: bool


@dataclass(frozen=True, slots=True)
class RemlFit:
    """A fitted mixed model.

    Attributes:
        coefficients: The fixed effects.
        covariance: Their covariance.
        deviations: Standard deviations of the random effects, column by column or grouping by grouping.
        residual: Standard deviation of the residuals.
        criterion: -2 times the restricted log likelihood, but for a constant of the model's.
        converged: Whether the search ended by itself.
    """

    coefficients: Values
    covariance: Values
    deviations: Values
    residual: float
    criterion: float
    converged: bool


@dataclass(frozen=True)
class MixedModel:
    """Sums of products of a mixed model: all that its fit needs of the data.

    Random effects come in batches that share no row: one a group, of correlated columns; or, where groupings cross,
    one batch of all levels of all groupings, each grouping with a standard deviation of its own.

    Attributes:
        zz: Products of random columns, (batch, column, column).
        zx: Products of random and fixed columns.
        zy: Products of random columns and the outcome, (batch, column, 1).
        fixed: The fixed columns.
        outcome: The outcome.
        groupings: Of crossed groupings, which one each random column belongs to; None for correlated columns.
    """

    zz: Values
    zx: Values
    zy: Values
    fixed: Values
    outcome: Values
    groupings: NDArray[np.intp] | None

    @classmethod
    def of_groups(cls, outcome: Values, fixed: Values, random: Values, codes: Values) -> "MixedModel":
        """Return the model in which the `random` columns vary between the groups that `codes` names."""
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-np.inf))
        z, x, y = random[order], fixed[order], outcome[order][:, None]

        def summed(right: Values) -> Values:
            return np.asarray(np.add.reduceat(z[:, :, None] * right[:, None, :], starts, axis=0))

        return cls(summed(z), summed(x), summed(y), fixed, outcome, None)

    @classmethod
    def of_crossed(cls, outcome: Values, fixed: Values, codes: Sequence[Values]) -> "MixedModel":
        """Return the model with a random intercept for each level of several groupings."""
        indicators = [(code[:, None] == np.unique(code)).astype(np.float64) for code in codes]
        z = np.hstack(indicators)
        groupings = np.repeat(np.arange(len(codes)), [found.shape[1] for found in indicators])
        products = (z.T @ right for right in (z, fixed, outcome[:, None]))
        zz, zx, zy = (found[None, :, :] for found in products)
        return cls(zz, zx, zy, fixed, outcome, groupings)

    def fit(self) -> RemlFit:
        """Return the fit of the smallest criterion."""
        searches = [self._search(np.where(self._is_diagonal, start, 0.0)) for start in STARTS]
        best = self._search(min(searches, key=lambda found: found.criterion).theta)
        theta = self._at_edge(best)
        _, inverse, coefficients, squares = self._solved(theta)
        variance = squares / self._df
        factor = self._factor(theta)
        relative = factor if self.groupings is not None else np.sqrt((factor**2).sum(axis=1))
        return RemlFit(
            coefficients=coefficients,
            covariance=variance * inverse,
            deviations=np.asarray(relative) * math.sqrt(variance),
            residual=math.sqrt(variance),
            criterion=self._criterion(theta),
            converged=best.converged,
        )

    @property
    def _df(self) -> int:
        return len(self.outcome) - int(self.fixed.shape[1])

    @cached_property
    def _fixed_products(self) -> Values:
        return np.asarray(self.fixed.T @ self.fixed)

    @cached_property
    def _is_diagonal(self) -> NDArray[np.bool_]:
        """Which searched numbers are standard deviations, not covariances: they cannot be negative."""
        if self.groupings is not None:
            return np.ones(int(self.groupings.max()) + 1, dtype=bool)
        rows, columns = np.tril_indices(self.zz.shape[1])
        return np.asarray(rows == columns)

    def _search(self, start: Values) -> "Found":
        bounds = [(0.0, 1e4) if diagonal else (-1e4, 1e4) for diagonal in self._is_diagonal]
        found: Any = optimize.minimize(  # type: ignore[call-overload]  # the stubs lack its options
            lambda theta: self._criterion(np.asarray(theta)),
            start,
            method="Nelder-Mead",
            bounds=bounds,
            options={"xatol": 1e-8, "fatol": 1e-11, "maxiter": 4_000, "maxfev": 4_000},
        )
        return Found(np.asarray(found.x), float(found.fun), bool(found.success))

    def _at_edge(self, best: "Found") -> Values:
        """Return what was found, with deviations next to 0 put there if that is as likely."""
        theta = np.where(self._is_diagonal & (best.theta < NEXT_TO_ZERO), 0.0, best.theta)
        return theta if self._criterion(theta) <= best.criterion + 1e-6 else best.theta

    def _factor(self, theta: Values) -> Values:
        """Return the relative factor of a batch's covariance: lower triangular, or a standard deviation a grouping."""
        if self.groupings is not None:
            return theta
        size = self.zz.shape[1]
        factor = np.zeros((size, size))
        factor[np.tril_indices(size)] = theta
        return factor

    def _scaled(self, theta: Values) -> tuple[Values, Values, Values]:
        """Return the products of random columns, times the relative factor."""
        factor = self._factor(theta)
        if self.groupings is not None:
            each = factor[self.groupings]
            return each[:, None] * self.zz * each, each[:, None] * self.zx, each[:, None] * self.zy
        turned = factor.T
        return turned @ self.zz @ factor, turned @ self.zx, turned @ self.zy

    def _solved(self, theta: Values) -> tuple[float, Values, Values, float]:
        """Return the log determinants, the fixed effects' unscaled covariance, their values, the residual squares."""
        zz, zx, zy = self._scaled(theta)
        root = np.linalg.cholesky(zz + np.eye(zz.shape[1]))
        right_x, right_y = np.linalg.solve(root, zx), np.linalg.solve(root, zy)
        xx = self._fixed_products - np.einsum("bij,bik->jk", right_x, right_x)
        xy = self.fixed.T @ self.outcome - np.einsum("bij,bik->j", right_x, right_y)
        yy = float(self.outcome @ self.outcome - (right_y**2).sum())
        root_x = np.linalg.cholesky(xx)
        coefficients = np.linalg.solve(xx, xy)
        logs = float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum() + np.log(np.diagonal(root_x)).sum())
        return 2 * logs, np.linalg.inv(xx), coefficients, yy - float(coefficients @ xy)

    def _criterion(self, theta: Values) -> float:
        try:
            logs, _, _, squares = self._solved(theta)
        except np.linalg.LinAlgError:  # a variance so large that rounding leaves nothing
            return INFEASIBLE
        return logs + self._df * math.log(squares / self._df) if squares > 0 else INFEASIBLE
