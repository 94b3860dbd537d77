"""At the effect that a plan names, gates pass in 80 % of studies: drawn anew, and judged as sessions judge."""

import functools
import math

import numpy as np
import pytest

from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.analysis.power.bounded import beta_values
from pytest_dre.model.verdicts import Verdict

TOLERANCE = 0.05
MEAN, SD = 0.6, 0.15


def normal(rng, mean, size):
    return rng.normal(mean, SD, size)


def bounded(rng, mean, size):
    return beta_values(mean, SD, rng.random(size))


def passing(lab, draw, studies: int) -> float:
    """Return how many of the studies pass at the effect that the plan names."""
    said = lab.power()
    assert said.effect is not None, said
    rng = np.random.default_rng(2024)
    two = len(lab.arms) == 2

    def of_arm(arm, size, _):
        return draw(rng, (MEAN if two else 0.0) + said.effect if arm == "new" else MEAN, size)

    return sum(_passes(lab, of_arm) for _ in range(studies)) / studies


def _passes(lab, of_arm) -> bool:
    return judge_gates(lab.study, lab.rows(of_arm), remedies=False)["g"].verdict is Verdict.PASS


NUMBERS = {
    "pairs by t": ({"claim": "superior", "n": 14, "common": True}, 400),
    "one arm by t": ({"claim": "at_least", "n": 14, "value": 0.5, "where": {"agent": "new"}}, 400),
    "Welch over unequal strata": ({"claim": "superior", "n": (6, 14), "strata": 2}, 400),
    "Welch, margin in percent": ({"claim": "non_inferior", "n": 20, "margin": "20%"}, 400),
    "Welch, equivalence": ({"claim": "equivalent", "n": 30, "margin": 0.15}, 400),
    "medians": ({"claim": "superior", "n": 30, "statistic": "median"}, 600),
}


@pytest.mark.parametrize(("gate", "studies"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(lab, gate, studies: int) -> None:
    found = passing(lab(outcome="gain", expected={"mean": MEAN, "sd": SD}, **gate), normal, studies)
    assert found == pytest.approx(0.8, abs=TOLERANCE)


BOUNDED = {
    "two arms": ({"claim": "superior", "n": 25}, 300),
    "one arm": ({"claim": "at_least", "n": 25, "value": 0.4, "where": {"agent": "new"}}, 400),
    "pairs over strata": ({"claim": "superior", "n": 20, "strata": 2, "common": True}, 300),
    "margin in percent": ({"claim": "non_inferior", "n": 60, "margin": "20%"}, 250),
}


@pytest.mark.parametrize(("gate", "studies"), BOUNDED.values(), ids=BOUNDED)
def test_bounded(lab, gate, studies: int) -> None:
    found = passing(lab(outcome="score", expected={"mean": MEAN, "sd": SD}, **gate), bounded, studies)
    assert found == pytest.approx(0.8, abs=TOLERANCE)


def test_problems(lab) -> None:
    """Problems differ in the effect; the plan was told by how much."""
    between, mean = 0.1, 0.4
    gate = lab("superior", "score", 2, problems=16, expected={"mean": mean, "sd": SD, "problem_sd": between})
    said = gate.power()
    rng = np.random.default_rng(2024)
    passes = 0
    for _ in range(200):
        effects = dict(zip(gate.problems, said.effect + rng.normal(0, between, 16), strict=True))

        def of_arm(arm, size, problem, effects=effects):
            return bounded(rng, mean + (effects[problem] if arm == "new" else 0.0), size)

        passes += _passes(gate, of_arm)
    assert passes / 200 == pytest.approx(0.8, abs=TOLERANCE)


def test_a_pilot_tells_what_the_study_will_do(lab) -> None:
    """Deviations from 40 stored runs an arm, of which the plan knows nothing else."""
    rng = np.random.default_rng(7)
    gate = lab("superior", "gain", 40, common=True)
    shared = rng.normal(0, 1, 40)
    said = gate.power(gate.rows(lambda arm, size, _: shared + rng.normal(0, SD, size)))
    true = math.sqrt(2) * SD
    assert said.basis.sd == pytest.approx(true, rel=0.25)
    assert said.effect / said.basis.sd == pytest.approx(0.4, abs=0.01)  # G*Power 3: d_z = 0.4 at 41 pairs, one-sided


@pytest.mark.parametrize("common", [False, True])
def test_successes(lab, common: bool) -> None:
    gate = lab("superior", "ok", 12, common=common, expected={"mean": 0.4})
    said = gate.power()
    rng = np.random.default_rng(2024)

    @functools.cache
    def verdict(*outcomes: tuple[int, ...]) -> bool:
        arms = dict(zip(gate.arms, outcomes, strict=True))
        return _passes(gate, lambda arm, size, _: arms[arm])

    passes = 0
    for _ in range(1500):
        new, old = rng.random(12) < 0.4 + said.effect, rng.random(12) < 0.4
        # neither the order of runs nor that of pairs changes a verdict, so few different ones are to be judged
        if common:
            pairs = sorted(zip(new.tolist(), old.tolist(), strict=True))
            concordant = [(False, False) if first == second else (first, second) for first, second in pairs]
            passes += verdict(*zip(*sorted(concordant), strict=True))
        else:
            passes += verdict(tuple(sorted(new.tolist())), tuple(sorted(old.tolist())))
    assert passes / 1500 == pytest.approx(0.8, abs=TOLERANCE)


def test_successes_of_one_arm(lab) -> None:
    gate = lab("at_least", "ok", 40, value=0.8, where={"agent": "new"})
    found = passing(gate, lambda rng, mean, size: rng.random(size) < mean, 1000)
    assert found == pytest.approx(0.8, abs=TOLERANCE)
