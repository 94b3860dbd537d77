"""The distributions of scipy.special agree with those of scipy.stats, and come without it."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis.methods import distributions

LEVELS = st.floats(1e-9, 0.5)


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-14)


@given(LEVELS, st.floats(-8, 8))
def test_normal(level: float, z: float) -> None:
    assert distributions.normal_isf(level) == near(stats.norm.isf(level))
    assert float(distributions.normal_sf(z)) == near(stats.norm.sf(z))
    assert distributions.normal_pdf(np.array([z]))[0] == near(stats.norm.pdf(z))


@given(LEVELS, st.floats(0.3, 500), st.floats(-30, 30))
def test_t(level: float, freedom: float, t: float) -> None:
    # at the far ends of few degrees of freedom scipy.special's inverse keeps seven digits
    assert distributions.t_isf(level, freedom) == pytest.approx(stats.t.isf(level, freedom), rel=1e-6, abs=1e-9)
    assert distributions.t_sf(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-9)


@given(st.integers(0, 300), st.integers(-2, 302), st.floats(0, 1))
def test_binomial(n: int, count: int, probability: float) -> None:
    assert float(distributions.binomial_cdf(count, n, probability)) == near(stats.binom.cdf(count, n, probability))
    assert distributions.binomial_sf(count, n, probability) == near(stats.binom.sf(count, n, probability))


def test_binomial_of_many_counts() -> None:
    counts = np.arange(-1, 13)
    assert distributions.binomial_cdf(counts, 10, 0.3) == near(stats.binom.cdf(counts, 10, 0.3))


@given(st.integers(1, 300), st.data(), LEVELS)
def test_proportion(n: int, data: st.DataObject, level: float) -> None:
    successes = data.draw(st.integers(0, n))
    expected = stats.beta.ppf(level, successes, n - successes + 1) if successes else 0.0
    assert distributions.proportion_low(successes, n, level) == near(expected)


@given(LEVELS, st.integers(1, 200), st.integers(1, 200))
def test_f(level: float, between: int, within: int) -> None:
    assert distributions.f_isf(level, between, within) == pytest.approx(stats.f.isf(level, between, within), rel=1e-6)


def test_gates_are_judged_without_scipy_stats() -> None:
    code = "import sys, pytest_dre.analysis.gates.judging; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
