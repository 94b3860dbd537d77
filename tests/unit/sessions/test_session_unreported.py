"""Verdicts of gates whose outcome no run has a value of."""

from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import ArmCount, GateVerdict, Verdict
from pytest_dre.sessions.unreported import MEND, explained

OUTCOME = {"name": "score", "source_table": "runs", "column": "scor", "aggregation": "mean", "primary": True}
GATE = {"gate_id": "g", "outcome": "score", "claim": "at_least", "value": 5.0}
STUDY = Study.model_validate({"study_id": "s", "title": "t", "outcomes": [OUTCOME], "gates": [GATE]})
TEXTS = {"score": "no run reports 'scor'"}
BLANK = GateVerdict("g", Verdict.INCONCLUSIVE, "claim", reason="why", remedy="do that")


def verdict(*arms):
    given = GateVerdict("g", Verdict.INCONCLUSIVE, "claim", reason="why", remedy="do that", arms=arms)
    return given, explained(STUDY, {"g": given}, TEXTS)["g"]


def test_the_reason_is_the_outcome():
    _, found = verdict(ArmCount("all runs", 8, 0))
    assert (found.reason, found.remedy) == (TEXTS["score"], MEND)


def test_runs_that_are_missing_are_told_as_well():
    _, found = verdict(ArmCount("all runs", 8, 0, 3))
    assert (found.reason, found.remedy) == (f"why; {TEXTS['score']}", f"{MEND}; then do that")


def test_other_verdicts_stay():
    for arms in ((), (ArmCount("a", 8, 1),)):
        given, found = verdict(*arms)
        assert given == found
    assert explained(STUDY, {"g": BLANK}, {}) == {"g": BLANK}
    assert explained(STUDY, {"g": BLANK}, {"other": "text"}) == {"g": BLANK}
