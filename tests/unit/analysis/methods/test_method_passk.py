import itertools

import pytest

from pytest_dre.analysis.methods import passk
from pytest_dre.analysis.methods.binomial import clopper_pearson


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("successes", range(6))
def test_estimates_are_the_shares_of_subsets(successes, k) -> None:
    tries = [True] * successes + [False] * (5 - successes)
    subsets = list(itertools.combinations(tries, k))
    assert passk.pass_at_k(successes, 5, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))
    assert passk.pass_hat_k(successes, 5, k) == pytest.approx(sum(map(all, subsets)) / len(subsets))


def test_estimates_are_unbiased() -> None:
    n, k, p = 6, 3, 0.3
    chances = [
        (sum(tries), p ** sum(tries) * (1 - p) ** (n - sum(tries))) for tries in itertools.product((0, 1), repeat=n)
    ]
    assert sum(chance * passk.pass_at_k(c, n, k) for c, chance in chances) == pytest.approx(1 - 0.7**3)
    assert sum(chance * passk.pass_hat_k(c, n, k) for c, chance in chances) == pytest.approx(0.3**3)


def test_one_problem_has_exact_bounds() -> None:
    share = clopper_pearson(6, 10, 0.05)
    at, hat = (passk.pass_bounds([(6, 10)], 3, 0.05, kind) for kind in ("pass@k", "pass^k"))
    assert (at.low, at.high) == pytest.approx((1 - (1 - share.low) ** 3, 1 - (1 - share.high) ** 3))
    assert (hat.low, hat.high) == pytest.approx((share.low**3, share.high**3))
    assert at.n == hat.n == 10


def test_bounds_of_one_problem_hold_its_estimate() -> None:
    for successes in range(6):
        for kind in ("pass@k", "pass^k"):
            found = passk.pass_bounds([(successes, 5)], 5, 0.05, kind)
            assert found.low <= found.estimate <= found.high


def test_several_problems_are_averaged_over_problems() -> None:
    found = passk.pass_bounds([(5, 5), (0, 5), (3, 6)], 2, 0.05, "pass^k")
    assert found.estimate == pytest.approx((1 + 0 + 0.2) / 3)
    assert found.n == 3
    assert found.low <= found.estimate <= found.high
    assert found.method == "pass^k, betting (fixed n)"


@pytest.mark.parametrize(("successes", "n", "k"), [(1, 2, 3), (1, 2, 0), (3, 2, 1)])
def test_impossible_counts_are_refused(successes, n, k) -> None:
    with pytest.raises(ValueError, match=r"k must be at least 1|expected a count"):
        passk.pass_at_k(successes, n, k)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="use 'pass@k' or 'pass"):
        passk.estimates([(1, 2)], 1, "pass")  # type: ignore[arg-type]
