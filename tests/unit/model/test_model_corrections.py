"""Corrections by the names that studies give them."""

import pytest

from pytest_dre.model.corrections import CORRECTIONS, NAMES, correction_named


@pytest.mark.parametrize(
    ("policy", "correction"),
    [
        ("none", "none"),
        (" Holm ", "holm"),
        ("holm_bonferroni", "holm"),
        ("Benjamini Hochberg", "benjamini-hochberg"),
        ("FDR_BH", "benjamini-hochberg"),
        ("tukey", None),
        ("", None),
    ],
)
def test_case_spaces_and_hyphens_do_not_matter(policy: str, correction: str | None) -> None:
    assert correction_named(policy) == correction


def test_every_name_means_a_correction() -> None:
    assert set(NAMES.values()) == set(CORRECTIONS)
    assert all(correction_named(name) == name for name in CORRECTIONS)
