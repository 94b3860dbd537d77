"""A run that leaves its process changed does not change the next."""

import pytest

AGENT = """
import logging, os, random, warnings

import numpy as np

def reckless(number):
    seen = {
        "cwd": os.path.basename(os.getcwd()),
        "leaked": os.environ.get("LEAKED"),
        "home": os.environ.get("KEPT"),
        "level": logging.root.level,
        "disabled": logging.root.manager.disable,
        "filters": len(warnings.filters),
    }
    os.environ["LEAKED"] = "yes"
    del os.environ["KEPT"]
    os.chdir("/")
    logging.root.setLevel(5)
    logging.disable(50)
    warnings.simplefilter("ignore")
    random.seed(0)
    np.random.seed(0)
    if number == 1:
        raise ValueError("and fails")
    return {"output": seen}
"""
STUDY = """
study_id: reckless
title: Reckless
factors: [{name: number, levels: [1, 2, 3]}]
agents: {reckless: "./reckless.py:reckless"}
"""


def test_the_next_run_sees_nothing_of_it(lab, mode, monkeypatch):
    monkeypatch.setenv("KEPT", "here")
    lab.write("studies/reckless.py", AGENT)
    lab.write("studies/reckless.study.yaml", STUDY)
    lab.run("studies", *mode).assert_outcomes(passed=2, failed=1)
    second, third = (row["outputs_json"] for row in lab.table("reckless", "runs")[1:])
    assert '"leaked":null' in second
    assert '"home":"here"' in second
    assert '"disabled":0' in second
    assert second == third


def test_a_working_directory_that_vanishes_breaks_nothing(lab):
    lab.write(
        "studies/gone.py",
        """
        import os, tempfile

        def gone(number):
            directory = tempfile.mkdtemp()
            os.chdir(directory)
            os.rmdir(directory)
            return "gone"
        """,
    )
    lab.write(
        "studies/gone.study.yaml",
        "study_id: gone\ntitle: G\nfactors: [{name: number, levels: [1, 2]}]\nagents: {gone: './gone.py:gone'}\n",
    )
    lab.run("studies", "-n0").assert_outcomes(passed=2)


CLOSING = """
import sys

def closing(how):
    print("printed by", how)
    print("warned by", how, file=sys.stderr)
    if how == "stdout":
        sys.stdout.close()
    if how == "stderr":
        sys.stderr.close()
    if how == "buffers":
        sys.stdout.buffer.close()
        sys.stderr.buffer.close()
    if how == "detached":
        sys.stdout.detach()
    if how == "originals":
        sys.__stdout__.close()
        sys.__stderr__.close()
    return {"x": how}
"""


@pytest.mark.parametrize(
    ("mode", "capture"),
    [*((("-pno:xdist",), capture) for capture in ("fd", "sys", "no", "tee-sys")), (("-n2",), "fd"), (("-n2",), "no")],
    ids=lambda value: value if isinstance(value, str) else value[0].strip("-"),
)
def test_streams_that_a_run_closes_are_open_for_the_next(lab, mode, capture):
    lab.write("studies/closing.py", CLOSING)
    lab.write(
        "studies/closing.study.yaml",
        """
        study_id: closing
        title: Closing
        factors: [{name: how, levels: [a, detached, stdout, b, stderr, c, buffers, d, originals, e]}]
        agents: {closing: './closing.py:closing'}
        """,
    )
    result = lab.pytester.runpytest_subprocess("studies", "-rA", f"--capture={capture}", *mode)
    result.assert_outcomes(passed=10, warnings=5)
    assert result.ret == 0
    output = lab.words(result)
    assert "how=stdout" in output
    assert "LeakWarning: the run closed sys.stdout" in output
    assert "LeakWarning: the run closed sys.stderr" in output
    if capture == "fd":
        for how in ("a", "stdout", "b", "stderr", "c", "buffers", "d", "originals", "e"):
            assert f"printed by {how}" in output
            assert f"warned by {how}" in output
