"""analysis.json and analysis.csv, as readers find them."""

import csv
import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.analysis.plans import PlanResult
from pytest_dre.analysis.procedures.result import EffectSize, Term, TestResult
from pytest_dre.artifacts.analysis import analysis_documents


def found(**changes):
    values = {
        "test": "welch",
        "outcome": "score",
        "effect": "mean of a minus mean of b",
        "estimate": 1.5,
        "ci_low": 0.1,
        "ci_high": math.inf,
        "confidence": 0.95,
        "alpha": 0.05,
        "direction": "greater",
        "statistic_name": "t",
        "statistic": 2.5,
        "df": 9.5,
        "p_value": 0.02,
        "effects": (EffectSize("Hedges' g", 0.9, 0.2, None),),
        "n": {"a": 6, "b": 5},
        "missing": {"a": 0, "b": 1},
        "method": "Welch's t test",
        "notes": ("one", "two"),
        "terms": (Term("x", 1.0, -math.inf, 2.0, None, (1.0, 9.0), math.nan),),
    }
    return TestResult(**{**values, **changes})


DONE = PlanResult("p1", "h1", "difference_in_means", "score", found(), 0.04, True)
FAILED = PlanResult("p1", "h2", "magic", "score", error="there is no test 'magic'")


def read(results):
    as_json, as_csv = analysis_documents(results)

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    rows = list(csv.DictReader(io.StringIO(as_csv, newline=""), strict=True))
    return json.loads(as_json, parse_constant=refuse)["results"], rows


def test_json_holds_everything_and_names_infinities():
    (done, failed), _ = read([DONE, FAILED])
    assert (done["hypothesis_id"], done["adjusted_p"], done["supported"]) == ("h1", 0.04, True)
    assert (done["result"]["ci_low"], done["result"]["ci_high"]) == (0.1, None)
    assert done["result"]["terms"][0]["df"] == [1.0, 9.0]
    assert done["result"]["effects"][0]["name"] == "Hedges' g"
    assert done["json_notes"] == [
        "result.ci_high is infinite",
        "result.terms[0].low is minus infinite",
        "result.terms[0].p_value is not a number",
    ]
    assert (failed["result"], failed["error"], failed["json_notes"]) == (None, "there is no test 'magic'", [])


def test_csv_has_a_row_a_test():
    _, (done, failed) = read([DONE, FAILED])
    assert (done["test"], done["estimate"], done["ci_high"], done["df"]) == ("difference_in_means", "1.5", "inf", "9.5")
    assert (done["effect_size"], done["effect_size_value"], done["effect_size_high"]) == ("Hedges' g", "0.9", "")
    assert (json.loads(done["n"]), json.loads(done["missing"])) == ({"a": 6, "b": 5}, {"a": 0, "b": 1})
    assert json.loads(done["notes"]) == ["one", "two"]
    assert (done["p_value"], done["adjusted_p"], done["supported"], done["error"]) == ("0.02", "0.04", "True", "")
    assert (failed["estimate"], failed["supported"], failed["error"]) == ("", "", "there is no test 'magic'")


def test_what_a_test_does_not_give_is_an_empty_cell():
    bare = PlanResult("p", "h", "anova", "score", found(estimate=None, effects=(), df=(2.0, 27.0)), 0.3, None)
    _, (row,) = read([bare])
    assert (row["estimate"], row["effect_size"], json.loads(row["df"])) == ("", "", [2.0, 27.0])


def test_without_plans_there_is_a_header_alone():
    entries, rows = read([])
    assert (entries, rows) == ([], [])
    assert analysis_documents([])[1].startswith("analysis_plan_id,hypothesis_id,test,outcome,")


def test_lines_end_with_a_line_feed():
    assert "\r" not in analysis_documents([DONE, FAILED])[1]


@pytest.mark.parametrize("text", ['a,"b"', "two\nlines", "lone\rreturn", "ünï"])
def test_any_text_is_read_back(text):
    (entry,), (row,) = read([PlanResult("p", "h", text, "o", error=text)])
    assert (entry["error"], row["error"], row["test"]) == (text, text, text)


@given(text=st.text(st.characters(exclude_categories=("Cs",))))
def test_untrusted_text_is_read_back(text):
    _, (row,) = read([PlanResult("p", "h", "t", "o", error=text)])
    assert row["error"] == text


def test_half_a_character_can_be_written():
    as_json, as_csv = analysis_documents([PlanResult("p", "h", "t", "o", error="\ud800")])
    assert "\\ud800" in as_json
    assert "\\ud800" in as_csv
    (as_json + as_csv).encode("utf-8")
