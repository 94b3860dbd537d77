"""outcomes.csv and outcomes.parquet, written and read back."""

import csv
import importlib.util
import json
import shutil
import sys
from types import ModuleType, SimpleNamespace

import pytest

from pytest_dre.artifacts.bundle import read_bundle, verify_artifacts
from pytest_dre.artifacts.outcome_reading import read_outcomes, unpacked
from pytest_dre.artifacts.outcomes import write_outcomes
from pytest_dre.artifacts.schema import outcome_columns
from pytest_dre.artifacts.validation import validate_export
from pytest_dre.errors import ArtifactError
from pytest_dre.model.runs import RunStatus
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

WHERE = {"source_table": "runs", "aggregation": "mean"}
OUTCOMES = [
    {**WHERE, "name": "score", "column": "primary_outcome", "primary": True},
    {**WHERE, "name": "value", "column": "value", "derivation": "score / cost_usd"},
]
WITH_PYARROW = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")


class FakeTable(SimpleNamespace):
    @classmethod
    def from_arrays(cls, arrays, names):
        return cls(columns=dict(zip(names, arrays, strict=True)))


@pytest.fixture
def fake_pyarrow(monkeypatch):
    """Stand in for pyarrow: a Parquet file is the JSON of its columns."""
    module, parquet = ModuleType("pyarrow"), ModuleType("pyarrow.parquet")
    module.array = lambda values, kind=None: values
    module.float64 = lambda: "float64"
    module.Table = FakeTable
    parquet.write_table = lambda table, path: path.write_text(json.dumps(table.columns))
    monkeypatch.setitem(sys.modules, "pyarrow", module)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", parquet)


@pytest.fixture
def no_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)


@pytest.fixture
def declared(study):
    return Study.model_validate({**study.model_dump(), "outcomes": OUTCOMES})


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_for_each_planned_run_with_each_outcome(export, out, make, plan, declared, no_pyarrow):
    results = [
        make.result(plan.runs[0]),
        make.result(plan.runs[1], status=RunStatus.FAILED, status_reason="crashed"),
        make.result(plan.runs[2], metrics={"primary_outcome": "text", "cost_usd": 0.5}),
    ]
    export(study=declared, results=results, stale={plan.runs[3].run_id})
    rows = table(out / "outcomes.csv")
    header = "run_id condition_id arm agent_id problem_id replicate seed status stale score value"
    assert list(rows[0]) == header.split()
    assert [(row["run_id"], row["arm"], row["status"], row["stale"], row["score"], row["value"]) for row in rows] == [
        ("run-0-1", "a", "success", "False", "0.5", "50.0"),
        ("run-0-2", "a", "failed", "False", "", ""),
        ("run-1-1", "b", "success", "False", "", ""),
        ("run-1-2", "b", "missing", "True", "", ""),
    ]
    said = json.loads((out / "manifest.json").read_text())
    assert said["outcome_columns"] == {"score": "score", "value": "value"}
    assert said["files"]["outcomes.csv"]["rows"] == 4
    assert validate_export(out) == []


def test_stale_results_that_count_are_marked(export, out, plan):
    export(stale=[plan.runs[2].run_id], stale_included=True)
    found = [(row.stale, row.values["primary_outcome"]) for row in read_outcomes(out).rows]
    assert found == [(False, 0.5), (False, 0.5), (True, 0.5), (False, 0.5)]


def test_what_goes_in_comes_back(export, out, make, declared, tmp_path):
    odd = make.condition(7, {"arm": "1", "seed": [1, {"x": None}]}, block_assignments={"day": 2})
    plan = make.plan(odd)
    results = [make.result(run, metrics={"primary_outcome": float("inf"), "cost_usd": 1e-300}) for run in plan.runs]
    export(study=declared, plan=plan, results=results, bundle=True)
    for path in (out, out / "study.tar.gz"):
        with unpacked(path) as directory:
            found = read_outcomes(directory)
        assert found.columns.header[:5] == ("run_id", "condition_id", "arm", "factor_seed", "block_day")
        assert found.rows[1] == OutcomeRow(
            run_id="run-0-2",
            condition_id=odd.condition_id,
            factors={"arm": "1", "seed": [1, {"x": None}]},
            blocks={"day": 2},
            agent_id="solver",
            problem_id="puzzle",
            replicate=2,
            seed=2,
            status="success",
            values={"score": float("inf"), "value": float("inf")},
        )


def test_names_that_are_taken_are_prefixed():
    columns = outcome_columns(["status", "size"], ["day"], ["size", "outcome_size", "seed", "block_day", "score"])
    assert columns.factors == {"status": "factor_status", "size": "size"}
    assert columns.outcomes == {
        "size": "outcome_outcome_size",
        "outcome_size": "outcome_size",
        "seed": "outcome_seed",
        "block_day": "outcome_block_day",
        "score": "score",
    }
    assert len(set(columns.header)) == len(columns.header)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("run-1-2", "run-0-1", "outcomes.csv: row 4: the run 'run-0-1' comes twice"),
        ("run-1-2", "run-9-9", "outcomes.csv: the run 'run-1-2' is missing"),
        ("cond-000000000001", "cond-x", "outcomes.csv: row 3: there is no condition 'cond-x'"),
        ("solver", "solver,", "outcomes.csv: row 1: it has 10 cells, the header 10"),
        ("run_id", "id", "outcomes.csv: its first columns must be run_id, condition_id"),
        ("0.5", "0.9", "outcomes.csv: its SHA-256 is not the manifest's"),
    ],
)
def test_damage_is_named(export, out, old, new, problem):
    export()
    path = out / "outcomes.csv"
    path.write_text(path.read_text().replace(old, new))
    found = validate_export(out)
    assert any(item.startswith(problem.replace("it has 10 cells", "it has 11 cells")) for item in found), found


def test_a_table_that_is_gone_or_not_vouched_for_is_named(export, out):
    export()
    text = (out / "outcomes.csv").read_text()
    (out / "outcomes.csv").unlink()
    assert validate_export(out) == ["outcomes.csv: the file is missing"]
    said = json.loads((out / "manifest.json").read_text())
    del said["files"]["outcomes.csv"]
    (out / "manifest.json").write_text(json.dumps(said))
    assert validate_export(out) == []  # as exports of other tools are
    (out / "outcomes.csv").write_text(text)
    assert validate_export(out) == ["outcomes.csv: the manifest has no checksum of it"]


def test_parquet_stands_beside_it_where_pyarrow_is_installed(export, out, fake_pyarrow, monkeypatch, tmp_path):
    export(bundle=True)
    columns = json.loads((out / "outcomes.parquet").read_text())
    assert columns["primary_outcome"] == [0.5] * 4
    assert columns["stale"] == [False] * 4
    assert columns["seed"] == [1, 2, 2, 3]
    assert columns["arm"] == ["a", "a", "b", "b"]
    assert json.loads((out / "manifest.json").read_text())["files"]["outcomes.parquet"]["rows"] == 4
    assert (validate_export(out), verify_artifacts(out / "study.tar.gz")) == ([], [])
    assert (tmp_path / "copy" / "outcomes.parquet") in read_bundle(out / "study.tar.gz", tmp_path / "copy")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    export()
    assert not (out / "outcomes.parquet").exists(), "it would contradict the tables"
    assert (validate_export(out), verify_artifacts(out / "study.tar.gz")) == ([], [])


def _rows(values):
    base = {"condition_id": "c", "blocks": {}, "agent_id": None, "problem_id": None, "replicate": 1, "seed": 1}
    return [
        OutcomeRow(run_id=f"r{i}", factors={"x": value}, status="success", values={"y": None}, **base)
        for i, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([1, 2, None], [1, 2, None]),
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([True, False], [True, False]),
        ([1, True], ["1", "True"]),
        ([1, "a"], ["1", "a"]),
        ([2**70, 1], [str(2**70), "1"]),
        ([10**400, -(10**400), 0.5], [float("inf"), float("-inf"), 0.5]),
        ([None, None], [None, None]),
        (["\udc80", [1]], ["\\udc80", "[1]"]),
    ],
)
def test_columns_of_parquet_have_one_type(tmp_path, fake_pyarrow, values, written):
    write_outcomes(tmp_path, _rows(values), outcome_columns(["x"], [], ["y"]), ())
    assert json.loads((tmp_path / "outcomes.parquet").read_text())["x"] == written


@WITH_PYARROW
@pytest.mark.parametrize("values", [[1, None], [1.5, 2], ["a", None], [True, None], [None], [2**70, "\udc80"]])
def test_pyarrow_itself_takes_them(tmp_path, values):
    import pyarrow.parquet

    write_outcomes(tmp_path, _rows(values), outcome_columns(["x"], [], ["y"]), ())
    found = pyarrow.parquet.read_table(tmp_path / "outcomes.parquet")
    assert (found.num_rows, str(found.schema.field("y").type)) == (len(values), "double")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("outcomes.csv", lambda text: text.replace(",0.5", ",half"), "outcomes.csv: the table is damaged (ValueError"),
        ("outcomes.csv", lambda text: text.replace("replicate", "again"), "there is no column 'replicate'"),
        ("outcomes.csv", lambda text: text.replace("False", "maybe"), "the table is damaged (KeyError"),
        ("outcomes.csv", lambda text: text.replace("cond-000000000000", "cond-x"), "the table is damaged (KeyError"),
        ("outcomes.csv", lambda text: text.replace("solver", "solver,x"), "a row has 11 cells, the header 10"),
        ("outcomes.csv", lambda text: text[:-4] + '"', "the table is damaged"),
        ("manifest.json", lambda text: "[]", "the table is damaged (TypeError"),
        ("conditions.csv", lambda text: text.replace("factors", "forces"), "a condition has no assignment"),
        ("runs.csv", None, "it has no runs.csv; give a study's output directory"),
        ("manifest.json", None, "it cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(export, out, name, change, said):
    export()
    if change is None:
        (out / name).unlink()
    else:
        (out / name).write_text(change((out / name).read_text()))
    with pytest.raises(ArtifactError) as error:
        read_outcomes(out)
    assert said in str(error.value)


def test_neither_directory_nor_bundle(tmp_path):
    with pytest.raises(ArtifactError, match="no such directory or bundle"), unpacked(tmp_path / "none"):
        pass
    (tmp_path / "junk.tar.gz").write_bytes(b"junk")
    with pytest.raises(ArtifactError, match="the bundle cannot be read"), unpacked(tmp_path / "junk.tar.gz"):
        pass


def test_an_export_of_an_earlier_release_gives_the_same_outcomes(export, out, declared, tmp_path):
    from pytest_dre.loading import dump_yaml

    export(study=declared, study_yaml=dump_yaml(declared.model_copy(update={"agent_specs": ("solver",)})))
    before = read_outcomes(out)
    shutil.copytree(out, tmp_path / "old")
    (tmp_path / "old" / "outcomes.csv").unlink()
    after = read_outcomes(tmp_path / "old")
    assert (after.rows, after.columns) == (before.rows, before.columns)
