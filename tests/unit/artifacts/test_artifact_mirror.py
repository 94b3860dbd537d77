import math
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.artifacts.mirror import MOST_COLUMNS, distinct_names, type_of_values
from pytest_dre.errors import ArtifactError
from pytest_dre.model.runs import Plan, RunStatus


def query(out, sql):
    with closing(sqlite3.connect(out / "study.sqlite")) as connection:
        return connection.execute(sql).fetchall()


def columns(out, table):
    return {name: kind for _, name, kind, *_ in query(out, f"PRAGMA table_info({table})")}


def test_the_tables_are_mirrored_with_real_types(export, out):
    export(sqlite=True)
    assert [name for (name,) in query(out, "SELECT name FROM sqlite_master ORDER BY name")] == [
        "conditions",
        "evaluations",
        "events",
        "runs",
    ]
    runs = columns(out, "runs")
    assert (runs["run_id"], runs["seed"], runs["latency_s"]) == ("TEXT", "INTEGER", "REAL")
    assert query(out, "SELECT run_id, seed, latency_s, input_tokens, primary_outcome FROM runs LIMIT 1") == [
        ("run-0-1", 1, 0.25, 7, 0.5)
    ]
    assert query(out, "SELECT arm, admissible FROM conditions") == [("a", 1), ("b", 1), ("c", 0)]
    assert query(out, "SELECT count(*) FROM events JOIN runs USING (run_id)") == [(4,)]
    assert query(out, "SELECT sum(metric_value) FROM evaluations") == [(2.0,)]


def test_without_the_option_there_is_no_mirror(export, out):
    assert "study.sqlite" not in export().files
    assert not (out / "study.sqlite").exists()


def test_a_mirror_of_an_earlier_export_is_renewed(export, out, results):
    export(sqlite=True, results=results[:1])
    export(results=results)
    assert query(out, "SELECT count(*) FROM runs") == [(4,)]


def test_any_factor_name_and_any_value(export, out, make):
    factors = {"A": 1, "a": 2.5, 'say "hi"': "x", "a\0b": "😀", "\udcff": "\udcff", "select": None, "run; --": True}
    plan = make.plan(make.condition(0, factors), make.condition(1, {**factors, "A": "mixed", "a": 1}))
    export(sqlite=True, plan=plan, results=())
    found = columns(out, "conditions")
    assert list(found)[5:] == ["arm", "A", "a_2", 'say "hi"', "a\\x00b", "\\udcff", "select", "run; --"]
    assert list(found.values())[5:] == ["TEXT", "", "REAL", "TEXT", "TEXT", "TEXT", "TEXT", "INTEGER"]
    rows = query(out, 'SELECT A, a_2, "a\\x00b", "\\udcff", "select", "run; --" FROM conditions')
    assert rows == [(1, 2.5, "😀", "\\udcff", None, 1), ("mixed", 1.0, "😀", "\\udcff", None, 1)]


def test_blocks_have_columns_too(export, out, make):
    plan = make.plan(make.condition(0, {"arm": "a"}, block_assignments={"day": 3}))
    export(sqlite=True, plan=plan, results=())
    assert columns(out, "conditions")["block_day"] == "INTEGER"


def test_nan_is_null_and_infinity_and_huge_integers_are_kept(export, out, make, plan):
    values = [math.nan, math.inf, 10**30, "text"]
    results = [
        make.result(spec, status=RunStatus.SUCCESS, metrics={"primary_outcome": value, "input_tokens": 10**30})
        for spec, value in zip(plan.runs, values, strict=True)
    ]
    export(sqlite=True, results=results)
    assert query(out, "SELECT primary_outcome FROM runs") == [(None,), (math.inf,), (1e30,), ("text",)]
    (metrics,) = query(out, "SELECT metrics_json FROM runs")[0]
    assert metrics.startswith('{"primary_outcome":NaN')


def test_more_columns_than_sqlite_holds_is_a_clear_error_and_writes_nothing(export, out, make):
    plan = make.plan(make.condition(0, {f"f{number}": number for number in range(MOST_COLUMNS)}))
    with pytest.raises(ArtifactError, match=r"2006 columns, but SQLite holds at most 2000; export without"):
        export(sqlite=True, plan=plan, results=())
    assert not out.exists()


def test_as_many_columns_as_sqlite_holds(export, out, make, study):
    bare = study.model_copy(update={"factors": ()})
    plan = make.plan(make.condition(0, {f"f{number}": number for number in range(MOST_COLUMNS - 5)}))
    export(study=bare, sqlite=True, plan=plan, results=())
    assert len(columns(out, "conditions")) == MOST_COLUMNS


def test_a_study_without_conditions(export, out):
    export(sqlite=True, plan=Plan((), ()), results=())
    assert columns(out, "conditions")["arm"] == "TEXT"


@given(st.lists(st.sampled_from(["a", "A", "a_2", "A_2", "a_3", "é", "É"]), unique=True))
def test_names_differ_for_sqlite_too(names):
    distinct = distinct_names(names)
    assert len(distinct) == len(names)
    definitions = ", ".join(f'"{name}"' for name in distinct) or "x"
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t ({definitions})")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, True, None], "INTEGER"),
        ([1, 0.5], "REAL"),
        ([2**70, 1], "REAL"),
        (["a", None], "TEXT"),
        ([None], "TEXT"),
        (["a", 1], ""),
        (["a", 1, 0.5], ""),
    ],
)
def test_a_column_has_the_type_of_its_values(values, kind):
    assert type_of_values(values) == kind
