"""What a direction means for p values and intervals."""

from pytest_dre.analysis.procedures.request import Direction


def tail_levels(direction: Direction, alpha: float) -> tuple[float, float]:
    """Return the error allowed below and above an interval: (alpha/2, alpha/2) if the direction is "different".

    A tail of 0 leaves that side open: "greater" bounds an effect from below only. "equivalent" gives alpha on each
    side: two one-sided tests at level alpha reject together just if the 1 - 2 alpha interval lies within the margins
    (Schuirmann 1987).
    """
    match direction:
        case "greater":
            return alpha, 0.0
        case "less":
            return 0.0, alpha
        case "equivalent":
            return alpha, alpha
        case _:
            return alpha / 2, alpha / 2


def confidence_level(direction: Direction, alpha: float) -> float:
    """Return the level of the interval that `tail_levels` gives."""
    return 1 - sum(tail_levels(direction, alpha))


def directed_p(direction: Direction, p_greater: float, p_less: float) -> float:
    """Return the p value of a direction from those of both sides; twice the smaller if it is "different"."""
    match direction:
        case "greater":
            return min(1.0, p_greater)
        case "less":
            return min(1.0, p_less)
        case _:
            return min(1.0, 2 * min(p_greater, p_less))
