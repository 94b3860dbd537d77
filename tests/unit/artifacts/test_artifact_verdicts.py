"""Verdicts as JSON."""

import json

from pytest_dre.artifacts.verdicts import gates_document
from pytest_dre.model.verdicts import Advice, GateVerdict, MoreRuns, Verdict


def test_advice_stands_in_the_document_where_there_is_any():
    option = MoreRuns("problems", 8, 0.29, cost_usd=0.4, seconds=12.345)
    advice = Advice("score", {"problem": 2.0, "replicate": 1.0}, icc=0.67, options=(option,), notes=("a remark",))
    told = GateVerdict("told", Verdict.PASS, "claim", advice=advice)
    first, second = json.loads(gates_document([told, GateVerdict("bare", Verdict.PASS, "claim")]))
    assert first["advice"] == {
        "outcome": "score",
        "components": {"problem": 2.0, "replicate": 1.0},
        "icc": 0.67,
        "icc_low": None,
        "icc_high": None,
        "options": [{"what": "problems", "runs": 8, "narrowing": 0.29, "cost_usd": 0.4, "reason": ""}],
        "notes": ["a remark"],
    }
    assert "advice" not in second


def test_times_do_not_change_the_document():
    documents = {
        gates_document(
            [
                GateVerdict(
                    "g", Verdict.PASS, "c", advice=Advice("x", options=(MoreRuns("problems", 8, seconds=seconds),))
                )
            ]
        )
        for seconds in (1.0, 2.0, None)
    }
    assert len(documents) == 1
