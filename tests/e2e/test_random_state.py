"""Tests beside a study find the random generators as they left them."""

import pytest

DRAWING = """
study_id: drawing
title: Runs that draw
factors: [{name: temperature, levels: [0.1, 0.4, 0.7]}]
agents: {drawing: "./drawing.py:draw"}
"""
AGENT = """
import random
import numpy as np


def draw():
    return {"output": {"drawn": random.random()}, "metrics": {"primary_outcome": np.random.standard_normal()}}
"""
CONFTEST = """
import random
import numpy as np
import pytest


def observed():
    name, words, *rest = np.random.get_state()
    return random.getstate(), name, words.tolist(), rest


def pytest_sessionstart(session):
    random.seed(11)
    np.random.seed(11)
    np.random.standard_normal()
    session.config.observed = observed()


def pytest_sessionfinish(session):
    assert observed() == session.config.observed


@pytest.fixture
def untouched(request):
    return observed() == request.config.observed
"""
TEST = "def test_state(untouched): assert untouched"


@pytest.mark.parametrize("more", [(), ("-k", "0.4 or state"), ("--maxfail=1",)])
def test_a_study_between_tests_leaves_no_trace(lab, more):
    lab.write("conftest.py", CONFTEST)
    lab.write("studies/test_a.py", TEST)
    lab.write("studies/m.study.yaml", DRAWING)
    lab.write("studies/drawing.py", AGENT)
    lab.write("studies/test_z.py", TEST)
    result = lab.run("studies/test_a.py", "studies/m.study.yaml", "studies/test_z.py", "-p", "no:randomly", *more)
    result.assert_outcomes(passed=3 if "-k" in more else 5, deselected=2 if "-k" in more else 0)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
