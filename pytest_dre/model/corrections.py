"""Corrections for several tests, by the names that an analysis plan's `multiple_comparison_policy` may have."""

from collections.abc import Mapping
from types import MappingProxyType

NONE, BONFERRONI, HOLM, BENJAMINI_HOCHBERG = CORRECTIONS = ("none", "bonferroni", "holm", "benjamini-hochberg")
NAMES: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in CORRECTIONS},
        "holm-bonferroni": HOLM,
        "bh": BENJAMINI_HOCHBERG,
        "fdr": BENJAMINI_HOCHBERG,
        "fdr-bh": BENJAMINI_HOCHBERG,
    }
)


def correction_named(policy: str) -> str | None:
    """Return which of the corrections a policy means, None if none; case, spaces and hyphens do not matter."""
    return NAMES.get(policy.strip().lower().replace("_", "-").replace(" ", "-"))
