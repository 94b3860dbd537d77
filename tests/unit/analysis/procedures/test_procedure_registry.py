import math
import random
import subprocess
import sys

import numpy as np
import pytest

from pytest_dre.analysis.procedures.adjustment import adjusted_p
from pytest_dre.analysis.procedures.registry import find_test, known_tests, run_test
from pytest_dre.analysis.procedures.request import ArmContrast, TestRequest
from pytest_dre.analysis.procedures.samples import RANK_TESTS
from pytest_dre.analysis.procedures.table import Table, is_missing
from pytest_dre.errors import DreError

NAMES = [procedure.name for procedure in known_tests()]


def example(seed=6, n=60):
    """Rows that every test can use in some column."""
    rng = np.random.default_rng(seed)
    arm = ["a", "b"] * (n // 2)
    effect = np.array([0.0, 0.6] * (n // 2))
    m = effect + rng.normal(size=n)
    value = m + rng.normal(size=n)
    return Table(
        {
            "arm": arm,
            "unit": [at // 2 for at in range(n)],
            "problem": [at // 2 % 6 for at in range(n)],
            "size": rng.normal(size=n).tolist(),
            "m": m.tolist(),
            "value": value.tolist(),
            "good": (value > 0.3).tolist(),
        }
    )


def request(name, **asked):
    outcome = "good" if name in ("chi_square", "fisher", "mcnemar", "logistic") else "value"
    independent = ("size",) if name in ("pearson", "spearman") else ("arm",)
    needed = {
        "pairing": ("unit",),
        "random_effects": ("problem",) if name == "mixed_effects" else (),
        "moderators": ("size",) if name == "moderation" else (),
        "mediators": ("m",) if name == "mediation" else (),
        "minimum_effect": 3.0,
        "resamples": 199,
    }
    return TestRequest(**{"test": name, "outcome": outcome, "independent": independent, **needed, **asked})


@pytest.mark.parametrize("name", NAMES)
def test_every_test_gives_a_whole_result_whatever_the_order_of_rows(name):
    table = example()
    found = run_test(table, request(name))
    assert (found.test, found.alpha) == (name, 0.05)
    assert 0 <= found.p_value <= 1
    assert math.isfinite(found.statistic)
    assert sum(found.n.values()) == 60
    assert not sum(found.missing.values())
    assert found.method
    assert all(isinstance(note, str) for note in found.notes)
    if found.estimate is not None:
        assert found.ci_low <= found.estimate <= found.ci_high
    rows = list(range(60))
    random.Random(1).shuffle(rows)
    shuffled = Table({column: [cells[row] for row in rows] for column, cells in table.columns.items()})
    assert run_test(shuffled, request(name)) == found


@pytest.mark.parametrize("name", NAMES)
def test_no_value_at_all_is_said_and_blamed_on_no_test(name):
    table = example(n=12)
    asked = request(name)
    table.columns[asked.outcome][:] = [None] * 12
    with pytest.raises(DreError, match=f"no run has a value of {asked.outcome}, so there is nothing to test yet"):
        run_test(table, asked)


@pytest.mark.parametrize("name", NAMES)
def test_missing_outcomes_are_counted_never_dropped_in_silence(name):
    table = example()
    outcome = request(name).outcome
    cells = [None if at in (0, 3) else math.nan if at == 5 else cell for at, cell in enumerate(table.columns[outcome])]
    found = run_test(Table({**table.columns, outcome: cells}), request(name))
    assert sum(found.missing.values()) == 3
    if "a" in found.missing:
        assert found.missing == {"a": 1, "b": 2}
    pairs = name in ("paired_t", "paired_permutation", "wilcoxon", "mcnemar", "paired_tost")
    assert sum(found.n.values()) == (54 if pairs else 57)
    assert ("3 incomplete pairs were left out" in found.notes) is pairs


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("tost", "paired_tost")])
def test_no_test_of_differences_shows_equivalence(name):
    with pytest.raises(DreError, match=r"cannot show that .* is equivalent.* use tost or paired_tost"):
        run_test(example(), request(name, direction="equivalent"))


def test_equivalence_tests_say_that_a_direction_does_not_matter():
    asked = request("tost", direction="greater", pairing=(), contrast=ArmContrast("arm", "b", "a"))
    found = run_test(example(), asked)
    assert found.direction == "equivalent"
    assert found.notes == ("the test shows equivalence; the direction 'greater' was not used",)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("difference_in_means", "welch"),
        ("Welch's t-test", None),
        ("Welch t test", "welch"),
        ("Mann-Whitney U", "mann_whitney"),
        ("Fisher's exact", "fisher"),
        ("ANOVA", "anova"),
        ("kruskal-wallis", "kruskal_wallis"),
        ("chi2", "chi_square"),
        ("correlation", "pearson"),
        ("mixed effects", "mixed_effects"),
        ("equivalence", "tost"),
    ],
)
def test_tests_go_by_several_names(alias, name):
    if name is None:
        with pytest.raises(DreError, match="did you mean welch"):
            find_test(alias)
    else:
        assert find_test(alias).name == name


def test_names_and_aliases_are_unique():
    every = [name for procedure in known_tests() for name in (procedure.name, *procedure.aliases)]
    assert len(every) == len(set(every))
    assert all(procedure.suits for procedure in known_tests())


def test_an_unknown_test_is_refused_with_the_nearest_and_all_names():
    with pytest.raises(
        DreError, match=r"there is no test 'anovva' \(did you mean anova\?\); the tests are: welch, t, "
    ):
        run_test(example(), request("anovva"))
    with pytest.raises(DreError, match="there is no test 'zzz'; the tests are"):
        find_test("zzz")


def test_parts_of_a_request_that_a_test_does_not_use_are_named():
    asked = request(
        "welch", covariates=("size",), independent=("arm", "problem"), random_effects=("unit",), mediators=("m",)
    )
    assert run_test(example(), asked).notes == (
        "welch does not use pairing (unit)",
        "welch does not use covariates (size)",
        "welch does not use random effects (unit)",
        "welch does not use mediators (m)",
        "welch compares arm alone, over all values of problem",
    )


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"outcome": "speed"}, "there is no column 'speed' to analyse; there are: arm, unit"),
        ({"independent": ("model",)}, "there is no column 'model'"),
        ({"independent": ()}, "the test welch of value needs a factor; name it in the hypothesis' independent_vars"),
        ({"independent": ("problem",)}, r"compares two levels of problem, which has 6 \(0, 1, 2, 3, 4, 5\); name two"),
        ({"direction": "greater"}, "the direction 'greater' of arm needs a contrast that says which level"),
        ({"contrast": ArmContrast("arm", "c", "a")}, "no row has arm = 'c'; its levels are: a, b"),
        ({"contrast": ArmContrast("arm", "a", "a")}, "the contrast of arm names 'a' twice"),
        ({"outcome": "arm"}, "does not suit the outcome 'arm': it holds text; chi_square suits categories"),
        ({"alpha": 0.5}, "alpha must lie between 0 and 0.5, not 0.5"),
        ({"minimum_effect": 0.0}, "the minimum effect of interest must be above 0, not 0.0"),
        ({"direction": "up"}, "a direction is greater, less, different or equivalent, not 'up'"),
        ({"resamples": 9}, "a test needs 99 resamples or more, not 9"),
    ],
)
def test_mistakes_of_a_request_are_said(asked, why):
    with pytest.raises(DreError, match=why):
        run_test(example(), request("welch", **asked))


def test_infinite_outcomes_are_refused():
    table = example()
    cells = [math.inf, *table.columns["value"][1:]]
    for infinite in (math.inf, 10**400, -(10**400)):
        with pytest.raises(DreError, match="it holds 1 infinite values; leave them out by a filter"):
            run_test(Table({**table.columns, "value": [infinite, *cells[1:]]}), request("mann_whitney"))


@pytest.mark.parametrize("name", NAMES)
def test_outcomes_too_large_to_compute_with_are_refused(name):
    table = example()
    for unit in (1e99, 1e120, 3e307):
        large = Table({**table.columns, "value": [unit * cell for cell in table.columns["value"]]})
        asked = request(name, minimum_effect=unit)
        if asked.outcome == "good" or unit < 1e100 or (name in RANK_TESTS and unit < 1e300):
            assert 0 <= run_test(large, asked).p_value <= 1
        else:
            with pytest.raises(DreError, match=r"it holds 60 values too large to compute with, such as -?\d"):
                run_test(large, asked)


def test_columns_too_large_to_compute_with_are_refused():
    table = example()
    large = Table({**table.columns, "size": [1e200, *table.columns["size"][1:]]})
    for name in ("pearson", "moderation"):
        with pytest.raises(DreError, match=r"size holds 1 values too large to compute with, such as 1e\+200; cap them"):
            run_test(large, request(name))


def test_two_levels_need_no_contrast_and_the_later_is_the_treatment():
    assert run_test(example(), request("welch")).effect == "mean of b minus mean of a"
    table = example()
    by_number = Table({**table.columns, "arm": [10 if arm == "a" else 9 for arm in table.columns["arm"]]})
    assert run_test(by_number, request("welch")).effect == "mean of 10 minus mean of 9"


def test_rows_of_one_arm_in_a_pair_are_averaged_and_said():
    table = Table(
        {"arm": ["a", "a", "b", "a", "b", "a"], "unit": [0, 0, 0, 1, 1, 2], "value": [1.0, 3.0, 5.0, 1.0, 2.0, 9.0]}
    )
    found = run_test(table, request("paired_t"))
    assert found.estimate == pytest.approx(((5 - 2) + (2 - 1)) / 2)
    assert found.n == {"b": 2, "a": 2}
    assert found.notes == (
        "1 incomplete pairs were left out",
        "1 pairs have several rows an arm, which were averaged",
    )


def test_pairs_need_columns_and_values():
    with pytest.raises(DreError, match="the test paired_t needs pairs; name the columns that make one"):
        run_test(example(), request("paired_t", pairing=()))
    table = Table({"arm": ["a", "b"], "unit": [0, 1], "value": [1.0, 2.0]})
    with pytest.raises(DreError, match="no pair of unit has a value of value in both arms"):
        run_test(table, request("paired_t"))


def test_differences_keep_their_values_at_the_ends_of_the_floats():
    for unit in (1e-300, 1e299):
        table = Table(
            {"arm": ["a", "b"] * 3, "unit": [0, 0, 1, 1, 2, 2], "value": [unit * x for x in (1, 2, 2, 4, 1, 4)]}
        )
        found = run_test(table, request("wilcoxon", minimum_effect=None))
        assert found.estimate == pytest.approx(2 * unit)


def test_a_level_without_a_value_is_no_group():
    with pytest.raises(DreError, match="the test kruskal_wallis needs two levels of arm; there are 1"):
        run_test(Table({"arm": ["a", "a"], "value": [1.0, 2.0]}), request("kruskal_wallis", pairing=()))
    table = Table({"arm": ["a", "b", None] * 4, "value": [float(at) for at in range(12)]})
    found = run_test(table, request("kruskal_wallis", pairing=()))
    assert "4 rows without a value of arm were left out" in found.notes


def test_a_table_wants_columns_of_one_length_and_takes_numpy():
    with pytest.raises(DreError, match="a table's columns must be equally long, not a 1, b 2"):
        Table({"a": [1], "b": [1, 2]})
    table = Table({"a": np.array([1, 2]), "b": list(np.array([True, False]))})
    assert table.columns == {"a": [1, 2], "b": [True, False]}
    assert table.columns["b"][0] is True
    assert len(Table({})) == 0
    assert [is_missing(cell) for cell in (None, math.nan, 0, "", False)] == [True, True, False, False, False]
    assert table.levels("a") == [1, 2]
    assert Table({"a": ["x", 2, None, True, 1.5]}).levels("a") == [True, 1.5, 2, "x"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # R's p.adjust of these values
        ("none", [0.01, 0.04, 0.03, 0.005]),
        ("bonferroni", [0.04, 0.16, 0.12, 0.02]),
        ("Holm", [0.03, 0.06, 0.06, 0.02]),
        ("benjamini-hochberg", [0.02, 0.04, 0.04, 0.02]),
        ("fdr", [0.02, 0.04, 0.04, 0.02]),
    ],
)
def test_p_values_are_adjusted_by_the_plans_policy(policy, expected):
    assert adjusted_p([0.01, 0.04, 0.03, 0.005], policy) == pytest.approx(expected)


def test_an_unknown_policy_is_refused():
    with pytest.raises(DreError, match="there is no multiple_comparison_policy 'tukey'; the policies are: none, "):
        adjusted_p([0.1], "tukey")


def test_tests_of_the_base_install_import_neither_pandas_nor_statsmodels():
    code = (
        "import sys; from pytest_dre.analysis.procedures.registry import run_test; "
        "from pytest_dre.analysis.procedures.request import TestRequest; "
        "from pytest_dre.analysis.procedures.table import Table; "
        "table = Table({'arm': list('ababab'), 'value': [1.0, 2, 2, 4, 3, 4]}); "
        "[run_test(table, TestRequest(test=name, outcome='value', independent=('arm',))) "
        "for name in ('welch', 'anova', 'regression', 'permutation')]; "
        "print({'pandas', 'statsmodels', 'pytest'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
