"""Ordinary least squares on a design matrix."""

from dataclasses import dataclass

import numpy as np

from pytest_dre.analysis.procedures.samples import Values

COLLINEAR = 1e-10  # share of a column that is its own, below which it is a combination of others


@dataclass(frozen=True, slots=True)
class Fit:
    """A least squares fit: its coefficients, their covariance, residual sum of squares and degrees of freedom."""

    coefficients: Values
    covariance: Values
    residual: float
    df: int


def rank(matrix: Values) -> int:
    """Return how many columns are no combination of the others, whatever their units."""
    lengths = np.linalg.norm(matrix, axis=0)
    scaled = matrix[:, lengths > 0] / lengths[lengths > 0]
    return int(np.linalg.matrix_rank(scaled, tol=COLLINEAR * max(matrix.shape))) if scaled.size else 0


def least_squares(matrix: Values, outcome: Values) -> Fit:
    """Fit an outcome by the columns of a matrix of full rank with fewer columns than rows."""
    lengths = np.linalg.norm(matrix, axis=0)
    q, r = np.linalg.qr(matrix / lengths)
    coefficients = np.linalg.solve(r, q.T @ outcome)
    residual = float(np.sum((outcome - (matrix / lengths) @ coefficients) ** 2))
    df = len(outcome) - matrix.shape[1]
    inverse = np.linalg.inv(r)
    covariance = inverse @ inverse.T * (residual / df) / np.outer(lengths, lengths)
    return Fit(coefficients / lengths, covariance, residual, df)


def residual_squares(matrix: Values, outcome: Values) -> float:
    """Return the residual sum of squares of a fit by columns that may depend on each other."""
    lengths = np.linalg.norm(matrix, axis=0)
    lengths[lengths == 0] = 1.0
    coefficients = np.linalg.lstsq(matrix / lengths, outcome, rcond=None)[0]
    return float(np.sum((outcome - (matrix / lengths) @ coefficients) ** 2))
