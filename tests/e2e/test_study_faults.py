"""A user's mistakes: one message with the place, what is wrong and what to do; other studies still run."""

import pytest

GOOD = """
study_id: good
title: Good
factors: [{name: temperature, levels: [0.1]}]
agents: {logged: "./agents.py:logged"}
"""


def collection_error(lab, text: str, *, name: str = "studies/bad.study.yaml") -> str:
    """Return what pytest shows for the study, having checked that it is one collection error without a traceback."""
    lab.write(name, text)
    result = lab.run_here("studies")
    result.assert_outcomes(errors=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    output = result.stdout.str()
    assert "Traceback" not in output
    assert "pytest_dre/" not in output
    return output


def test_every_fault_of_a_file_is_told_at_once(lab):
    output = collection_error(
        lab,
        """
        study_id: bad
        titel: Bad
        factors:
          - {name: a, levels: [1, 2], kind: manipulate}
          - {name: a, levels: []}
        seed_policy: {base_seed: "x"}
        agents: {solver: "./agents.py:solve"}
        """,
    )
    for place in (
        "bad.study.yaml:2:1: titel",
        "bad.study.yaml:4:31: factors[0].kind",
        "factors[1]",
        "6:15: seed_policy.base_seed",
    ):
        assert place in output, place
    assert "did you mean 'title'?" in output
    assert "ERROR studies/bad.study.yaml - studies/bad.study.yaml:" in output


def test_faults_come_in_the_stages_that_the_docs_name(lab):
    study = """
        study_id: bad
        title: Bad
        factors: [{name: n, levels: [1, 2]}]
        constraints: [{constraint_id: c, description: d, expression: "1 / (n - 1) > 0"}]
        agents: {solver: "./agents.py:nowhere"}
        %s
        """
    form, agreement, design, reference = "titles: the key", "there is no outcome", "division by zero", "'nowhere'"
    gate = "gates: [{gate_id: g, outcome: x, claim: at_least, value: 1}]"
    for more, told in (
        (f"titles: [\n        {gate}", ("is no valid YAML",)),
        (f"titles: T\n        {gate}", (form, agreement)),
        (gate, (agreement,)),
        ("", (design,)),
    ):
        output = collection_error(lab, study % more)
        for text in ("is no valid YAML", form, agreement, design, reference):
            assert (text in output) is (text in told), text
    assert reference in collection_error(lab, study.replace("1 / (n - 1)", "n") % "")


def test_other_studies_of_the_session_still_run(lab, mode):
    lab.write("studies/good.study.yaml", GOOD)
    lab.write("studies/bad.study.yaml", "study_id: bad\ntitle: [\n")
    result = lab.run("studies", "--continue-on-collection-errors", *mode)
    result.assert_outcomes(passed=1, errors=1)
    assert lab.manifest("good")["complete"] is True


@pytest.mark.parametrize(
    ("agents", "message"),
    [
        ('{a: "./agents.py:sovle"}', "did you mean 'solve'?"),
        ('{a: "./agent.py:solve"}', "did you mean 'agents.py'?"),
        ('{a: "no_such_module:solve"}', "No module named 'no_such_module'"),
        ('{a: "./broken.py:solve"}', "importing"),
        ('{a: "./agents.py:needs_more"}', "did you mean 'temperature'?"),
    ],
)
def test_an_agent_that_cannot_be_bound(lab, agents, message):
    lab.write("studies/broken.py", "raise RuntimeError('half written')\n")
    with (lab.path / "studies/agents.py").open("a") as file:
        file.write("\n\ndef needs_more(problem, temprature):\n    return problem\n")
    output = collection_error(
        lab,
        f"""
        study_id: bad
        title: Bad
        factors: [{{name: temperature, levels: [0.1, 0.2]}}]
        agents: {agents}
        problems: {{root: "./agents.py:root"}}
        """,
    )
    assert "bad.study.yaml:4:" in output
    assert message in output


@pytest.mark.parametrize(
    ("line", "name"), [("agent_specs: [solvr]", "solver"), ("problem_ids: [rot]", "root")], ids=["agent", "problem"]
)
def test_an_unknown_name_gets_the_nearest_known_one(lab, line, name):
    output = collection_error(
        lab,
        f"""
        study_id: bad
        title: Bad
        factors: [{{name: temperature, levels: [0.1, 0.2]}}]
        agents: {{solver: "./agents.py:solve"}}
        problems: {{root: "./agents.py:root"}}
        {line}
        """,
    )
    assert f"did you mean {name!r}?" in output
    assert "bad.study.yaml:6:" in output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("study_id: bad\nstudy_id: worse\ntitle: Bad\n", "study_id"),
        ("study_id: bad\ntitle: Bad\nfactors:\n\t- {name: a}\n", "tab"),
        ("study_id: bad\ntitle: Bad\nfactors: [{name: tools, levels: [{name: on, value: 1}]}]\n", "quote"),
        ("study_id: bad\ntitle: &a [x, x, x]\nnotes: &b [*a, *a]\n", "title"),
    ],
    ids=["empty", "duplicate key", "tab", "on as a name", "lists for text"],
)
def test_yaml_traps(lab, text, message):
    assert message in collection_error(lab, text)


def test_a_file_that_is_no_utf_8(lab):
    (lab.path / "studies/bad.study.yaml").write_bytes("study_id: b\xe4d\n".encode("latin-1"))
    result = lab.run_here("studies")
    result.assert_outcomes(errors=1)
    assert "UTF-8" in result.stdout.str()


def test_an_alias_bomb_is_refused_quickly(lab):
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    output = collection_error(lab, f"study_id: bomb\ntitle: Bomb\n{bomb}")
    assert "alias" in output or "100,000" in output


def test_faults_of_the_design_have_a_place_too(lab):
    output = collection_error(
        lab,
        """
        study_id: bad
        title: Bad
        factors: [{name: temperature, levels: [0.1, 0.2]}]
        constraints:
          - {constraint_id: c, expression: temprature > 1}
        run_budget: {replicates: 10, max_runs: 5}
        agents: {solver: "./agents.py:logged"}
        """,
    )
    assert "bad.study.yaml:5:" in output
    assert "'temperature'" in output


def test_a_plan_larger_than_the_budget_names_both_numbers(lab):
    output = collection_error(
        lab,
        """
        study_id: bad
        title: Bad
        factors: [{name: temperature, levels: [0.1, 0.2]}]
        run_budget: {replicates: 10, max_runs: 5}
        agents: {solver: "./agents.py:logged"}
        """,
    )
    assert "20" in output
    assert "5" in output
    assert "max_runs" in output


def test_a_hook_that_returns_no_map(lab):
    lab.write("studies/conftest.py", "def pytest_dre_agents(config):\n    return ['solver']\n")
    output = collection_error(lab, GOOD)
    assert "pytest_dre_agents returned list; it must return a map" in output


def test_two_studies_may_not_share_an_output_directory(lab):
    lab.write("studies/a.study.yaml", GOOD)
    output = collection_error(lab, GOOD)
    assert "studies/bad.study.yaml:1:1: study_id: studies/a.study.yaml writes to artifacts/good too" in output
    assert "give this study another study_id" in output


def test_constraints_that_leave_nothing(lab):
    output = collection_error(
        lab,
        """
        study_id: bad
        title: Bad
        factors: [{name: temperature, levels: [0.1, 0.2]}]
        constraints:
          - {constraint_id: cold, expression: temperature < 0}
        agents: {solver: "./agents.py:logged"}
        """,
    )
    assert "no condition is left: the constraints rule out all 2; loosen one of them" in output
    assert "bad.study.yaml:4:" in output
