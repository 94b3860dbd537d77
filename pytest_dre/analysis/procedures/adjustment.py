"""Adjusting the p values of a plan's tests for their number."""

from collections.abc import Callable, Mapping, Sequence

from pytest_dre.analysis.methods.multiplicity import benjamini_hochberg, bonferroni, holm
from pytest_dre.errors import DreError
from pytest_dre.model.corrections import BENJAMINI_HOCHBERG, BONFERRONI, CORRECTIONS, HOLM, NONE, correction_named

_ADJUST: Mapping[str, Callable[[Sequence[float]], list[float]]] = {
    NONE: list,
    BONFERRONI: bonferroni,
    HOLM: holm,
    BENJAMINI_HOCHBERG: benjamini_hochberg,
}


def adjusted_p(p_values: Sequence[float], policy: str) -> list[float]:
    """Return p values adjusted by a plan's `multiple_comparison_policy`, in their order.

    Args:
        p_values: Of the tests that belong together.
        policy: none, bonferroni, holm or benjamini-hochberg (bh, fdr); case, spaces and hyphens do not matter.

    Raises:
        DreError: The policy is none of these; a study with such a one does not load.
    """
    correction = correction_named(policy)
    if correction is None:
        known = ", ".join(CORRECTIONS)
        raise DreError(f"there is no multiple_comparison_policy {policy!r}; the policies are: {known}")
    return [float(value) for value in _ADJUST[correction](p_values)]
