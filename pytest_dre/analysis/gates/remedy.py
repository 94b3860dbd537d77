"""What would settle an inconclusive gate, in words: about how many more replicates or problems.

The numbers take the estimate, and how much the outcomes vary, as they are in the data: a rough guide, and no promise.
"""

import math

from pytest_dre.analysis.gates.layout import Layout
from pytest_dre.analysis.gates.question import Question
from pytest_dre.analysis.methods.bounds import Bounds
from pytest_dre.analysis.power.outlook import Outlook, outlook
from pytest_dre.analysis.power.solving import MOST

AGAINST = "; the estimate speaks against the claim"


def remedy(question: Question, layout: Layout, bounds: Bounds, level: float, *, planned: int | None = None) -> str:
    """Return how many more replicates or problems would about settle the gate; without a number if nothing tells.

    `bounds` are those at the `level` of the gate's tests, which left it open. More are more than those of `bounds`, or
    than `planned` if some of the planned units are not in yet.
    """
    found = outlook(question, layout, bounds, level)
    if found is None:
        return "more replicates" if layout.per_replicate else "more problems"
    if found.units is None:
        at_margin = "the estimate is at the margin: " if found.sort == "power" else ""
        return f"{at_margin}more than {MOST:,} {_what(layout)} would be needed"
    more = max(1, math.ceil((found.units - (planned or bounds.n)) / (layout.per_replicate or 1)))
    return f"{_amount(found, more, layout)}{'' if found.supports else AGAINST}"


def _amount(found: Outlook, more: int, layout: Layout) -> str:
    number = f"{more:,} more {_what(layout, more)}"
    match found.sort:
        case "alike":
            return f"at least {number}, if all are like those so far"
        case "least":
            return f"at least {number}, whatever they show"
    return f"about {number} for 80 % power"


def _what(layout: Layout, count: int = 2) -> str:
    noun = "replicate" if layout.per_replicate else "problem"
    each = " an arm" if layout.per_replicate and len(layout.means) == 2 else ""
    return f"{noun}{'' if count == 1 else 's'}{each}"
