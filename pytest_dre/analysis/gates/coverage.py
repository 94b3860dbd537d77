"""Which runs a gate counts."""

from collections.abc import Sequence

from pytest_dre.analysis.gates.arms import arms_of
from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.question import Unanswerable, ask
from pytest_dre.model.running import Gate
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow


def runs_of_gate(study: Study, gate: Gate, rows: Sequence[OutcomeRow]) -> frozenset[str]:
    """Return the ids of the planned runs that the gate counts; a baseline is taken to have the same runs.

    `rows` are those of the plan. A gate that cannot be answered counts none.
    """
    try:
        question = ask(study, gate)
        baselines = {gate.baseline: Baseline(gate.baseline, rows)} if gate.baseline is not None else {}
        arms = arms_of(study, question, rows, baselines)
    except Unanswerable:
        return frozenset()
    return frozenset(row.run_id for arm in arms.rows for row in arm)
