"""A run that leaves its process changed does not change the next."""

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
