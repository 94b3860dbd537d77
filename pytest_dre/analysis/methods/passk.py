"""pass@k and pass^k: at least one, or every one, of k tries of a problem succeeds."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from pytest_dre.analysis.methods import betting
from pytest_dre.analysis.methods.binomial import clopper_pearson
from pytest_dre.analysis.methods.bounds import Bounds

Kind: TypeAlias = Literal["pass@k", "pass^k"]


def pass_at_k(successes: int, n: int, k: int) -> float:
    """Return the unbiased estimate of P(at least one of k tries succeeds): 1 - C(n - c, k) / C(n, k).

    Chen et al. (2021), "Evaluating large language models trained on code". Raises ValueError if k > n.
    """
    _check(successes, n, k)
    return 1 - math.comb(n - successes, k) / math.comb(n, k)


def pass_hat_k(successes: int, n: int, k: int) -> float:
    """Return the unbiased estimate of P(all of k tries succeed): C(c, k) / C(n, k).

    Yao et al. (2024), "tau-bench". Raises ValueError if k > n.
    """
    _check(successes, n, k)
    return math.comb(successes, k) / math.comb(n, k)


def pass_bounds(problems: Sequence[tuple[int, int]], k: int, alpha: float, kind: Kind) -> Bounds:
    """Return bounds of pass@k or pass^k, averaged over problems that are given as (successes, n).

    Several problems are a random sample of the problems meant: the betting bound of the mean of their estimates, each
    in [0, 1]. For one problem, where its tries are the sample: Clopper-Pearson's bounds of p, put into
    1 - (1 - p)^k or p^k.
    """
    if len(problems) == 1:
        return _one_problem(*problems[0], k, alpha, kind)
    found = betting.fixed_bounds(estimates(problems, k, kind), 0.0, 1.0, alpha)
    return replace(found, method=f"{kind}, {found.method}", assumptions="problems drawn independently")


def estimates(problems: Sequence[tuple[int, int]], k: int, kind: Kind) -> list[float]:
    """Return the unbiased estimate of each problem, a value in [0, 1] (the units of `betting` and of differences)."""
    if kind not in ("pass@k", "pass^k"):
        raise ValueError(f"unknown kind {kind!r}; use 'pass@k' or 'pass^k'")
    of_problem = pass_at_k if kind == "pass@k" else pass_hat_k
    return [of_problem(successes, n, k) for successes, n in problems]


def _one_problem(successes: int, n: int, k: int, alpha: float, kind: Kind) -> Bounds:
    (estimate,) = estimates([(successes, n)], k, kind)
    share = clopper_pearson(successes, n, alpha)
    low, high = ((1 - (1 - p) ** k if kind == "pass@k" else p**k) for p in (share.low, share.high))
    # the unbiased estimate reaches 0 or 1 before the bounds do
    low, high = min(low, estimate), max(high, estimate)
    return Bounds(estimate, low, high, n, f"{kind}, Clopper-Pearson", False, "independent tries of one problem")


def _check(successes: int, n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k must be at least 1 and at most the {n} tries of a problem, got {k}")
    if not 0 <= successes <= n:
        raise ValueError(f"expected a count between 0 and {n}, got {successes}")
