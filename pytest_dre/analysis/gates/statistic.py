"""The statistic that a gate is about, read from its text."""

import re
from dataclasses import dataclass
from typing import Literal

from pytest_dre.analysis.methods.passk import Kind

_PASS = re.compile(r"pass([@^])(\d+)")


@dataclass(frozen=True, slots=True)
class Statistic:
    """A mean, the quantile at `probability`, or the chance of `passes` in `tries` tries."""

    text: str
    kind: Literal["mean", "quantile", "pass"]
    probability: float = 0.5
    tries: int = 1
    passes: Kind = "pass@k"


def parse_statistic(text: str) -> Statistic:
    """Return the statistic that `text` (a gate's `statistic`) stands for."""
    if text == "mean":
        return Statistic(text, "mean")
    if text == "median":
        return Statistic(text, "quantile", 0.5)
    found = _PASS.fullmatch(text)
    if found:
        return Statistic(text, "pass", tries=int(found[2]), passes="pass@k" if found[1] == "@" else "pass^k")
    return Statistic(text, "quantile", float(text[1:]) / 100)
