"""Quadratic forms of residuals from condition means, with their expectations under a model of variance components.

The values are y = condition mean + sum over groupings j of Z_j u_j, u_j independent with variance s_j; the finest
grouping is the runs themselves. With M the projection that takes out condition means and r = M y, the form of grouping
k is Q_k = r' Z_k (Z_k' Z_k)^-1 Z_k' r, its sum of squares between groups, and E[Q_k] = sum_j t_kj s_j with
t_kj = trace((Z_k' Z_k)^-1 Z_k' M Z_j Z_j' M Z_k). That holds for unbalanced data and crossed groupings alike (Searle,
Casella and McCulloch, 1992, "Variance Components", ch. 5; Henderson, 1953, methods 1 and 2).

Sizes are those of cross tables, never runs by runs.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Values: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.intp]  # of each run its group, as 0, 1, …


def codes_of(*labels: Codes) -> Codes:
    """Return the groups that runs with all labels equal make, numbered by their labels."""
    joint = labels[0]
    for label in labels[1:]:
        joint = np.unique(joint * (int(label.max(initial=0)) + 1) + label, return_inverse=True)[1].reshape(-1)
    return np.unique(joint, return_inverse=True)[1].reshape(-1).astype(np.intp)


def centred(values: Values, condition: Codes) -> Values:
    """Return what is left of the values once condition means are taken out."""
    return np.asarray(values - (np.bincount(condition, values) / np.bincount(condition))[condition])


def form(residuals: Values, grouping: Codes) -> float:
    """Return Q of the grouping: the sum over groups of (sum of residuals)^2 / size."""
    sums = np.bincount(grouping, residuals)
    return float((sums**2 / np.bincount(grouping)).sum())


def expectation(condition: Codes, grouping: Codes, other: Codes) -> float:
    """Return t_kj: how much of `other`'s variance component Q of `grouping` is expected to hold."""
    sizes, heights = np.bincount(grouping), sparse.diags(1 / np.bincount(condition))
    joint = _crossed(grouping, other)
    first, second = _crossed(grouping, condition), _crossed(other, condition)
    scaled_joint, scaled_first = _scaled(joint, 1 / sizes), _scaled(first, 1 / sizes)
    plain = _sum(scaled_joint.multiply(joint))
    # the same products in the order that keeps the tables between them small
    if first.shape[0] <= second.shape[0]:
        cross = _sum((scaled_joint @ second).multiply(first) @ heights)
    else:
        cross = _sum((joint.T @ scaled_first).multiply(second) @ heights)
    if first.shape[1] ** 2 <= first.shape[0] * second.shape[0]:
        taken = _sum((heights @ (first.T @ scaled_first)).multiply((second.T @ second) @ heights))
    else:
        removed = first @ heights @ second.T
        taken = _sum(_scaled(removed, 1 / sizes).multiply(removed))
    return plain - 2 * cross + taken


def condition_expectation(condition: Codes, other: Codes) -> float:
    """Return how much of `other`'s variance component the sum of squares between conditions is expected to hold."""
    joint, heights = _crossed(condition, other), np.bincount(condition)
    between = _sum(_scaled(joint, 1 / heights).multiply(joint))
    return between - float((np.bincount(other) ** 2).sum()) / len(condition)


def _crossed(rows: Codes, columns: Codes) -> Any:
    """Return how many runs each pair of groups shares."""
    ones = np.ones(len(rows))
    shape = (int(rows.max()) + 1, int(columns.max()) + 1)
    return sparse.coo_array((ones, (rows, columns)), shape=shape).tocsr()


def _scaled(table: Any, weights: Values) -> Any:
    return sparse.diags(weights) @ table


def _sum(table: Any) -> float:
    return float(table.sum())
