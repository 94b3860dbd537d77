"""Study ids that make no directory as they are."""

import os
import subprocess
import sys

STUDY = """
study_id: {name}
title: T
factors: [{{name: x, levels: [1, 2]}}]
agents: {{a: "./agents.py:logged"}}
"""


def test_a_long_study_id_is_no_obstacle(lab, mode):
    lab.write("studies/agents.py", "def logged(x): return x\n")
    name = "long" * 100
    lab.write("studies/s.study.yaml", STUDY.format(name=name))
    lab.run("studies", *mode).assert_outcomes(passed=2)
    assert "2 cached" in lab.words(lab.run("studies", "--dre-resume", *mode))
    (directory,) = (lab.path / "artifacts").iterdir()
    assert len(lab.table(directory.name, "runs")) == 2
    assert lab.manifest(directory.name)["study_id"] == name


def ascii_session(lab, *args):
    """Run pytest where Python takes the file system for ASCII."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", *args]
    return subprocess.run(command, cwd=lab.path, env=environment, capture_output=True, check=False)


def test_an_id_that_the_file_system_cannot_take_is_one_fault(lab):
    lab.write("studies/agents.py", "def logged(x): return x\n")
    lab.write("studies/s.study.yaml", STUDY.format(name="stüdy"))
    done = ascii_session(lab, "studies")
    output = done.stdout.decode("ascii")
    assert done.returncode == 2
    assert "s.study.yaml:1:1: study_id: the file system takes no directory 'artifacts/st" in output
    assert "set PYTHONUTF8=1, or choose another output_dir" in " ".join(output.split())
    assert "Traceback" not in output
    assert "directories.py" not in output
    lab.write("studies/s.study.yaml", STUDY.format(name="stüdy") + "output_dir: plain\n")
    done = ascii_session(lab, "studies")
    assert done.returncode == 0, done.stdout
