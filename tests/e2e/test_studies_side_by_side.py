"""Two studies of one session, each with modules of its own under the same names."""

import json

import pytest

STUDY = """
study_id: {name}
title: One of two
factors: [{{name: k, levels: [1, 2]}}]
agents: {{ag: "{agent}"}}
problems: {{p: "{problem}"}}
"""
HELPERS = "NAME = '{name}'\n"
AGENTS = """
import helpers
from parts import of_parts

def ag(k):
    import helpers as late
    return {{"output": {{"at_load": helpers.NAME, "at_run": late.NAME, "agent": "{name}", "part": of_parts.NAME}}}}
"""
PROBLEMS = """
import helpers

def judge(_):
    import helpers as late
    return {{"own": helpers.NAME == late.NAME == "{name}"}}

def p():
    return {{"brief": helpers.NAME, "evaluator": judge}}
"""


@pytest.fixture
def two(lab):
    """Write two studies; return what the outputs of each say of where they come from."""

    def write(agent="./agents.py:ag", problem="./problems.py:p", conftest=""):
        for name in ("a", "b"):
            lab.write(f"studies/{name}/{name}.study.yaml", STUDY.format(name=name, agent=agent, problem=problem))
            for module, text in (("agents", AGENTS), ("problems", PROBLEMS), ("helpers", HELPERS)):
                lab.write(f"studies/{name}/{module}.py", text.format(name=name))
            lab.write(f"studies/{name}/parts/of_parts.py", HELPERS.format(name=name))
            if conftest:
                lab.write(f"studies/{name}/conftest.py", conftest)
        return lab

    return write


def sources(lab):
    return {name: {row["outputs_json"] for row in lab.table(name, "runs")} for name in ("a", "b")}


def all_own(lab):
    for name, outputs in sources(lab).items():
        (output,) = outputs
        assert set(json.loads(output).values()) == {name}
        assert {row["metric_value"] for row in lab.table(name, "evaluations")} == {"True"}
    return True


@pytest.mark.parametrize(
    ("form", "conftest"), [("file", ""), ("module", "import helpers\n")], ids=["file", "module and conftest"]
)
def test_each_study_is_carried_out_with_its_own_modules(two, mode, form, conftest):
    lab = two(*(("./agents.py:ag", "./problems.py:p") if form == "file" else ("agents:ag", "problems:p")), conftest)
    lab.run("studies", *mode).assert_outcomes(passed=4)
    assert all_own(lab)
    assert "4 cached" in lab.words(lab.run("studies", "--dre-resume", *mode))


def test_conftest_files_that_bind_agents_have_the_modules_beside_them(two, mode):
    lab = two("made", "made", "")
    for name in ("a", "b"):
        lab.write(
            f"studies/{name}/conftest.py",
            """
            def pytest_dre_agents(config):
                import agents
                return {"made": agents.ag}

            def pytest_dre_problems(config):
                import problems
                return {"made": problems.p}
            """,
        )
    lab.run("studies", *mode).assert_outcomes(passed=4)
    assert all_own(lab)


def test_what_agents_put_on_the_import_path_does_not_reach_the_next_study(two):
    lab = two()
    for name in ("a", "b"):
        text = (lab.path / f"studies/{name}/agents.py").read_text()
        path = "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n"
        lab.write(f"studies/{name}/agents.py", path + text)
    lab.run_here("studies").assert_outcomes(passed=4)
    assert all_own(lab)


def test_constraints_have_the_modules_beside_their_study(two, mode):
    lab = two()
    for name in ("a", "b"):
        lab.write(f"studies/{name}/rules.py", f"import helpers\n\ndef fits(*_):\n    return helpers.NAME == '{name}'\n")
        rule = '\nconstraints: [{constraint_id: c, description: Own., callable_ref: "./rules.py:fits"}]\n'
        lab.write(
            f"studies/{name}/{name}.study.yaml", (lab.path / f"studies/{name}/{name}.study.yaml").read_text() + rule
        )
    lab.run("studies", *mode).assert_outcomes(passed=4)
    assert all_own(lab)


def test_modules_of_the_rootdir_are_shared(two, mode):
    lab = two()
    lab.write("conftest.py", "import shared\n")
    lab.write("shared.py", "LOADED = []\n")
    for name in ("a", "b"):
        agent = f"import shared\nshared.LOADED.append('{name}')\n\ndef ag(k):\n    return {{'output': shared.LOADED}}\n"
        lab.write(f"studies/{name}/agents.py", agent)
    lab.run("studies", *mode).assert_outcomes(passed=4)
    assert sources(lab) == {"a": {'{"answer":["a","b"]}'}, "b": {'{"answer":["a","b"]}'}}


def test_a_test_beside_the_studies_has_the_modules_it_would_have_alone(two):
    lab = two()
    lab.write("studies/b/test_b.py", "import helpers\n\ndef test_it():\n    assert helpers.NAME == 'b'\n")
    lab.run_here("studies").assert_outcomes(passed=5)
    assert all_own(lab)
