import pytest

from pytest_dre.errors import StudyError
from pytest_dre.loading import parse_study, validate_study
from pytest_dre.loading.reading import study_from_dict
from pytest_dre.model.factors import Block, Factor, Level
from pytest_dre.model.study import Study

BASE = """\
study_id: s
title: t
factors:
  - {name: style, levels: [plain, rich]}
  - {name: size, levels: [1, 2]}
blocks:
  - {name: day, levels: [mon, tue]}
outcomes:
  - {name: score, source_table: runs, column: c, aggregation: mean, primary: true, goal: maximize}
  - {name: cost, source_table: runs, column: d, aggregation: sum}
"""
AGENTS = "agent_specs: [a, b]\n"
HYPOTHESES = "hypotheses:\n  - {hypothesis_id: h, label: l, statement: s, %s}\n"
PLANS = "analysis_plans:\n  - {analysis_plan_id: p, hypothesis_ids: [%s], tests: [t], outcomes: [%s]}\n"
CORRECTED = PLANS.replace("}", ", multiple_comparison_policy: %s}")
GATE = "gates:\n  - {gate_id: g, claim: superior, %s}\n"


def faults(text: str) -> list[str]:
    try:
        parse_study(text)
    except StudyError as error:
        return [str(fault).partition(": ")[2] for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "more",
    [
        HYPOTHESES
        % "independent_vars: [style, day, agent, problem_id], dependent_vars: [score], moderators: [{name: size}]",
        HYPOTHESES % "linked_analysis_plan_id: p" + PLANS % ("h", "score, cost"),
        CORRECTED % ("", "", "Holm-Bonferroni"),
        "primary_outcomes: [score]\nsecondary_outcomes: [cost]\n",
        "design_spec: {kind: lhs, n_samples: 5, block_randomization_key: day}\n",
        "design_spec: {kind: custom_matrix, matrix_path: m.csv}\n",
        GATE
        % "outcome: score, where: {day: mon, agent: a}, contrast: {factor: style, treatment: rich, control: plain}",
        GATE % "outcome: score, contrast: {factor: agent, treatment: a, control: b}",
        GATE % "outcome: score, contrast: {factor: size, treatment: 1, control: '2'}",
        "problem_ids: [p]\nagents: {b: 'm:b'}\n",
    ],
)
def test_what_agrees_is_no_fault(more: str) -> None:
    assert faults(BASE + AGENTS + more) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            HYPOTHESES % "independent_vars: [stile], dependent_vars: [scor], moderators: [{name: sizes}]",
            [
                "hypotheses[0].independent_vars[0]: there is no factor or block 'stile'; did you mean 'style'?",
                "hypotheses[0].dependent_vars[0]: there is no outcome 'scor'; did you mean 'score'?",
                "hypotheses[0].moderators[0].name: there is no factor or block 'sizes'; did you mean 'size'?",
            ],
        ),
        (
            PLANS % ("h", "prise"),
            [
                "analysis_plans[0].hypothesis_ids[0]: there is no hypothesis 'h'; none is known",
                "analysis_plans[0].outcomes[0]: there is no outcome 'prise'; known: cost, score",
            ],
        ),
        (
            CORRECTED % ("", "", "Holms"),
            [
                "analysis_plans[0].multiple_comparison_policy: there is no multiple_comparison_policy 'Holms'; "
                "did you mean 'holm'?"
            ],
        ),
        (
            CORRECTED % ("", "", "tukey"),
            [
                "analysis_plans[0].multiple_comparison_policy: there is no multiple_comparison_policy 'tukey'; "
                "known: benjamini-hochberg, bonferroni, holm, none"
            ],
        ),
        (
            HYPOTHESES % "linked_analysis_plan_id: p",
            ["hypotheses[0].linked_analysis_plan_id: there is no analysis plan 'p'; none is known"],
        ),
        (
            HYPOTHESES % "linked_analysis_plan_id: p" + PLANS % ("", ""),
            [
                "hypotheses[0].linked_analysis_plan_id: the plan 'p' does not list the hypothesis 'h'; "
                "add it to the plan's hypothesis_ids, or remove this key"
            ],
        ),
        (
            "primary_outcomes: [cost]\nsecondary_outcomes: [score, x]\n",
            [
                "outcomes[0].primary: 'score' is primary, but not in primary_outcomes; add it there, or remove",
                "outcomes[0].primary: 'score' is primary, but in secondary_outcomes; "
                "remove it there, or write 'primary: false'",
                "outcomes[1].primary: 'cost' is in primary_outcomes, but not primary; write 'primary: true'",
                "secondary_outcomes[1]: there is no outcome 'x'; known: cost, score",
            ],
        ),
        (
            "design_spec: {kind: latin_square, options: {row_factor: stile, column_factor: 3}}\n",
            [
                "design_spec.options.treatment_factor: a latin_square needs options.treatment_factor; "
                "add 'treatment_factor: ' and a factor's name",
                "design_spec.options.row_factor: there is no factor 'stile'; did you mean 'style'?",
                "design_spec.options.column_factor: a factor's name is meant; write it as text",
            ],
        ),
        (
            "design_spec: {kind: latin_square, options:"
            " {row_factor: size, column_factor: size, treatment_factor: style}}\n",
            [
                "design_spec.options.column_factor: the factor 'size' is already the row_factor; "
                "a latin_square needs three factors"
            ],
        ),
        ("design_spec: {kind: lhs}\n", ["design_spec.n_samples: a latin_hypercube needs n_samples; add 'n_samples: "]),
        (
            "design_spec: {kind: custom_matrix}\n",
            ["design_spec.matrix_path: a custom_matrix needs matrix_path; add 'matrix_path: …', a CSV or JSON file"],
        ),
        (
            "design_spec: {block_randomization_key: days}\n",
            ["design_spec.block_randomization_key: there is no block 'days'; did you mean 'day'?"],
        ),
        (GATE % "alpha: 0.1", ["gates[0].outcome: a gate needs an outcome or a hypothesis; add 'outcome: "]),
        (
            GATE % "outcome: scor, hypothesis: h, where: {dai: mon}, contrast: {factor: x, treatment: 1, control: 1}",
            [
                "gates[0].outcome: there is no outcome 'scor'; did you mean 'score'?",
                "gates[0].hypothesis: there is no hypothesis 'h'; none is known",
                "gates[0].where.dai: there is no factor or block 'dai'; did you mean 'day'?",
                "gates[0].contrast.factor: there is no factor or block 'x'; "
                "known: agent, agent_id, agent_spec, day, problem, problem_id, size, style",
                "gates[0].contrast.control: treatment and control are the same; name two levels",
            ],
        ),
        (
            GATE % "outcome: score, contrast: {factor: style, treatment: reach, control: plane}",
            [
                "gates[0].contrast.treatment: there is no level 'reach'; did you mean 'rich'?",
                "gates[0].contrast.control: there is no level 'plane'; did you mean 'plain'?",
            ],
        ),
        (
            "problem_ids: [p, q, p]\n",
            ["problem_ids[2]: the problem 'p' is already problem_ids[0]; give it another name, or remove it"],
        ),
        (
            "runner: m:r\n",
            ["runner: a study has either a runner or agents and problems; this one has agent_specs too; "
             "remove runner or agent_specs"],
        ),
        ("unknown_key: 1\nmore_unknown: 2\n", ["unknown_key: the key 'unknown_key' is unk", "more_unknown: "]),
    ],
)  # fmt: skip
def test_each_contradiction_has_its_message(more: str, expected: list[str]) -> None:
    found = faults(BASE + AGENTS + more)
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


def test_names_used_twice_are_reported_at_the_second() -> None:
    text = """\
study_id: s
title: t
factors:
  - {name: x, levels: [{name: a, value: 1}, {name: a, value: 2}, {name: b, value: 1}, {name: c, value: 1.0}]}
  - {name: x, default: 1}
blocks: [{name: d, levels: [1, 1]}, {name: d, levels: [1, true]}, {name: x, levels: [1]}]
outcomes:
  - {name: o, source_table: runs, column: c, aggregation: mean}
  - {name: o, source_table: runs, column: c, aggregation: max, range: [1, 1]}
hypotheses:
  - {hypothesis_id: h, label: l, statement: s}
  - {hypothesis_id: h, label: l, statement: s}
analysis_plans:
  - {analysis_plan_id: p, hypothesis_ids: [], tests: []}
  - {analysis_plan_id: p, hypothesis_ids: [], tests: []}
constraints:
  - {constraint_id: c, expression: "True"}
  - {constraint_id: c, callable_ref: "m:f"}
gates:
  - {gate_id: g, claim: at_least, value: 1, outcome: o}
  - {gate_id: g, claim: at_least, value: 1, outcome: o}
agent_specs: [a, a]
"""
    hint = "; give it another name, or remove it"
    same = "; their runs would be the same: give each level a value of its own"
    assert faults(text) == [
        f"factors[0].levels[1].name: the level 'a' is already factors[0].levels[0]{hint}",
        f"factors[0].levels[2].value: the value 1 is already that of factors[0].levels[0]{same}",
        f"factors[1].name: the factor 'x' is already factors[0]{hint}",
        f"blocks[0].levels[1]: the value 1 is already that of blocks[0].levels[0]{same}",
        f"blocks[1].name: the block 'd' is already blocks[0]{hint}",
        "blocks[2].name: 'x' is a factor too, factors[0]; give one of them another name",
        f"outcomes[1].name: the outcome 'o' is already outcomes[0]{hint}",
        "outcomes[1].range: the range is empty; write [lowest, highest]",
        f"hypotheses[1].hypothesis_id: the hypothesis 'h' is already hypotheses[0]{hint}",
        f"analysis_plans[1].analysis_plan_id: the analysis plan 'p' is already analysis_plans[0]{hint}",
        f"constraints[1].constraint_id: the constraint 'c' is already constraints[0]{hint}",
        f"gates[1].gate_id: the gate 'g' is already gates[0]{hint}",
        f"agent_specs[1]: the agent 'a' is already agent_specs[0]{hint}",
    ]


@pytest.mark.parametrize(
    ("more", "fine"),
    [
        ("", False),
        ("problem_ids: [p]\n", False),
        ("runner: m:r\n", True),
        ("agents: {a: m:a}\n", True),
        ("agent_specs: [a]\nproblem_ids: [p]\n", True),
        ("agent_specs: [a]\nagents: {b: m:b}\n", True),
        ("runner: m:r\nagents: {a: m:a}\n", False),
        ("runner: m:r\nproblem_ids: [p]\n", False),
        ("factors: [{name: agent, levels: [a, b]}]\n", True),
        ("factors: [{name: agent_id, default: a}]\n", True),
    ],
)
def test_a_study_runs_either_agents_or_a_runner(more: str, fine: bool) -> None:
    found = faults(f"study_id: s\ntitle: t\n{more}")
    assert (found == []) is fine
    assert all("nothing to run" in line or "either a runner or agents" in line for line in found)


def test_a_study_built_in_python_is_checked_alike() -> None:
    study = Study(
        study_id="s",
        title="t",
        factors=(Factor(name="x", levels=(Level(name="a"), Level(name="b"))),),
        blocks=(Block(name="y", levels=(1,)),),
        runner="m:r",
    )
    (fault,) = validate_study(study)
    assert str(fault).startswith("factors[0].levels[1].value: the value null is already that of factors[0].levels[0]")
    assert fault.line is None


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("title", None, "title: there is no value; write text"),
        ("description", None, "description: there is no value; write text, or leave the key out"),
        ("study_id", "", "study_id: this is empty; write a name"),
        ("notes", True, 'notes: true is a boolean; text is meant; quote it: "true"'),
        ("tags", "x", "tags: 'x' is text; a list is meant; write [x]"),
        ("tags", {"a": 1}, "tags: this is a map; a list is meant; write '- item' lines"),
        ("tags", [1], 'tags[0]: 1 is a number; text is meant; quote it: "1"'),
        (
            "limits",
            3,
            "limits: 3 is a number; a map is meant; write 'key: value' lines (timeout_s, retries, retry_on,"
            " retry_wait_s, retry_max_wait_s, max_cost_usd, max_tokens, max_total_s)",
        ),
        ("agents", [1], "agents: this is a list; a map is meant; write 'key: value' lines"),
        ("agents", {"": "x"}, "agents.: a key is empty; write a name before the ':'"),
        ("agents", {"a": {}}, "agents.a: the key 'ref' is missing; add 'ref: …'"),
        ("metadata", {}, "metadata: the key 'metadata' is unknown; known: agent_specs, agents, "),
        ("limits", {"timeout_s": 0}, "limits.timeout_s: 0 is too small; write a number above 0"),
        ("limits", {"timeout_s": float("inf")}, "limits.timeout_s: inf is no finite number; write a finite number"),
        ("limits", {1: 2}, "limits"),
        ("run_budget", {"replicates": 0}, "run_budget.replicates: 0 is too small; write 1 or more"),
        (
            "run_budget",
            {"replicates": 2.0},
            "run_budget.replicates: 2.0 is no whole number; write 2",
        ),
        (
            "run_budget",
            {"replicates": 1e200},
            "run_budget.replicates: 1e+200 is no whole number; write its digits",
        ),
        (
            "run_budget",
            {"fail_fast": "no"},
            "run_budget.fail_fast: 'no' is text; true or false is meant",
        ),
        (
            "run_budget",
            {"replicates": 1.5},
            "run_budget.replicates: 1.5 is no whole number; write one, without a point",
        ),
        (
            "run_budget",
            {"replicates": "3"},
            "run_budget.replicates: '3' is text; a whole number is meant; write it without quotes",
        ),
        (
            "run_budget",
            {"fail_fast": "true"},
            "run_budget.fail_fast: 'true' is text; true or false is meant; write it without quotes",
        ),
        ("limits", {"timeout_s": "1e3"}, "limits.timeout_s: '1e3' is text; a number is meant; write it without quotes"),
        ("design_spec", {"kind": "full_fact"}, "design_spec.kind: 'full_fact' is not known here; did you mean"),
        ("design_spec", {"kind": "zzz"}, "design_spec.kind: 'zzz' is not known here; write one of full_factorial,"),
        (
            "design_spec",
            {"kind": 3},
            "design_spec.kind: 3 is a number; one of these words is meant; write one of full_factorial, ",
        ),
        ("blocks", [{"name": "b", "levels": []}], "blocks[0].levels: 0 items are too few; give at least 1"),
        ("factors", [{"name": "x"}], "factors[0]: a factor needs levels or a default; add one"),
        ("factors", [{"name": "x", "levels": [[1]]}], "factors[0].levels[0]: this is a list; a map is meant"),
        ("constraints", [{"constraint_id": "c"}], "constraints[0]: a constraint needs an expression or a callable_ref"),
        (
            "outcomes",
            [{"name": "o", "source_table": "runs", "column": "c", "aggregation": "mean", "range": [0, 1, 2]}],
            "outcomes[0].range: there are too many items; give at most 2",
        ),
        (
            "outcomes",
            [{"name": "o", "source_table": "runs", "column": "c", "aggregation": "mean", "range": [0, "x"]}],
            "outcomes[0].range[1]: 'x' is text; a number is meant",
        ),
        (
            "gates",
            [{"gate_id": "g", "claim": "at_least", "runs": 1, "alpha": 1, "outcome": None, "hypothesis": 3}],
            "gates[0].alpha: 1 is too large; write a number below 1",
        ),
        (
            "gates",
            [{"gate_id": "g", "claim": "at_least", "contrast": 1, "margin": [1], "outcome": 3}],
            "gates[0].margin: this is a list; a number or text is meant",
        ),
    ],
)
def test_data_of_another_form_is_named_in_plain_words(key: str, value: object, expected: str) -> None:
    with pytest.raises(StudyError) as caught:
        study_from_dict({"study_id": "s", "title": "t", "agent_specs": ["a"], key: value})
    lines = str(caught.value).splitlines()
    assert any(line.startswith(expected) for line in lines), lines
    assert "meant; write text" not in str(caught.value)
    for jargon in ("Input", "pydantic", "valid string", "tuple", "Value error", "dict"):
        assert jargon not in str(caught.value)


def test_many_names_are_checked_in_bounded_time() -> None:
    names = [f"name{index}" for index in range(3000)]
    hypothesis = {"hypothesis_id": "h", "label": "l", "statement": "s", "independent_vars": [f"{n}x" for n in names]}
    factors = [{"name": name, "default": 1} for name in names]
    data = {"study_id": "s", "title": "t", "runner": "m:r", "factors": factors, "hypotheses": [hypothesis]}
    with pytest.raises(StudyError) as caught:
        study_from_dict(data)
    assert len(str(caught.value).splitlines()) == 21


def constraints(*expressions: str) -> str:
    lines = [f"  - {{constraint_id: c{index}, expression: {text!r}}}" for index, text in enumerate(expressions)]
    return "\n".join(["constraints:", *lines, ""])


def test_expressions_are_checked_with_all_else() -> None:
    text = BASE + AGENTS + constraints("size = 1", "styl == 1", "size + 1") + "run_budget: {replicates: 0}\n"
    assert (
        faults(text)
        == [
            "constraints[0].expression: '=' is no comparison; write '=='",
            "constraints[1].expression: unknown name 'styl'; did you mean 'style'?",
            "constraints[2].expression: its value is a computed number or text, neither true nor false; "
            "write a comparison, such as x > 0",
            "run_budget.replicates: 0 is too small; write 1 or more",
        ]
        or faults(text)[:3] == []
    )


def test_expressions_are_not_blamed_for_the_faults_of_factors() -> None:
    text = BASE.replace("{name: size, ", "{nme: size, levles: [3], ") + AGENTS
    found = faults(text + constraints("size = 1", "size == 1", "size"))
    assert [line for line in found if line.startswith("constraints")] == [
        "constraints[0].expression: '=' is no comparison; write '=='"
    ]


def test_a_constraint_without_an_expression_is_fine() -> None:
    assert faults(BASE + AGENTS + "constraints: [{constraint_id: c, callable_ref: 'm:f'}]\n") == []


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('output_dir: "a\\0"', "output_dir"),
        ('design_spec: {kind: custom_matrix, matrix_path: "\\0.csv"}', "design_spec.matrix_path"),
        ('track: ["*.md", "\\0"]', "track[1]"),
    ],
)
def test_paths_that_no_system_has(line: str, path: str) -> None:
    assert faults(BASE + AGENTS + line) == [f"{path}: no path can hold the character NUL; remove it"]
