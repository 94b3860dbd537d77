"""Adjusting the p values of a plan's tests for their number."""

from collections.abc import Callable, Mapping, Sequence

from pytest_dre.analysis.methods.multiplicity import benjamini_hochberg, bonferroni, holm
from pytest_dre.errors import DreError

POLICIES: Mapping[str, Callable[[Sequence[float]], list[float]]] = {
    "none": list,
    "bonferroni": bonferroni,
    "holm": holm,
    "holm_bonferroni": holm,
    "benjamini_hochberg": benjamini_hochberg,
    "bh": benjamini_hochberg,
    "fdr": benjamini_hochberg,
    "fdr_bh": benjamini_hochberg,
}


def adjusted_p(p_values: Sequence[float], policy: str) -> list[float]:
    """Return p values adjusted by a plan's `multiple_comparison_policy`, in their order.

    Args:
        p_values: Of the tests that belong together.
        policy: none, bonferroni, holm or benjamini-hochberg (bh, fdr); case, spaces and hyphens do not matter.

    Raises:
        DreError: The policy is none of these.
    """
    adjust = POLICIES.get(policy.strip().lower().replace("-", "_").replace(" ", "_"))
    if adjust is None:
        raise DreError(
            f"there is no multiple_comparison_policy {policy!r}; the policies are: none, bonferroni, holm, "
            "benjamini-hochberg"
        )
    return [float(value) for value in adjust(p_values)]
