"""What would settle an inconclusive gate: about how many more units, by the normal approximation.

A one-sided test at level alpha has power 1 - beta with n = ((z_alpha + z_beta) * s / d)^2 units of standard deviation s
at a distance d from the margin (Chow, Shao and Wang, 2008, "Sample size calculations in clinical research", ch. 3).
Both are taken from the data at hand, so the number is a rough guide; for equivalence d is that to the nearer margin.
"""

import math

from pytest_dre.analysis.gates.layout import Layout
from pytest_dre.analysis.gates.question import Question
from pytest_dre.analysis.methods.distributions import normal_isf

POWER = 0.8
MOST = 10_000  # more than that settles nothing in practice


def remedy(question: Question, layout: Layout, n: int, alpha: float) -> str:
    """Return how many more replicates or problems would about settle the gate; "" if the data do not tell."""
    distance, supports = _distance(question, layout)
    spread = layout.tester.spread()
    if not math.isfinite(spread) or n == 0:
        return "more replicates" if layout.per_replicate else "more problems"
    what = "replicates an arm" if len(layout.means) == 2 else "replicates"
    what = what if layout.per_replicate else "problems"
    wanted = (normal_isf(alpha) + normal_isf(1 - POWER)) * spread
    if distance <= 0 or (wanted / distance) ** 2 > MOST:
        return f"the estimate is at the margin: more than {MOST:,} {what} would be needed"
    more = math.ceil(((wanted / distance) ** 2 - n) / (layout.per_replicate or 1))
    if more <= 0:
        return f"some more {what}"
    end = "" if supports else "; the estimate speaks against the claim"
    return f"about {more:,} more {what if more > 1 else what.replace('s', '', 1)} for 80 % power{end}"


def _distance(question: Question, layout: Layout) -> tuple[float, bool]:
    """Return how far the estimate is from the nearest margin, and whether it lies within the claim."""
    first, *rest = layout.means
    gaps = []
    for side in question.sides:
        effect = first - (side.weight * rest[0] if rest else 0.0) - side.limit
        gaps.append(effect if side.above else -effect)
    return min(abs(gap) for gap in gaps), min(gaps) > 0
