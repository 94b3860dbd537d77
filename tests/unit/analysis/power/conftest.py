"""Small made-up studies with gates or analysis plans, planned or carried out."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from made_up_studies import CONTRAST, make_row, make_study

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.power.statements import GatePower
from pytest_dre.analysis.power.study import study_power
from pytest_dre.model.verdicts import OutcomeRow

COMMON = {"strategy": "common_random_numbers"}


class Lab:
    """One gate, its planned runs, and outcomes drawn for them."""

    def __init__(
        self,
        claim: str,
        outcome: str = "cost",
        n: int | tuple[int, int] = 20,
        *,
        strata: int = 1,
        problems: int = 0,
        common: bool = False,
        expected: dict[str, Any] | None = None,
        gates: int = 1,
        more: dict[str, Any] | None = None,
        **gate: Any,
    ) -> None:
        two = not claim.startswith("at_") and "baseline" not in gate
        named = {"gate_id": "g", "claim": claim, "outcome": outcome, **({"contrast": CONTRAST} if two else {}), **gate}
        self.outcome = outcome
        self.sizes = (n, n) if isinstance(n, int) else n
        self.arms = ("new", "old") if two else ("new",)
        self.strata, self.common = strata, common
        self.problems = [f"p{index}" for index in range(problems)] or [None]
        self.study = make_study(
            named,
            *({**named, "gate_id": f"g{index}"} for index in range(1, gates)),
            seed_policy=COMMON if common else {},
            **{"limits": {"expected": {"outcomes": {outcome: expected}}} if expected else {}, **(more or {})},
        )

    def rows(self, draw: Callable[[str, int, str | None], Sequence[float | None]] | None = None) -> list[OutcomeRow]:
        """Return the runs; `draw` gives the outcomes of an arm's cell by arm, number and problem."""
        found = []
        for problem in self.problems:
            for style in range(1, self.strata + 1):
                for arm, size in zip(self.arms, self.sizes, strict=False):
                    values = [None] * size if draw is None else list(draw(arm, size, problem))
                    found += [
                        make_row(
                            arm,
                            style,
                            problem,
                            replicate,
                            self.outcome,
                            None if value is None else float(value),
                            shared=self.common,
                            status="missing" if value is None else "success",
                        )
                        for replicate, value in enumerate(values, start=1)
                    ]
        return found

    def power(
        self, rows: list[OutcomeRow] | None = None, baselines: dict[str, Baseline | None] | None = None
    ) -> GatePower:
        """Return what the gate can show."""
        return study_power(self.study, self.rows() if rows is None else rows, baselines).gates[0]


@pytest.fixture
def lab() -> type[Lab]:
    return Lab


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
