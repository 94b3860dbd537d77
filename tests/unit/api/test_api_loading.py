"""Exported results as a DataFrame, from our directories and from those of other tools."""

import json
import math
import sys

import pytest

import pytest_dre
from pytest_dre.errors import ArtifactError, MissingDependencyError

STUDY = {
    "study_id": "s",
    "title": "t",
    "factors": [{"name": "level", "levels": [{"name": "low", "value": 1}, {"name": "high", "value": 2}]}],
    "blocks": [{"name": "day", "levels": ["mo", "tu"]}],
    "agents": {"solver": "solver:solve"},
    "outcomes": [
        {"name": "score", "source_table": "runs", "column": "score", "aggregation": "mean", "primary": True},
        {
            "name": "ratio",
            "source_table": "runs",
            "column": "ratio",
            "aggregation": "mean",
            "derivation": "score / level",
        },
    ],
}
SOLVER = """
def solve(level, day):
    if day == "tu" and level == 2:
        raise ValueError("no")
    return {"output": "x", "metrics": {"score": level * 10}}
"""


@pytest.fixture
def exported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "solver.py").write_text(SOLVER)
    study = pytest_dre.Study.model_validate({**STUDY, "agents": {"solver": "./solver.py:solve"}, "output_dir": "out"})
    pytest_dre.run_study(study)
    return tmp_path / "out"


REFERENCE = {
    "conditions.csv": """\
study_id,condition_id,admissible,constraint_messages,assignment_meta_json,arm,size,block_day
s,cond-1,True,[],{},a,1,mo
s,cond-2,True,[],{},b,2.5,tu
""",
    "runs.csv": """\
study_id,condition_id,run_id,problem_id,problem_family,agent_id,agent_kind,pattern_name,model_name,seed,replicate,\
status,start_time,end_time,latency_s,input_tokens,output_tokens,cost_usd,primary_outcome,trace_path,manifest_path,error_info,note,gain
s,cond-1,run-1,p,unknown,a,unknown,unknown,unknown,11,1,success,,,0.5,7,3,0.01,0.9,,manifest.json,,fine,2
s,cond-2,run-2,p,unknown,,unknown,unknown,unknown,12,1,success,,,1.5,7,3,0.01,0.7,,manifest.json,,fine,4
s,cond-2,run-3,p,unknown,a,unknown,unknown,unknown,13,2,failed,,,1.5,7,3,0.01,,,manifest.json,"E: no",,
""",
    "evaluations.csv": """\
run_id,evaluator_id,metric_name,metric_value,metric_unit,aggregation_level,notes_json
run-1,e,mass,10,kg,run,{}
run-1,e,mass,20,kg,run,{}
run-2,e,mass,30,kg,run,{}
""",
    "events.csv": """\
timestamp,record_id,text,session_id,actor_id,event_type,meta_json
2025-01-01T00:00:00Z,r1,x,run-1,a,tool_call,{}
2025-01-01T00:00:00Z,r2,x,run-1,a,tool_call,{}
""",
}


@pytest.fixture
def reference(tmp_path):
    directory = tmp_path / "reference"
    directory.mkdir()
    for name, text in REFERENCE.items():
        (directory / name).write_text(text)
    return directory


def test_a_row_a_run_with_factors_blocks_and_outcomes(exported):
    frame = pytest_dre.load_results(exported)
    assert list(frame.columns) == (
        [
            "run_id",
            "condition_id",
            "level",
            "block_day",
            "agent_id",
            "problem_id",
            "replicate",
            "seed",
            "status",
            "stale",
            "score",
            "ratio",
        ]
    )
    assert frame["level"].tolist() == [1, 1, 2, 2]
    assert frame["status"].tolist() == ["success", "success", "success", "failed"]
    assert frame["score"].tolist()[:3] == [10.0, 10.0, 20.0]
    assert frame["ratio"].tolist()[:3] == [10.0] * 3
    assert math.isnan(frame["score"].tolist()[3])
    assert frame["stale"].dtype == bool
    assert frame.groupby("block_day")["score"].mean().to_dict() == {"mo": 15.0, "tu": 10.0}


def test_a_table_without_any_value_has_numbers_all_the_same(exported):
    text = (exported / "outcomes.csv").read_text().splitlines()
    (exported / "outcomes.csv").write_text(text[0] + "\n")
    frame = pytest_dre.load_results(exported)
    assert (len(frame), str(frame["score"].dtype)) == (0, "float64")


def test_tables_of_the_reference_package_without_a_study(reference):
    frame = pytest_dre.load_results(str(reference))
    header = (
        "run_id condition_id arm size block_day agent_id problem_id replicate seed status stale "
        "primary_outcome latency_s input_tokens output_tokens cost_usd gain"
    )
    assert list(frame.columns) == header.split()
    assert frame["size"].tolist() == [1, 2.5, 2.5]
    assert frame["block_day"].tolist() == ["mo", "tu", "tu"]
    assert frame["primary_outcome"].tolist()[:2] == [0.9, 0.7]
    assert frame["gain"].tolist()[:2] == [2.0, 4.0]
    assert frame["gain"].isna().tolist() == [False, False, True]
    assert frame["agent_id"].tolist()[0] == "a"
    assert frame["seed"].tolist() == [11, 12, 13]


def test_tables_of_the_reference_package_with_its_study(reference):
    outcomes = [
        {"name": "mass", "source_table": "evaluations", "column": "mass", "aggregation": "max"},
        {"name": "calls", "source_table": "events", "column": "tool_call", "aggregation": "count"},
        {"name": "gain", "source_table": "runs", "column": "gain", "aggregation": "mean"},
        {"name": "scaled", "source_table": "runs", "column": "x", "aggregation": "mean", "derivation": "gain * size"},
    ]
    study = {
        "study_id": "s",
        "title": "t",
        "agent_specs": ["a"],
        "factors": [{"name": "arm", "default": "a"}, {"name": "size", "default": 1}],
        "outcomes": outcomes,
    }
    (reference / "study.yaml").write_text(json.dumps(study))
    frame = pytest_dre.load_results(reference)
    found = frame[["mass", "calls", "gain", "scaled"]].values.tolist()
    assert found[:2] == [[20.0, 2.0, 2.0, 2.0], [30.0, 0.0, 4.0, 10.0]]
    assert all(math.isnan(value) for value in found[2])


def test_evaluations_are_not_needed(reference):
    (reference / "evaluations.csv").unlink()
    (reference / "events.csv").unlink()
    assert pytest_dre.load_results(reference)["primary_outcome"].tolist()[0] == 0.9


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",11,1,success", ",eleven,1,success", "the run 'run-1' cannot be read"),
        ("cond-1,run-1", "cond-9,run-1", "the run 'run-1' cannot be read"),
        (",1,success", ",1,splendid", "the run 'run-1' has the unknown status 'splendid'"),
    ],
)
def test_damaged_tables_are_told(reference, old, new, said):
    path = reference / "runs.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ArtifactError, match=said):
        pytest_dre.load_results(reference)


def test_an_empty_table_of_runs(reference):
    path = reference / "runs.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert len(pytest_dre.load_results(reference)) == 0


def test_what_is_no_study_s_directory_is_told(tmp_path):
    with pytest.raises(ArtifactError, match=r"it has no conditions.csv; give a study's output directory"):
        pytest_dre.load_results(tmp_path)


def test_without_pandas_the_extra_is_named(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'pytest-dre\[analysis\]'"):
        pytest_dre.load_results(exported)
