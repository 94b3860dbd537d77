import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.methods import multiplicity

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=8)
# Wright (1992), "Adjusted p-values for simultaneous inference", and R's p.adjust
EXAMPLE = [0.01, 0.02, 0.03, 0.04, 0.05]


def test_adjusted_p_values_agree_with_r() -> None:
    assert multiplicity.bonferroni(EXAMPLE) == pytest.approx([0.05, 0.10, 0.15, 0.20, 0.25])
    assert multiplicity.holm(EXAMPLE) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert multiplicity.benjamini_hochberg(EXAMPLE) == pytest.approx([0.05] * 5)
    assert multiplicity.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@given(p_values)
def test_benjamini_hochberg_agrees_with_scipy(p) -> None:
    assert multiplicity.benjamini_hochberg(p) == pytest.approx(list(stats.false_discovery_control(p)))


@given(p_values)
def test_holm_lies_between_p_and_bonferroni(p) -> None:
    for raw, stepped, bound in zip(p, multiplicity.holm(p), multiplicity.bonferroni(p), strict=True):
        assert raw <= stepped <= bound


@given(p_values, st.sampled_from([0.01, 0.05, 0.3]))
def test_levels_accept_what_holm_accepts(p, alpha) -> None:
    levels = multiplicity.holm_alpha(p, alpha)
    for raw, stepped, level in zip(p, multiplicity.holm(p), levels, strict=True):
        if abs(stepped - alpha) > 1e-9:
            assert (stepped <= alpha) == (raw <= level)


def test_levels() -> None:
    assert multiplicity.holm_alpha([0.01, 0.04, 0.03], 0.05) == pytest.approx([0.05 / 3, 0.025, 0.025])
    assert multiplicity.holm_alpha([0.001, 0.002], 0.05) == pytest.approx([0.025, 0.05])
    assert multiplicity.holm_alpha([], 0.05) == []
    assert multiplicity.holm([]) == multiplicity.benjamini_hochberg([]) == multiplicity.bonferroni([]) == []


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_impossible_p_values_are_refused(p) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        multiplicity.holm([p])
