"""Which tables of two proportions pass: those that a gate's exact test, or its scores, would accept."""

import math

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.methods import binomial, unconditional
from pytest_dre.analysis.methods.distributions import normal_isf

EXACT_PAIRS = 60  # up to so many pairs are judged by the exact test, beyond by Tango's scores: it takes long
BOUNDS_SHARE = 1 - unconditional.SAFE_SHARE  # of alpha, that is left for the bounds that a verdict is shown with

Arm = tuple[int, int]  # successes, runs


def arms_pass(side: Side, treatment: Arm, control: Arm, level: float, *, relative: bool) -> bool:
    """Return whether two independent arms show the side; of a `relative` margin no bound has to say so as well."""
    if (treatment[1] + 1) * (control[1] + 1) > binomial.EXACT_TABLES:
        found = binomial.newcombe(treatment, control, level, side.weight)
        return found.low >= side.limit if side.above else found.high <= side.limit
    test = binomial.difference_p_superior if side.above else binomial.difference_p_inferior
    if relative:
        return test(treatment, control, side.limit, side.weight) <= level
    return test(treatment, control, _on_grid(side)) <= BOUNDS_SHARE * level


def pairs_pass(side: Side, favourable: int, adverse: int, pairs: int, level: float) -> bool:
    """Return whether pairs show the side, by the numbers of those that differ in its favour, or the other way."""
    if favourable + adverse > pairs:
        return False
    limit = _on_grid(side) if side.above else -_on_grid(side)
    if pairs <= EXACT_PAIRS:
        return unconditional.paired_p_value(favourable, adverse, pairs, limit) <= BOUNDS_SHARE * level
    limit = side.limit if side.above else -side.limit
    return bool(unconditional.tango(favourable, adverse, pairs, limit) >= normal_isf(level))


def _on_grid(side: Side) -> float:
    """Return the null that a verdict's bound has to reject: the next one on its grid."""
    steps = round(side.limit * unconditional.STEPS, 6)
    return (math.ceil(steps) if side.above else math.floor(steps)) / unconditional.STEPS
