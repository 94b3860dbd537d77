import pytest

from pytest_dre.model.study import Study
from pytest_dre.reporting.headings import failure_heading, header_line
from pytest_dre.reporting.plan import plan_lines

STUDY = {
    "study_id": "pressure_vessel",
    "title": "What a larger budget buys",
    "factors": [
        {"name": "agent", "levels": [{"name": "de", "value": "de"}, {"name": "climber", "value": "climber"}]},
        {"name": "budget", "levels": [{"name": "small", "value": 100}, {"name": "large", "value": 1000}]},
        {"name": "shell", "default": "steel"},
        {"name": "unset", "levels": [{"name": "only"}]},
    ],
    "blocks": [{"name": "site", "levels": ["north", "south"]}],
    "constraints": [
        {
            "constraint_id": "room",
            "expression": "budget > 100 or agent != 'de'",
            "description": "A population needs room.",
        },
        {"constraint_id": "room2", "callable_ref": "rules:odd", "expression": "budget < 5000", "severity": "warning"},
    ],
}


def _messages(assigned) -> tuple[str, ...]:
    crowded = assigned["agent"] == "de" and assigned["budget"] == 100
    warned = assigned["site"] == "south"
    return (
        *(["room: A population needs room."] * crowded),
        *(["room2: budget < 5000"] * warned),
        *(["other"] * warned),
    )


@pytest.fixture
def study() -> Study:
    return Study.model_validate(STUDY)


@pytest.fixture
def plan(study, make_plan):
    return make_plan(
        study, 3, _messages, lambda assigned: any(text.startswith("room:") for text in _messages(assigned))
    )


def test_a_plan_tells_all_that_will_be_done(study, plan) -> None:
    assert plan_lines(study, plan, width=80, height=None, selected=5, stored=2) == [
        "pressure_vessel: What a larger budget buys",
        "  design       full_factorial",
        "  factors      agent (2): de, climber",
        "               budget (2): small = 100, large = 1000",
        "               shell (1): steel",
        "               unset (1): only",
        "  blocks       site (2): north, south",
        "  conditions   8: 6 admissible, 2 excluded",
        "  constraints  room excludes 2: budget > 100 or agent != 'de'",
        "                 A population needs room.",
        "               room2 warns about 4: budget < 5000 and rules:odd",
        "               other: 4",
        "  agents       1: solver",
        "  problems     1: vessel",
        "  runs         18 (3 replicates), 5 selected, 2 stored",
        "  seeds        condition_replicate, base seed 0",
        "",
        "  agent    budget  site",
        "  de       large   north",
        "  de       large   south",
        "  climber  small   north",
        "  climber  small   south",
        "  climber  large   north",
        "  climber  large   south",
    ]


def test_a_rule_too_long_for_its_line_has_one_of_its_own(study, plan) -> None:
    lines = plan_lines(study, plan, width=50, height=None)
    start = lines.index("  constraints  room excludes 2:")
    assert lines[start + 1] == "                 budget > 100 or agent != 'de'"


def test_all_runs_selected_and_nothing_stored_is_not_mentioned(study, plan) -> None:
    lines = plan_lines(study, plan, width=80, height=None, selected=18, stored=0)
    assert "  runs         18 (3 replicates)" in lines


def test_what_a_design_says_beyond_its_kind_is_shown(make_plan) -> None:
    spec = {
        "kind": "lhs",
        "replicates": 2,
        "randomize": True,
        "counterbalance": True,
        "n_samples": 8,
        "center_points": 1,
        "matrix_path": "m.csv",
        "block_randomization_key": "site",
        "options": {"strength": 1},
    }
    study = Study.model_validate(
        {
            **STUDY,
            "blocks": [],
            "constraints": [],
            "design_spec": spec,
            "runner": "./game.py:play",
            "seed_policy": {"strategy": "common_random_numbers", "base_seed": 7},
        }
    )
    lines = plan_lines(study, make_plan(study, 1, agent=None, problem=None), width=60, height=None)
    assert lines[1:4] == [
        "  design      latin_hypercube, randomized within site,",
        "              counterbalanced, 2 replicates of each row,",
        "              8 samples, 1 center point, … 2 more",
    ]
    assert "  runner      ./game.py:play" in lines
    assert "  runs        4 (1 replicate)" in lines
    assert "  seeds       common_random_numbers, base seed 7," in lines
    assert "              the same for all arms" in lines
    assert not any("agents" in line or "problems" in line for line in lines)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"randomize": True}, "full_factorial, randomized"),
        ({"randomize": True, "block_randomization_key": "site"}, "full_factorial, randomized within site"),
        ({"block_randomization_key": "site"}, "full_factorial, not randomized (randomize is false)"),
        ({"kind": "randomized_block"}, "randomized_block, randomized within blocks"),
        (
            {"kind": "randomized_block", "randomize": True, "block_randomization_key": "site"},
            "randomized_block, randomized within site",
        ),
    ],
)
def test_how_the_order_is_drawn_is_said_once(make_plan, spec, said) -> None:
    study = Study.model_validate({**STUDY, "design_spec": spec})
    assert plan_lines(study, make_plan(study), width=80, height=None)[1] == f"  design       {said}"


def test_gates_are_listed(make_study, make_plan) -> None:
    gates = [{"gate_id": name, "outcome": "y", "claim": "at_least", "value": 1} for name in ("works", "is\nsafe")]
    study = Study.model_validate({"study_id": "s", "title": "t", "gates": gates})
    lines = plan_lines(study, make_plan(study), width=80, height=None)
    assert "  gates       2: works, is\\nsafe" in lines
    none = make_study(level=[1])
    assert not any("gates" in line for line in plan_lines(none, make_plan(none), width=80, height=None))


def test_numbers_stand_on_the_right(make_study, make_plan) -> None:
    study = make_study(x=[-10, 5], text=["a", "b"], y=[-1, 1], named={"low": -1, "high": 100})
    lines = plan_lines(study, make_plan(study, 1), width=80, height=None)
    start = lines.index("    x  text   y  named")
    assert lines[start + 1 : start + 4] == ["  -10  a     -1  low", "  -10  a     -1  high", "  -10  a      1  low"]


def test_long_names_are_told_apart_by_their_ends(make_study, make_plan) -> None:
    study = make_study(**{f"a_rather_long_name_of_factor_{index}": ["on", "off"] for index in range(1, 5)})
    for width in (42, 43, 44, 45, 60):  # columns of equal and of unequal widths
        lines = plan_lines(study, make_plan(study, 1), width=width, height=None)
        header = lines[lines.index("") + 1].split()
        assert [(name[:3], name[-3:]) for name in header] == [("a_r", f"r_{index}") for index in range(1, 5)]


def test_a_plan_without_runs_names_what_the_study_lists(make_plan) -> None:
    study = Study.model_validate({**STUDY, "agent_specs": ["a", "b"]})
    lines = plan_lines(study, make_plan(study, rejected=lambda assigned: True), width=80, height=None)
    assert {"  agents       2: a, b", "  problems     none", "  runs         0"} <= set(lines)
    assert lines[-1] == "  seeds        condition_replicate, base seed 0"


@pytest.mark.parametrize(
    ("levels", "height", "rows", "rest"), [(20, 60, 20, 0), (21, 60, 20, 1), (500, 60, 20, 480), (30, 18, 7, 23)]
)
def test_a_long_table_is_cut_and_the_rest_counted(make_study, make_plan, levels, height, rows, rest) -> None:
    study = make_study(level=list(range(levels)))
    lines = plan_lines(study, make_plan(study), width=200, height=height)
    assert len(lines) <= height
    table = lines[lines.index("  level") + 1 :]
    assert [line.strip() for line in table[:rows]] == [str(level) for level in range(rows)]
    assert table[rows:] == ([f"  … {rest} more condition{'s' if rest > 1 else ''}"] if rest else [])


def test_a_small_screen_cuts_the_table_of_conditions_alone(make_study, make_plan) -> None:
    study = make_study(level=list(range(30)))
    full = plan_lines(study, make_plan(study), width=80, height=None)
    table = full.index("  level")
    lines = plan_lines(study, make_plan(study), width=80, height=3)
    assert lines[: table + 6] == full[: table + 6]
    assert lines[table + 6 :] == ["  … 25 more conditions"]


def test_a_plan_beyond_any_screen_is_cut(make_study, make_plan) -> None:
    study = make_study(**{f"factor_{index}": ["on"] for index in range(200)})
    lines = plan_lines(study, make_plan(study, 1), width=80, height=24)
    assert len(lines) == 100
    assert lines[-1] == "  … 108 more lines; pytest --dre-plan -v shows all"
    assert len(plan_lines(study, make_plan(study, 1), width=80, height=None)) == 207


def test_columns_without_room_are_named(make_study, make_plan) -> None:
    study = make_study(**{f"quite_a_long_name_{index}": ["on", "off"] for index in range(6)})
    lines = plan_lines(study, make_plan(study, 1), width=40, height=None)
    assert lines[-1] == "  (no room for: quite_a_long_name_4, qu…"


def test_a_failed_run_is_told_from_all_others(study, plan) -> None:
    run = plan.runs[4]
    assert failure_heading(run, study, width=90, item="studies/my vessel.yaml::agent=de-r2") == [
        "  study      pressure_vessel",
        "  condition  agent = de, budget = large, shell = steel, unset = only, site = south",
        "  agent      solver",
        "  problem    vessel",
        "  replicate  2",
        "  seed       1002",
        "  rerun      pytest 'studies/my vessel.yaml::agent=de-r2'",
    ]
    narrow = failure_heading(run, study, width=40)
    assert narrow[1:6] == [
        "  condition  agent = de",
        "             budget = large",
        "             shell = steel",
        "             unset = only",
        "             site = south",
    ]
    assert not any("rerun" in line for line in narrow)


def test_a_run_without_agent_problem_and_factors(make_plan) -> None:
    study = Study(study_id="s", title="t")
    (run,) = make_plan(study, 1, agent=None, problem=None).runs
    assert failure_heading(run, study, width=80, item="s.yaml::r1", command=("pytest", "-n0")) == [
        "  study      s",
        f"  condition  {run.condition_id}",
        "  replicate  1",
        "  seed       1001",
        "  rerun      pytest -n0 s.yaml::r1",
    ]


def test_the_header_counts_runs_and_studies() -> None:
    assert header_line(120, 2) == "dre: 120 runs of 2 studies planned"
    assert header_line(1, 1, stored=1, missing=0) == "dre: 1 run of 1 study planned, 1 stored, 0 missing"
