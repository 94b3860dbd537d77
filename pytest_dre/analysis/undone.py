"""Tests of analysis plans that ended in an error, for those who report: importing this brings in no statistics."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UndoneTests:
    """How many of a study's tests could not be carried out.

    Attributes:
        count: How many.
        planned: All tests of the study's analysis plans.
        reason: Why the first of them could not.
    """

    count: int
    planned: int
    reason: str

    @classmethod
    def among(cls, errors: Sequence[str]) -> "UndoneTests | None":
        """Return what is told of tests by the error of each, "" of one that was carried out; None if all were."""
        told = [error for error in errors if error]
        return cls(len(told), len(errors), told[0]) if told else None
