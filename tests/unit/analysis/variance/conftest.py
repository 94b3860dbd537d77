"""The runs of small made-up studies with gates."""

import pytest
from made_up_studies import CONTRAST, make_row


def make_rows(outcome, value, *, problems=("p",), styles=(1,), replicates=4, shared=False):
    """Return runs of both agents; `value(agent, problem, style, replicate)` is the outcome, None if there is none."""
    return [
        make_row(agent, style, problem, replicate, outcome, value(agent, problem, style, replicate), shared=shared)
        for problem in problems
        for style in styles
        for agent in ("new", "old")
        for replicate in range(1, replicates + 1)
    ]


@pytest.fixture
def rows():
    return make_rows


@pytest.fixture
def gate():
    """Returns a gate that compares the agents, or with a `value` one that judges all runs."""

    def make(outcome="cost", **more):
        arms = {} if "value" in more or "baseline" in more else {"contrast": CONTRAST}
        claim = "at_most" if "value" in more else "superior"
        return {"gate_id": "g", "claim": claim, "outcome": outcome, **arms, **more}

    return make
