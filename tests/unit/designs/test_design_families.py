"""Orders, options and faults of the kinds of designs."""

import itertools
import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.designs import build_design, plan_study
from pytest_dre.designs.fractional import sign_table
from pytest_dre.designs.ordering import counterbalanced, shuffled
from pytest_dre.errors import Fault, StudyError
from pytest_dre.model.runs import Condition
from pytest_dre.model.study import Study


def factor(name: str, *values: Any, **more: Any) -> dict[str, Any]:
    levels = [{"name": f"{name}{index}", "value": value} for index, value in enumerate(values)]
    return {"name": name, "levels": levels, **more}


def study_of(design: dict[str, Any], *factors: dict[str, Any], **more: Any) -> Study:
    data = {"study_id": "s", "title": "t", "factors": factors, "design_spec": design, **more}
    return Study.model_validate(data)


def faults_of(design: dict[str, Any], *factors: dict[str, Any], **more: Any) -> tuple[Fault, ...]:
    with pytest.raises(StudyError) as caught:
        build_design(study_of(design, *factors, **more))
    return caught.value.faults


def values_of(conditions: list[Condition], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(condition.assignments[name] for name in names) for condition in conditions]


TWO = (factor("a", 1, 2), factor("b", 3, 4))
BLOCKS = [{"name": "day", "levels": ["mon", "tue"]}]


def test_factorial_order_last_factor_fastest_blocks_inside() -> None:
    conditions = build_design(study_of({}, *TWO, blocks=BLOCKS))
    assert values_of(conditions, "a", "b", "day") == list(itertools.product((1, 2), (3, 4), ("mon", "tue")))


def test_a_study_without_factors_has_one_condition() -> None:
    (condition,) = build_design(study_of({}))
    assert condition.assignments == {}


def test_counterbalanced_and_then_randomized() -> None:
    factors = [factor("a", *range(6))]
    conditions = build_design(study_of({"counterbalance": True}, *factors))
    assert values_of(conditions, "a") == [(0,), (2,), (4,), (5,), (3,), (1,)]
    expected = [0, 2, 4, 5, 3, 1]
    random.Random(5).shuffle(expected)
    spec = {"counterbalance": True, "randomize": True}
    conditions = build_design(study_of(spec, *factors, seed_policy={"base_seed": 5}))
    assert [value for (value,) in values_of(conditions, "a")] == expected


@given(st.lists(st.integers(), max_size=12))
def test_counterbalancing_is_a_permutation(items: list[int]) -> None:
    assert sorted(counterbalanced(items)) == sorted(items)
    assert counterbalanced(items[:2]) == items[:2]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers()), max_size=30), st.integers())
def test_restricted_randomisation_keeps_groups_together(items: list[tuple[int, int]], seed: int) -> None:
    result = shuffled(items, seed, lambda item: item[0])
    assert Counter(result) == Counter(items)
    groups = [group for group, _ in itertools.groupby(result, key=lambda item: item[0])]
    assert groups == list(dict.fromkeys(group for group, _ in items))
    assert result == shuffled(items, seed, lambda item: item[0])


@pytest.mark.parametrize("key", ["a", "day"])
def test_randomized_inside_a_key(key: str) -> None:
    spec = {"randomize": True, "block_randomization_key": key}
    conditions = build_design(study_of(spec, factor("a", 1, 2), factor("b", *range(5)), blocks=BLOCKS))
    groups = [group for group, _ in itertools.groupby(conditions, key=lambda condition: condition.assignments[key])]
    assert len(groups) == 2


def test_an_unknown_key_is_a_fault() -> None:
    (fault,) = faults_of({"randomize": True, "block_randomization_key": "dya"}, *TWO, blocks=BLOCKS)
    assert str(fault) == "design_spec.block_randomization_key: no factor or block is named 'dya'; did you mean 'day'?"


def test_randomized_block_takes_factors_of_kind_blocked_as_blocks() -> None:
    operator = factor("operator", 1, 2, 3, kind="blocked")
    study = study_of({"kind": "randomized_block"}, factor("t", *"abcd"), operator, seed_policy={"base_seed": 1})
    conditions = build_design(study)
    assert [key for key, _ in itertools.groupby(values_of(conditions, "operator"))] == [(1,), (2,), (3,)]
    assert len({tuple(values_of(conditions[i : i + 4], "t")) for i in (0, 4, 8)}) > 1


def test_randomized_block_inside_a_key_only() -> None:
    spec = {"kind": "randomized_block", "block_randomization_key": "day"}
    blocks = [*BLOCKS, {"name": "site", "levels": [1, 2, 3]}]
    conditions = build_design(study_of(spec, factor("t", *"abcd"), blocks=blocks, seed_policy={"base_seed": 1}))
    assert [key for key, _ in itertools.groupby(values_of(conditions, "day"))] == [("mon",), ("tue",)]
    assert len(list(itertools.groupby(values_of(conditions, "site")))) > 6


def test_repeated_measures_number_the_final_order() -> None:
    study = study_of({"kind": "repeated_measures", "randomize": True}, factor("a", *range(7)))
    conditions = build_design(study)
    assert [condition.metadata["within_subject_order"] for condition in conditions] == list(range(7))
    plain = build_design(study_of({}, factor("a", *range(7))))
    assert {c.condition_id for c in conditions} == {c.condition_id for c in plain}


SQUARE = {"row_factor": "r", "column_factor": "c", "treatment_factor": "t"}


@given(size=st.integers(1, 7), constant=st.booleans())
def test_each_treatment_once_in_each_row_and_column(size: int, constant: bool) -> None:
    factors = [factor(name, *range(size)) for name in "trc"]
    extra = [{"name": "k", "default": "held"}] if constant else []
    study = study_of({"kind": "latin_square", "options": SQUARE}, *factors, *extra, blocks=BLOCKS)
    conditions = [condition for condition in build_design(study) if condition.block_assignments == {"day": "tue"}]
    assert len(conditions) == size * size
    for first, second in itertools.combinations("trc", 2):
        assert len(set(values_of(conditions, first, second))) == size * size
    assert all(condition.factor_assignments.get("k", "held") == "held" for condition in conditions)


@pytest.mark.parametrize(
    ("options", "factors", "message"),
    [
        ({"row_factor": "r", "column_factor": "c"}, "rct", "latin_square needs the option treatment_factor"),
        ({**SQUARE, "row_factor": "rr"}, "rct", "design_spec.options.row_factor: no factor is named 'rr'"),
        ({**SQUARE, "column_factor": "r"}, "rct", "factor 'r' has two parts in the square"),
        ({**SQUARE, "row_facto": "r"}, "rct", "no option 'row_facto'; did you mean 'row_factor'?"),
        (SQUARE, "rctx", "factors[3]: factor 'x' has several levels but no part"),
    ],
)
def test_faults_of_latin_squares(options: dict[str, str], factors: str, message: str) -> None:
    (fault,) = faults_of({"kind": "latin_square", "options": options}, *(factor(name, 1, 2, 3) for name in factors))
    assert message in str(fault)


def test_a_latin_square_needs_equal_sizes() -> None:
    spec = {"kind": "latin_square", "options": SQUARE}
    (fault,) = faults_of(spec, factor("r", 1, 2), factor("c", 1, 2), factor("t", 1, 2, 3))
    assert "'r' has 2, 'c' has 2, 't' has 3" in str(fault)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_two_level_columns_are_balanced_and_orthogonal(count: int) -> None:
    table = sign_table(count)
    assert len(table) == min(2**count, 8)
    for first, second in itertools.combinations(zip(*table, strict=True), 2):
        assert sum(first) == sum(second) == 0
        assert sum(a * b for a, b in zip(first, second, strict=True)) == 0


def test_fractional_holds_defaults_and_centres_text_at_the_first_level() -> None:
    spec = {"kind": "frac2", "center_points": 1}
    factors = [factor("a", 1, 2), factor("b", False, True), factor("c", "x", "y"), {"name": "k", "default": 7}]
    conditions = build_design(study_of(spec, *factors))
    assert len(conditions) == 9
    assert values_of(conditions[-1:], "a", "b", "c", "k") == [(1.5, False, "x", 7)]
    assert {condition.assignments["k"] for condition in conditions} == {7}


@pytest.mark.parametrize("key", ["a", "day"])
def test_fractional_randomized_inside_a_key(key: str) -> None:
    spec = {"kind": "frac2", "randomize": True, "replicates": 3, "block_randomization_key": key}
    conditions = build_design(study_of(spec, *TWO, blocks=BLOCKS))
    runs_of_a = [value for value, _ in itertools.groupby(values_of(conditions, "a"))]
    assert (len(runs_of_a) == 2) is (key == "a")
    assert [condition.metadata["row_index"] for condition in conditions] == [i // 2 for i in range(24)]


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ([factor("a", 1, 2), factor("b", 1, 2, 3)], "factors[1].levels: factor 'b' has 3 levels"),
        ([factor(name, 1, 2) for name in "abcdefg"], "7 factors vary, this design takes at most 6"),
        ([factor("a", 1, 2), {"name": "k", "default": 1}], "1 factors vary, this design needs at least 2"),
    ],
)
def test_faults_of_fractional_designs(factors: list[dict[str, Any]], message: str) -> None:
    (fault,) = faults_of({"kind": "frac2"}, *factors)
    assert message in str(fault)


def hypercube(samples: int, *factors: dict[str, Any], seed: int = 0, **more: Any) -> list[Condition]:
    spec = {"kind": "lhs", "n_samples": samples, **more}
    return build_design(study_of(spec, *factors, seed_policy={"base_seed": seed}))


@settings(max_examples=25, deadline=None)
@given(samples=st.integers(1, 40), seed=st.integers(-5, 2**40), optimized=st.booleans())
def test_each_interval_is_hit_once_in_each_dimension(samples: int, seed: int, optimized: bool) -> None:
    options = {"bounds": {"y": [-1, 3]}, "optimization": "random-cd" if optimized else None}
    factors = [factor("x", 10, 0, 5), {"name": "y", "default": 0}, {"name": "k", "default": "held"}]
    conditions = hypercube(samples, *factors, seed=seed, options=options)
    for name, low, width in (("x", 0.0, 10.0), ("y", -1.0, 4.0)):
        values = [condition.assignments[name] for condition in conditions]
        assert all(type(value) is float for value in values)
        assert sorted(int((value - low) / width * samples) for value in values) == list(range(samples))
    assert {condition.assignments["k"] for condition in conditions} == {"held"}
    assert conditions == hypercube(samples, *factors, seed=seed, options=options)


def test_text_levels_are_sampled_evenly_and_keep_their_values() -> None:
    conditions = hypercube(12, factor("x", 0, 1), factor("m", "a", "b", "c"), factor("flag", True, False))
    assert Counter(value for (value,) in values_of(conditions, "m")) == {"a": 4, "b": 4, "c": 4}
    assert Counter(value for (value,) in values_of(conditions, "flag")) == {True: 6, False: 6}


def test_unscrambled_points_are_the_centres_of_their_intervals() -> None:
    conditions = hypercube(4, factor("x", 0, 8), options={"scramble": False})
    assert sorted(value for (value,) in values_of(conditions, "x")) == [1.0, 3.0, 5.0, 7.0]


def test_strength_two_covers_every_pair_of_large_intervals() -> None:
    conditions = hypercube(9, factor("x", 0, 3), factor("y", 0, 3), options={"strength": 2})
    assert {(int(x), int(y)) for x, y in values_of(conditions, "x", "y")} == set(itertools.product(range(3), repeat=2))


def test_hypercube_rows_are_repeated_centred_and_indexed() -> None:
    factors = [factor("x", 0, 8), factor("m", "a", "b")]
    conditions = hypercube(3, *factors, replicates=2, center_points=2)
    assert [condition.metadata["row_index"] for condition in conditions] == list(range(8))
    assert values_of(conditions[:3], "x", "m") == values_of(conditions[3:6], "x", "m")
    assert {condition.assignments["x"] for condition in conditions[6:]} == {4.0}
    assert len({condition.condition_id for condition in conditions}) == 8


@pytest.mark.parametrize(
    ("more", "factors", "message"),
    [
        ({}, TWO, "design_spec: latin_hypercube needs n_samples"),
        ({"n_samples": 3}, [factor("a", 1)], "design_spec: no factor varies"),
        ({"n_samples": 10**9}, TWO, "the design has 1,000,000,000 conditions, at most 100,000"),
        ({"n_samples": 8, "options": {"strength": 2}}, TWO, "SciPy cannot draw this sample: n is not the square"),
        ({"n_samples": 9, "options": {"strength": True}}, TWO, "options.strength: True is no strength; one of: 1, 2"),
        ({"n_samples": 9, "options": {"optimization": "x"}}, TWO, "one of: none, random-cd, lloyd"),
        ({"n_samples": 9, "options": {"seed": 3}}, TWO, "latin_hypercube has no option 'seed'"),
        ({"n_samples": 9, "options": {"bounds": [1, 2]}}, TWO, "bounds must be a map of factors"),
        ({"n_samples": 9, "options": {"bounds": {"aa": [1, 2]}}}, TWO, "no factor is named 'aa'"),
        ({"n_samples": 9, "options": {"bounds": {"a": [2, 1]}}}, TWO, "options.bounds.a: [2, 1] is no range"),
        ({"n_samples": 9, "options": {"bounds": {"a": 2}}}, TWO, "2 is no range"),
        ({"n_samples": 9, "options": {"bounds": {"a": [1, 2]}}}, [factor("a", "x", "y")], "levels that are no numbers"),
    ],
)
def test_faults_of_hypercubes(more: dict[str, Any], factors: list[dict[str, Any]], message: str) -> None:
    (fault,) = faults_of({"kind": "lhs", **more}, *factors)
    assert message in str(fault)


def test_keys_of_another_kind_are_faults_together() -> None:
    spec = {"n_samples": 3, "center_points": 1, "matrix_path": "m.csv", "options": {"x": 1}}
    faults = faults_of(spec, *TWO, constraints=[{"constraint_id": "c", "expression": "q"}])
    assert [fault.path[-1] for fault in faults] == ["expression", "matrix_path", "n_samples", "center_points", "x"]
    assert "full_factorial has no use for n_samples; remove it; it is for latin_hypercube" in str(faults[2])


def test_an_explosion_is_refused_before_it_happens() -> None:
    (fault,) = faults_of({}, *(factor(f"f{index}", *range(10)) for index in range(12)))
    assert "1,000,000,000,000 conditions, at most 100,000" in str(fault)


def test_equal_levels_are_named() -> None:
    faults = faults_of({}, factor("a", 1, 2, 1), blocks=[{"name": "day", "levels": ["x", "x"]}])
    assert str(faults[0]).startswith("factors[0].levels[2]: levels 'a0' and 'a2' of factor 'a' both have the value 1")
    assert "block 'day' has the level \"x\" twice" in str(faults[1])


def test_values_that_differ_in_type_are_different_conditions() -> None:
    conditions = build_design(study_of({}, factor("a", 1, 1.0, True, "1", None)))
    assert len({condition.condition_id for condition in conditions}) == 5


def test_arms_of_a_comparison_by_is_baseline_alone() -> None:
    levels = [
        {"name": "old", "value": 1, "metadata": {"is_baseline": True}},
        {"name": "new", "value": 2, "metadata": {"role": "treatment"}},
        {"name": "other", "value": 3},
    ]
    conditions = build_design(study_of({}, {"name": "m", "levels": levels}, factor("x", 1, 2)))
    arms = [condition.metadata.get("comparison_baseline") for condition in conditions[::2]]
    assert arms == [
        {"is_baseline_condition": True, "axes": ["m"]},
        {"is_baseline_condition": False, "axes": []},
        None,
    ]


FACTORS = st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True), max_size=4)


@given(FACTORS, st.booleans(), st.booleans(), st.integers(0, 2**32))
def test_a_plan_has_each_combination_once_and_is_the_same_again(
    levels: list[list[int]], randomize: bool, counterbalance: bool, seed: int
) -> None:
    factors = [factor(f"f{index}", *values) for index, values in enumerate(levels)]
    spec = {"randomize": randomize, "counterbalance": counterbalance}
    study = study_of(spec, *factors, seed_policy={"base_seed": seed}, blocks=BLOCKS, run_budget={"replicates": 2})
    plan = plan_study(study)
    combinations = Counter(json.dumps(condition.assignments) for condition in plan.conditions)
    assert set(combinations.values()) == {1}
    assert len(combinations) * 2 == len({run.run_id for run in plan.runs}) == len(plan.runs)
    assert plan == plan_study(study)
    assert all(0 <= run.seed < 2**31 - 1 for run in plan.runs)


def test_replicates_are_counted_before_rows_are_made() -> None:
    (fault,) = faults_of({"kind": "frac2", "replicates": 10**9}, *TWO)
    assert "4,000,000,000 conditions" in str(fault)


def test_numbers_too_large_for_a_float_are_levels_of_their_own() -> None:
    conditions = hypercube(4, factor("x", 0, 10**400))
    assert Counter(value for (value,) in values_of(conditions, "x")) == {0: 2, 10**400: 2}
    (fault,) = faults_of({"kind": "lhs", "n_samples": 4, "options": {"bounds": {"a": [-1.7e308, 1.7e308]}}}, *TWO)
    assert "is no range" in str(fault)


def test_values_too_long_for_so_many_conditions_are_refused_before_they_are_made() -> None:
    (fault,) = faults_of({}, factor("prompt", "w" * 200_000, "v"), factor("n", *range(1_001)))
    assert str(fault).startswith(
        "factors: the values of 2,002 conditions come to 200 MB, at most 100 MB can be planned"
    )
    assert "keep long values in files" in fault.hint
    (fault,) = faults_of(
        {"kind": "latin_square", "options": {"row_factor": "a", "column_factor": "b", "treatment_factor": "c"}},
        *(factor(name, *(f"{name}{index}{'x' * 4_000}" for index in range(100))) for name in "abc"),
    )
    assert "10,000 conditions come to 120 MB" in fault.message
