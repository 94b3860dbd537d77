"""A damaged, foreign or lost store: a clear error, nothing overwritten, all that can be read salvaged."""

import sqlite3

import pytest


def store_of(lab, study="logged"):
    return lab.path / "artifacts" / study / "store.sqlite"


def test_a_damaged_store_is_salvaged_and_kept_aside(logged, mode):
    logged.run("studies", *mode).assert_outcomes(passed=6)
    logged.calls()
    store = store_of(logged)
    content = bytearray(store.read_bytes())
    content[:16] = b"no database here"
    store.write_bytes(content)
    result = logged.run("studies", "--dre-resume", *mode)
    assert result.ret == 0, result.stdout.str()
    assert logged.calls() == [], "all six results could be read"
    (kept,) = store.parent.glob("store.damaged-*.sqlite")
    assert kept.read_bytes() == bytes(content)
    assert "damaged" in logged.words(result)
    assert f"kept as {kept.name}: 6 results were salvaged" in logged.words(result)
    assert logged.manifest("logged")["complete"] is True


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_truncated_store_is_no_obstacle(logged, size):
    logged.run_here("studies").assert_outcomes(passed=6)
    store = store_of(logged)
    with store.open("r+b") as file:
        file.truncate(size)
    result = logged.run_here("studies", "--dre-resume")
    assert result.ret == 0, result.stdout.str()
    assert logged.manifest("logged")["complete"] is True
    assert len(list(store.parent.glob("store.damaged-*.sqlite"))) == 1


LONG = """
import os
from pathlib import Path

def writing(number, run_spec):
    with (Path(__file__).parent.parent / "calls.txt").open("a") as calls:
        calls.write(f"{number}\\n")
    if number + run_spec.replicate == 1 and (Path(__file__).parent.parent / "broken").exists():
        raise ValueError("broken")
    return {"output": "z" * 3000, "metrics": {"primary_outcome": 1.0}}
"""
LONG_STUDY = """
study_id: logged
title: Long answers
factors: [{name: number, levels: [0, 1]}]
agents: {writing: "./writing.py:writing"}
run_budget: {replicates: 15}
outcomes: [{name: score, source_table: runs, column: primary_outcome, aggregation: mean}]
gates: [{gate_id: good, outcome: score, claim: at_least, value: 0.5, on_inconclusive: warn}]
"""


@pytest.mark.parametrize("option", ["--lf", "--dre-resume"])
def test_what_a_damaged_store_has_lost_is_run_after_failures_too(lab, mode, option):
    """`--lf` has selected the failures by the time that the loss shows: it must not look complete."""
    lab.write("studies/writing.py", LONG)
    lab.write("studies/logged.study.yaml", LONG_STUDY)
    (lab.path / "broken").touch()
    assert lab.run("studies", *mode).ret == 1
    assert lab.manifest("logged")["failed_runs"] == 1
    (lab.path / "broken").unlink()
    lab.calls()
    store = store_of(lab)
    with store.open("r+b") as file:
        file.truncate(store.stat().st_size // 2)
    first = lab.run("studies", option, *mode)
    words = lab.words(first)
    assert "none is known to be lost" not in words
    assert "results are lost" in words
    if option == "--lf":
        assert first.ret == pytest.ExitCode.TESTS_FAILED
        assert "not selected in this session: go on with --lf" in words
        assert lab.manifest("logged")["complete"] is False
        assert lab.run("studies", "--lf", *mode).ret == 0
    else:
        assert first.ret == 0
        assert "not selected" not in words
    assert lab.manifest("logged")["complete"] is True
    lab.calls()
    assert lab.run("studies", "--lf", *mode).ret == 0
    assert lab.calls() == []


def test_another_tools_database_is_left_alone(logged, mode):
    store = store_of(logged)
    store.parent.mkdir(parents=True)
    connection = sqlite3.connect(store)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = store.read_bytes()
    result = logged.run("studies", *mode)
    assert result.ret == 1
    assert "is no run store of pytest-dre; move it away" in logged.words(result)
    assert "Traceback" not in result.stdout.str()
    assert store.read_bytes() == before
    assert logged.calls() == [], "nothing is spent on results that cannot be kept"


def test_a_store_of_a_newer_release_is_left_alone(logged, mode):
    logged.run_here("studies")
    logged.calls()
    connection = sqlite3.connect(store_of(logged))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    result = logged.run("studies", "--dre-resume", *mode)
    assert result.ret == 1
    assert "was written by a newer pytest-dre" in logged.words(result)
    assert logged.calls() == []


def test_an_output_directory_that_cannot_be_made(logged, mode):
    (logged.path / "artifacts").write_text("a file")
    result = logged.run("studies", *mode)
    assert result.ret == 1
    assert "cannot be opened" in logged.words(result)
    assert "Traceback" not in result.stdout.str()
    assert logged.calls() == []


VANISHING = """
import shutil
import time
from pathlib import Path


def vanish(number):
    root = Path(__file__).parent.parent
    with (root / "calls.txt").open("a") as calls:
        calls.write(f"{number}\\n")
    if number == 1 and not (root / "once").exists():
        shutil.rmtree(root / "artifacts/vanishing")
        (root / "once").touch()
    until = time.monotonic() + 60
    while number > 1 and not (root / "once").exists():  # of two workers one may be much quicker
        assert time.monotonic() < until
        time.sleep(0.01)
    return number
"""


def test_an_output_directory_that_vanishes_stops_the_spending(lab, mode):
    lab.write("studies/vanish.py", VANISHING)
    lab.write(
        "studies/v.study.yaml",
        """
        study_id: vanishing
        title: T
        factors: [{name: number, levels: [0, 1, 2, 3, 4, 5, 6, 7]}]
        agents: {v: "./vanish.py:vanish"}
        """,
    )
    result = lab.run("studies", *mode)
    assert result.ret == 1
    output = " ".join(result.stdout.str().split())
    assert "was removed or replaced while runs were recorded" in output
    assert "Traceback" not in output
    assert len(lab.calls()) < 8, "runs whose results could not be kept are not started"
    result = lab.run("studies", "--dre-resume", *mode)
    assert result.ret == 0, result.stdout.str()
    assert lab.manifest("vanishing")["complete"] is True


def test_a_full_disk_stops_the_spending_and_loses_nothing(lab, mode):
    """A limit on the size of files stands for the disk: SQLite's writes fail at it."""
    lab.write(
        "conftest.py",
        """
        import resource
        from pathlib import Path

        if (Path(__file__).parent / "full").exists():
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        """,
    )
    lab.write(
        "studies/big.py",
        """
        from pathlib import Path


        def big(number):
            with (Path(__file__).parent.parent / "calls.txt").open("a") as calls:
                calls.write(f"{number}\\n")
            return "x" * 50_000
        """,
    )
    lab.write(
        "studies/big.study.yaml",
        """
        study_id: big
        title: T
        factors: [{name: number, levels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}]
        agents: {b: "./big.py:big"}
        """,
    )
    (lab.path / "full").touch()
    # never in this process, which would keep the limit
    result = lab.pytester.runpytest_subprocess("studies", *mode, timeout=60)
    output = " ".join(result.stdout.str().split())
    assert result.ret == 1
    assert "nothing stored before is lost" in output
    assert "Traceback" not in output
    calls = lab.calls()
    assert len(calls) < 10
    passed = result.parseoutcomes().get("passed", 0)
    assert passed >= 1
    (lab.path / "full").unlink()
    result = lab.run("studies", "--lf", *mode)
    assert result.ret == 0, result.stdout.str()
    assert len(lab.calls()) == 10 - passed
    assert lab.manifest("big")["complete"] is True


@pytest.mark.parametrize(("option", "how"), [("--lf", "-n2"), ("--lf", "-n0"), ("--dre-resume", "-pno:xdist")])
def test_nothing_is_resumed_of_a_store_that_is_gone(logged, option, how):
    """All runs would be paid for again, and the tables be overwritten that are the last copy of the results."""
    logged.run_here("studies").assert_outcomes(passed=6)
    logged.calls()
    store_of(logged).unlink()
    before = {path.name: path.read_bytes() for path in store_of(logged).parent.iterdir()}
    result = logged.run("studies", option, how)
    assert result.ret == 1
    words = logged.words(result)
    assert "store.sqlite is gone: " in words
    assert "manifest.json tells of 6 results that it held, and without it none can be replayed; put it back" in words
    assert logged.calls() == []
    assert {path.name: path.read_bytes() for path in store_of(logged).parent.iterdir()} == before


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_artifacts_whose_store_is_gone_are_kept_aside(logged, how):
    logged.run_here("studies", "--dre-bundle").assert_outcomes(passed=6)
    directory = store_of(logged).parent
    store_of(logged).unlink()
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    result = logged.run("studies", how)
    result.assert_outcomes(passed=6)
    (kept,) = directory.glob("without-store-*")
    assert f"the run store was gone, and with it 6 results: their artifacts are kept in {kept.name}" in logged.words(
        result
    )
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before
    assert logged.manifest("logged")["complete"] is True
    result = logged.run("studies", "--dre-resume", how)
    assert (result.ret, "was gone" in logged.words(result)) == (0, False)


REMOVING = """
import shutil, time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def removing(number):
    if number == 0:
        (ROOT / "opened").touch()
    if number == 2 and (ROOT / "remove").exists():
        while not (ROOT / "opened").exists():  # by the other worker: it has its store, and makes no new one later
            time.sleep(0.01)
        (ROOT / "remove").unlink()
        shutil.rmtree(ROOT / "artifacts/removing")
    return {"output": number}
"""


@pytest.mark.parametrize("how", ["-pno:xdist", "-n2"])
def test_runs_whose_store_was_removed_while_the_session_ran_are_run_again(lab, how):
    lab.write("studies/removing.py", REMOVING)
    lab.write(
        "studies/removing.study.yaml",
        """
        study_id: removing
        title: T
        factors: [{name: number, levels: [0, 1, 2, 3, 4, 5]}]
        agents: {removing: "./removing.py:removing"}
        """,
    )
    (lab.path / "remove").touch()
    result = lab.run("studies", how)
    assert result.ret == 1
    assert "was removed or replaced while runs were recorded" in lab.words(result)
    assert "resume" in lab.words(result)
    result = lab.run("studies", "--lf", how)
    result.assert_outcomes(passed=6)
    assert lab.manifest("removing")["complete"] is True


def test_a_plan_says_why_the_store_cannot_be_read(logged):
    logged.run("studies").assert_outcomes(passed=6)
    with sqlite3.connect(store_of(logged)) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    result = logged.run("studies", "--dre-plan", "--dre-resume")
    assert "estimate unknown for 6 runs" in logged.words(result)
    assert "was written by a newer pytest-dre (store version 99" in logged.words(result)


def test_what_a_damaged_store_has_lost_is_not_missed_where_it_was_not_selected(lab):
    lab.write("studies/writing.py", LONG)
    lab.write("studies/logged.study.yaml", LONG_STUDY)
    lab.run_here("studies").assert_outcomes(passed=31)
    with store_of(lab).open("r+b") as file:
        file.truncate(store_of(lab).stat().st_size // 2)
    result = lab.run_here("studies/logged.study.yaml::number=0-r1")
    result.assert_outcomes(passed=1)
    assert "not selected in this session: go on with --lf" in lab.words(result)
    assert "never reported" not in lab.words(result)
    assert result.ret == 0
