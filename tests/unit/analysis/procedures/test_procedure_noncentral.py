"""Intervals of noncentrality parameters."""

import pytest
from scipy import stats

from pytest_dre.analysis.procedures.noncentral import t_noncentrality


@pytest.mark.parametrize(("statistic", "df"), [(0.0, 10), (2.1, 9), (-2.1, 9), (6.8557, 47), (40.0, 199)])
def test_the_statistic_lies_at_both_tails(statistic: float, df: int) -> None:
    """6.8557 at 47 degrees of freedom: SciPy 1.17 has no number far out in the tail that the search starts from."""
    low, high = t_noncentrality(statistic, df, 0.05)
    assert low < statistic < high
    assert stats.nct.sf(statistic, df, low) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(statistic, df, high) == pytest.approx(0.025, abs=1e-6)
