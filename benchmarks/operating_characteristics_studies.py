"""Studies with gates whose runs are planned once and get new outcomes again and again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from operating_characteristics_units import Values

from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.judging import judge_gates
from pytest_dre.canonical import seed_from
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import GateVerdict, OutcomeRow

CONTRAST = {"factor": "agent", "treatment": "new", "control": "old"}
ARMS = ("new", "old")
COMMON = {"seed_policy": {"strategy": "common_random_numbers"}}


@dataclass(frozen=True, slots=True)
class Planned:
    """A study and its runs: arm by arm, in each cell by cell, in each by replicate."""

    study: Study
    rows: tuple[OutcomeRow, ...]

    def filled(self, outcomes: Mapping[str, Values]) -> list[OutcomeRow]:
        """Return the runs with outcomes, each an array of that order (of any shape)."""
        names = tuple(outcomes)
        columns = zip(*(values.ravel().tolist() for values in outcomes.values()), strict=True)
        return [
            replace(row, status="success", values=dict(zip(names, found, strict=True)))
            for row, found in zip(self.rows, columns, strict=True)
        ]

    def judged(self, outcomes: Mapping[str, Values]) -> dict[str, GateVerdict]:
        """Return the verdicts; the second half of the runs is the baseline "main" if a gate has one."""
        rows = self.filled(outcomes)
        if not any(gate.baseline for gate in self.study.gates):
            return judge_gates(self.study, rows, remedies=False)
        half = len(rows) // 2
        return judge_gates(self.study, rows[:half], {"main": Baseline("main", rows[half:])}, remedies=False)


def planned(gates: Iterable[Mapping[str, Any]], n: int, *, strata: int = 1, problems: int = 0, **more: Any) -> Planned:
    """Return a study with n replicates a cell; it has one arm if no gate has a contrast or baseline.

    Outcomes: score in [0, 1], gain (any number, more is better), ok (true or false), and gain_2, gain_3 like gain.
    """
    study = _study(gates=list(gates), **more)
    shared = study.seed_policy.strategy == "common_random_numbers"
    two = any(gate.contrast is not None or gate.baseline is not None for gate in study.gates)
    cells = [(style, problem) for problem in _problems(problems) for style in range(1, strata + 1)]
    arms = ARMS if two else ARMS[:1]
    against = any(gate.baseline is not None for gate in study.gates)
    rows = [
        _row("new" if against else arm, style, problem, replicate, shared)
        for arm in arms
        for style, problem in cells
        for replicate in range(1, n + 1)
    ]
    return Planned(study, tuple(rows))


def _problems(count: int) -> list[str | None]:
    return [f"p{number:02}" for number in range(count)] or [None]


def _row(agent: str, style: int, problem: str | None, replicate: int, shared: bool) -> OutcomeRow:
    return OutcomeRow(
        run_id=f"{agent}-{style}-{problem}-{replicate}",
        condition_id=f"style-{style}",
        factors={"style": style},
        blocks={},
        agent_id=agent,
        problem_id=problem,
        replicate=replicate,
        seed=replicate if shared else seed_from([agent, style, problem, replicate]),
        status="missing",
    )


def _study(**more: Any) -> Study:
    common = {"source_table": "runs", "aggregation": "mean", "goal": "maximize"}
    levels = [{"name": f"style-{number}", "value": number} for number in (1, 2, 3)]
    outcomes = [
        {"name": "score", "column": "score", "range": [0, 1], "primary": True, **common},
        {"name": "ok", "column": "ok", "expected_type": "boolean", **common},
        *({"name": name, "column": name, **common} for name in ("gain", "gain_2", "gain_3")),
    ]
    return Study.model_validate(
        {
            "study_id": "simulated",
            "title": "simulated",
            "factors": [{"name": "style", "levels": levels}],
            "agent_specs": list(ARMS),
            "outcomes": outcomes,
            **more,
        }
    )
