import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_dre.artifacts.reading import read_artifacts, read_table
from pytest_dre.errors import ArtifactError
from pytest_dre.model.runs import Plan, RunStatus

NASTY = 'comma, "quotes"\nline\r\nreturn\r nul\0 emoji 😀 =1+1'
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
plain_data = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
plain_maps = st.dictionaries(st.text(), plain_data, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=plain_data,
    outputs=plain_maps,
    metrics=plain_maps,
    event=st.dictionaries(st.text(), plain_data, max_size=3).filter(
        lambda item: not any("meta" in key for key in item)
    ),
)
def test_what_goes_in_comes_back(export, make, value, outputs, metrics, event):
    plan = make.plan(make.condition(0, {"x": value, "arm": "1"}, block_assignments={"day": value}), replicates=1)
    result = make.result(
        plan.runs[0],
        outputs=outputs,
        metrics={**metrics, "primary_outcome": value},
        events=[{"text": "t", "own": event}],
        evaluations=[{"metric_value": value, "notes": outputs}],
        metadata=metrics,
    )
    with tempfile.TemporaryDirectory() as directory:
        export(plan=plan, results=[result], output_dir=Path(directory))
        found = read_artifacts(Path(directory))
    (condition,), (run,), (row,), (evaluation,) = found.conditions, found.runs, found.events, found.evaluations
    assert (condition["x"], condition["block_day"], condition["arm"]) == (value, value, "1")
    assert (run["outputs_json"], run["metrics_json"]) == (outputs, {**metrics, "primary_outcome": value})
    assert run["metadata_json"] == metrics
    assert run["primary_outcome"] == value
    assert type(run["primary_outcome"]) is type(value)
    assert row["meta_json"] == {"own": event}
    assert evaluation["metric_value"] == value
    assert evaluation["notes_json"] == outputs


def test_nasty_text_and_numbers_come_back(export, out, make):
    factors = {"arm": NASTY, "nan": math.nan, "low": -math.inf, "surrogate": ["\udc80"]}
    plan = make.plan(make.condition(0, factors), replicates=1)
    spec = plan.runs[0]
    failed = make.result(
        spec,
        status=RunStatus.FAILED,
        error_info=NASTY,
        metrics={"primary_outcome": math.nan, "cost_usd": math.inf},
        events=[{"text": NASTY, NASTY: NASTY}],
        evaluations=[{"metric_value": NASTY, "metric_unit": NASTY}],
        outputs={"text": "\ud800", "nan": [math.nan]},
    )
    export(plan=plan, results=[failed])
    found = read_artifacts(out)
    (condition,), (run,), (event,), (evaluation,) = found.conditions, found.runs, found.events, found.evaluations
    assert (condition["arm"], condition["low"], condition["surrogate"]) == (NASTY, -math.inf, ["\udc80"])
    assert math.isnan(condition["nan"])
    assert (run["error_info"], run["cost_usd"]) == (NASTY, math.inf)
    assert math.isnan(run["primary_outcome"])
    assert run["outputs_json"]["text"] == "\ud800"
    assert math.isnan(run["outputs_json"]["nan"][0])
    assert (event["text"], event["meta_json"]) == (NASTY, {NASTY: NASTY})
    assert (evaluation["metric_value"], evaluation["metric_unit"]) == (NASTY, NASTY)


def test_lone_surrogates_in_text_columns_are_escaped_and_do_no_harm(export, out, make, plan):
    export(results=[make.result(plan.runs[0], error_info="a\udc80b")], sqlite=True)
    assert read_table(out / "runs.csv")[0]["error_info"] == "a\\udc80b"


def test_columns_have_their_types(export, out):
    export()
    found = read_artifacts(out)
    run = found.runs[0]
    assert (run["seed"], run["replicate"], run["latency_s"], run["error_info"]) == (1, 1, 0.25, None)
    assert [row["admissible"] for row in found.conditions] == [True, True, False]
    assert found.conditions[2]["constraint_messages"] == ["no c, please"]
    assert found.study_yaml == "study_id: demo\n"
    assert found.manifest["run_count"] == 4
    assert found.hypotheses[0]["hypothesis_id"] == "h1"
    assert found.analysis_plan[0]["analysis_plan_id"] == "p1"


def test_a_factor_that_a_condition_lacks_is_none(export, out, make):
    conditions = (make.condition(0, {"arm": "a"}), make.condition(1, {"other": 2}))
    export(plan=Plan(conditions, ()), results=())
    rows = read_table(out / "conditions.csv")
    assert [(row["arm"], row["other"]) for row in rows] == [("a", None), (None, 2)]


def test_an_agents_output_may_be_larger_than_the_csv_modules_limit(export, out, make, plan):
    text = "x" * 300_000
    export(results=[make.result(plan.runs[0], outputs={"text": text})])
    assert read_table(out / "runs.csv")[0]["outputs_json"] == {"text": text}


def test_tables_with_other_columns_only_are_read_as_text(tmp_path):
    (tmp_path / "evaluations.csv").write_text("run_id,metric_value,more\nr,0.5,7\n")
    assert read_table(tmp_path / "evaluations.csv") == [{"run_id": "r", "metric_value": 0.5, "more": "7"}]
    (tmp_path / "runs.csv").write_text("run_id,primary_outcome\nr,0.5\n")
    assert read_table(tmp_path / "runs.csv") == [{"run_id": "r", "primary_outcome": 0.5}]
    (tmp_path / "conditions.csv").write_text("condition_id,arm\nc,1\n")
    assert read_table(tmp_path / "conditions.csv") == [{"condition_id": "c", "arm": "1"}]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("events.csv", b"timestamp,meta_json\nt,{oops\n", "the table is damaged"),
        ("events.csv", b"timestamp,text\nt\n", "the table is damaged"),
        ("events.csv", b'timestamp,text\nt,"open\n', "the table is damaged"),
        ("events.csv", b"timestamp,text\nt,\xff\n", "the table is damaged"),
        ("conditions.csv", b"condition_id,assignment_meta_json\nc,7\n", "the table is damaged"),
        ("scores.csv", b"a\n1\n", "it is no table of a study; those are conditions.csv, runs.csv"),
    ],
)
def test_a_damaged_table_is_a_clear_error(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=message):
        read_table(tmp_path / name)


def test_a_missing_table_is_a_clear_error(tmp_path):
    with pytest.raises(ArtifactError, match=r"runs\.csv: it cannot be read \(No such file or directory\)"):
        read_table(tmp_path / "runs.csv")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("manifest.json", b"{oops", r"manifest\.json: it is no JSON"),
        ("hypotheses.json", None, r"hypotheses\.json: it cannot be read"),
        ("study.yaml", b"\xff", r"study\.yaml: it is no text in UTF-8"),
    ],
)
def test_a_damaged_document_is_a_clear_error(export, out, name, data, message):
    export()
    (out / name).unlink()
    if data is not None:
        (out / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=message):
        read_artifacts(out)
