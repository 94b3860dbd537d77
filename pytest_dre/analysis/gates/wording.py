"""Gates in words."""

from pytest_dre.analysis.gates.claims import Side
from pytest_dre.analysis.gates.question import Question


def claim_words(question: Question, names: tuple[str, ...]) -> str:
    """Return the claim as an inequality, such as "mean of score: agent = a > 0.98 × (agent = b)"."""
    of = f"{question.statistic.text} of {question.outcome}"
    if len(names) == 1:
        (side,) = question.sides
        return f"{of} ({names[0]}) {'>=' if side.above else '<='} {side.limit:.6g}"
    return f"{of}: " + " and ".join(_compared(side, names) for side in question.sides)


def _compared(side: Side, names: tuple[str, ...]) -> str:
    sign = ">" if side.above else "<"
    if side.weight != 1:
        return f"({names[0]}) {sign} {side.weight:.6g} × ({names[1]})"
    if side.limit == 0:
        return f"({names[0]}) {sign} ({names[1]})"
    return f"({names[0]}) − ({names[1]}) {sign} {side.limit:.6g}"
