"""Analysis plans carried out on made-up runs with known answers."""

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_dre.analysis import plans
from pytest_dre.analysis.plans import run_plans
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

NEW = (5.1, 6.3, 7.2, 6.6, 8.4, 7.7)
OLD = (4.2, 5.9, 5.0, 6.1, 6.2, 5.5)
COMMON = {"source_table": "runs", "aggregation": "mean"}
BETTER = {
    "hypothesis_id": "h1",
    "label": "better",
    "statement": "New beats old.",
    "independent_vars": ["agent"],
    "dependent_vars": ["score"],
    "contrast": {"left": "new", "right": "old"},
    "direction": "greater",
}
DEARER = {**BETTER, "hypothesis_id": "h2", "label": "dearer", "dependent_vars": ["cost"], "direction": "less"}


def plan(*tests, **more):
    return {"analysis_plan_id": "p1", "hypothesis_ids": ["h1"], "tests": list(tests), **more}


def make_study(*analysis_plans, hypotheses=(BETTER,), **more):
    base = {
        "study_id": "s",
        "title": "t",
        "factors": [
            {"name": "budget", "levels": [{"name": "small", "value": 1}, {"name": "large", "value": 2, "label": "Big"}]}
        ],
        "agent_specs": ["new", "old"],
        "outcomes": [
            {"name": "score", "column": "score", "primary": True, **COMMON},
            {"name": "cost", "column": "cost", **COMMON},
            {"name": "effort", "column": "effort", **COMMON},
        ],
        "hypotheses": hypotheses,
        "analysis_plans": analysis_plans,
    }
    return Study.model_validate({**base, **more})


def row(agent="new", replicate=1, *, factors=None, blocks=None, problem=None, status="success", **values):
    factors = {"budget": 1} if factors is None else factors
    name = "-".join(map(str, (agent, replicate, *factors.values(), *(blocks or {}).values(), problem)))
    condition = "-".join(map(str, (*factors.values(), *(blocks or {}).values())))
    return OutcomeRow(name, condition, factors, blocks or {}, agent, problem, replicate, 7, status, values=values)


def two_arms(**more):
    return [
        row(agent, place, score=value, **more)
        for agent, found in (("new", NEW), ("old", OLD))
        for place, value in enumerate(found, start=1)
    ]


def only(study, rows):
    (found,) = run_plans(study, rows)
    return found


def test_difference_in_means_is_welchs_test_of_left_against_right():
    found = only(make_study(plan("difference_in_means")), two_arms())
    expected = stats.ttest_ind(NEW, OLD, equal_var=False, alternative="greater")
    assert (found.analysis_plan_id, found.hypothesis_id, found.test) == ("p1", "h1", "difference_in_means")
    assert (found.outcome, found.error, found.supported) == ("score", "", True)
    assert found.result.test == "welch"
    assert found.result.estimate == pytest.approx(sum(NEW) / 6 - sum(OLD) / 6)
    assert found.result.p_value == pytest.approx(expected.pvalue) == found.adjusted_p
    assert found.result.n == {"new": 6, "old": 6}


def test_the_direction_decides_what_is_supported():
    study = make_study(plan("welch"), hypotheses=[{**BETTER, "direction": "less"}])
    assert only(study, two_arms()).supported is False


def test_p_values_are_adjusted_over_the_tests_of_a_plan_only():
    study = make_study(
        plan("welch", "mann_whitney", "no_such_test", multiple_comparison_policy="bonferroni"),
        {**plan("welch"), "analysis_plan_id": "p2"},
    )
    first, second, unknown, alone = run_plans(study, two_arms())
    assert first.adjusted_p == pytest.approx(2 * first.result.p_value)
    assert second.adjusted_p == pytest.approx(2 * second.result.p_value)
    assert unknown.adjusted_p is None
    assert alone.adjusted_p == pytest.approx(first.result.p_value)


def test_adjustment_can_cost_the_support():
    rows = two_arms()
    assert only(make_study(plan("welch")), rows).supported is True
    many = make_study(plan(*["welch"] * 20, multiple_comparison_policy="bonferroni"))
    assert {item.supported for item in run_plans(many, rows)} == {False}


def test_an_unknown_policy_keeps_results_and_says_so():
    found = only(make_study(plan("welch", multiple_comparison_policy="wishful")), two_arms())
    assert found.result is not None
    assert (found.adjusted_p, found.supported) == (None, None)
    assert "no multiple_comparison_policy 'wishful'" in found.error


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("descriptive", "there is no test 'descriptive'"),
        ("fisher", "it is not binary"),
        ("mixed_effects", "no random effect is named"),
        ("tost", "minimum_effect_of_interest"),
        ("moderation", "names no moderator"),
    ],
)
def test_a_test_that_cannot_be_done_tells_why_and_loses_no_other(test, message):
    study = make_study(plan(test), {**plan("welch"), "analysis_plan_id": "p2"})
    failed, done = run_plans(study, two_arms())
    assert message in failed.error
    assert (failed.result, failed.adjusted_p, failed.supported) == (None, None, None)
    assert done.error == ""
    assert done.supported is True


def test_too_few_runs_are_an_error_of_the_test():
    found = only(make_study(plan("welch")), [row("new", 1, score=1.0), row("old", 1, score=2.0)])
    assert "the arm new has one value" in found.error


def test_a_bug_in_a_numerical_library_is_one_error(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("float division\nby zero")

    monkeypatch.setattr(plans, "run_test", broken)
    found = only(make_study(plan("welch")), two_arms())
    assert found.error == "the test welch failed with ZeroDivisionError: float division by zero"


def test_missing_outcomes_are_counted_in_their_arm():
    rows = [*two_arms(), row("old", 7, score=None, status="failed"), row("old", 8, status="missing")]
    found = only(make_study(plan("welch")), rows)
    assert found.result.n == {"new": 6, "old": 6}
    assert found.result.missing == {"new": 0, "old": 2}


def test_an_outcome_that_no_run_tells_is_an_error():
    found = only(
        make_study(plan("welch", outcomes=["effort"]), hypotheses=[{**BETTER, "dependent_vars": []}]), two_arms()
    )
    assert "no run tells the outcome 'effort'" in found.error


# Which outcomes


def test_each_hypothesis_is_tested_on_the_outcomes_it_is_about():
    study = make_study(
        plan("welch", hypothesis_ids=["h1", "h2"], outcomes=["score", "cost"]), hypotheses=[BETTER, DEARER]
    )
    rows = [row(agent, n, score=a, cost=b) for n in range(1, 5) for agent, a, b in (("new", n, 2.0 * n), ("old", n, n))]
    assert [(item.hypothesis_id, item.outcome) for item in run_plans(study, rows)] == [("h1", "score"), ("h2", "cost")]


def test_an_outcome_that_no_hypothesis_names_is_tested_without_a_claim():
    study = make_study(plan("welch", outcomes=["score", "effort"]))
    rows = [row(item.agent_id, item.replicate, effort=item.values["score"], **item.values) for item in two_arms()]
    score, effort = run_plans(study, rows)
    assert (score.supported, effort.supported) == (True, None)
    assert effort.result.direction == "different"
    assert "h1 is not about effort: tested in both directions" in effort.result.notes


@pytest.mark.parametrize(("named", "expected"), [(["cost"], ["cost"]), (["other"], ["score"]), ([], ["score"])])
def test_without_outcomes_in_the_plan_the_hypothesis_or_the_primary_decides(named, expected):
    study = make_study(plan("welch"), hypotheses=[{**BETTER, "dependent_vars": named}])
    assert [item.outcome for item in run_plans(study, two_arms())] == expected


def test_without_a_primary_outcome_the_first_is_meant_and_without_any_the_column():
    silent = {**BETTER, "dependent_vars": []}
    first = make_study(plan("welch"), hypotheses=[silent], outcomes=[{"name": "cost", "column": "cost", **COMMON}])
    none = make_study(plan("welch"), hypotheses=[silent], outcomes=[])
    assert [only(study, two_arms()).outcome for study in (first, none)] == ["cost", "primary_outcome"]


def test_an_outcome_cannot_explain_itself():
    study = make_study(plan("regression", covariates=["score"]))
    assert "an outcome cannot explain itself" in only(study, two_arms()).error


# Contrasts


def by_budget(small, large):
    return [
        row("new", place, factors={"budget": value}, score=score)
        for value, scores in ((1, small), (2, large))
        for place, score in enumerate(scores, start=1)
    ]


@pytest.mark.parametrize(
    ("left", "right"), [("large", "small"), (2, 1), (2.0, 1.0), ("2", "1"), ("Big", "small"), ("large", 1)]
)
def test_arms_are_levels_by_name_value_text_or_label(left, right):
    hypothesis = {**BETTER, "independent_vars": ["budget"], "contrast": {"left": left, "right": right}}
    found = only(make_study(plan("welch"), hypotheses=[hypothesis]), by_budget(OLD, NEW))
    assert found.result.estimate == pytest.approx(sum(NEW) / 6 - sum(OLD) / 6)


def test_the_contrast_belongs_to_the_independent_variable_that_has_its_levels():
    hypothesis = {**BETTER, "independent_vars": ["budget", "agent"]}
    found = only(make_study(plan("welch"), hypotheses=[hypothesis]), two_arms())
    assert found.result.n == {"new": 6, "old": 6}
    hypothesis = {**BETTER, "independent_vars": []}
    assert only(make_study(plan("welch"), hypotheses=[hypothesis]), two_arms()).supported is True


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contrast": {"left": "neu", "right": "old"}}, "'neu' is no level of agent; its levels are: new, old"),
        ({"contrast": {"left": "new"}}, "names one arm only; give it both left and right"),
        ({"contrast": {"left": "a", "right": "b"}, "independent_vars": []}, "name the factor in its independent_vars"),
        ({"contrast": None, "independent_vars": []}, "needs a factor"),
        ({"contrast": None}, "the direction 'greater' of agent needs a contrast"),
        ({"independent_vars": ["colour"]}, "there is no 'colour' among the runs' variables"),
    ],
)
def test_contrasts_that_say_too_little_are_errors(changes, message):
    found = only(make_study(plan("welch"), hypotheses=[{**BETTER, **changes}]), two_arms())
    assert message in found.error


@pytest.mark.parametrize("roles", [{"small": "baseline"}, {"small": "baseline", "large": "treatment"}])
def test_levels_that_declare_their_part_make_the_contrast(roles):
    levels = [
        {"name": name, "value": value, "metadata": {"role": roles[name]} if name in roles else {}}
        for name, value in (("large", 2), ("small", 1))
    ]
    hypothesis = {**BETTER, "independent_vars": ["budget"], "contrast": {"label": "only a label"}}
    study = make_study(plan("welch"), hypotheses=[hypothesis], factors=[{"name": "budget", "levels": levels}])
    found = only(study, by_budget(OLD, NEW))
    assert found.result.effect == "mean of 2 minus mean of 1"
    assert found.supported is True


def test_levels_that_are_no_plain_value_go_by_their_name():
    levels = [{"name": "loud", "value": {"volume": [1, 2]}}, {"name": "off", "value": None}]
    hypothesis = {**BETTER, "independent_vars": ["sound"], "contrast": {"left": "loud", "right": "off"}}
    study = make_study(plan("welch"), hypotheses=[hypothesis], factors=[{"name": "sound", "levels": levels}])
    rows = [
        row("new", place, factors={"sound": value}, score=score)
        for value, scores in (({"volume": [1, 2]}, NEW), (None, OLD))
        for place, score in enumerate(scores, start=1)
    ]
    assert only(study, rows).result.n == {"loud": 6, "off": 6}


def test_structured_values_without_a_level_are_told_by_their_json():
    hypothesis = {**BETTER, "independent_vars": ["site"], "contrast": None, "direction": "different"}
    study = make_study(plan("kruskal_wallis"), hypotheses=[hypothesis], blocks=[{"name": "site", "levels": [[1], [2]]}])
    rows = [row("new", n, blocks={"site": site}, score=n + site[0]) for n in range(1, 5) for site in ([1], [2])]
    assert only(study, rows).result.n == {"[1]": 4, "[2]": 4}


def test_another_operation_than_the_difference_is_told():
    contrast = {"left": "new", "right": "old", "operation": "ratio"}
    found = only(make_study(plan("welch"), hypotheses=[{**BETTER, "contrast": contrast}]), two_arms())
    assert any("operation 'ratio' was not used" in note for note in found.result.notes)


# Filters


def crossed(score=lambda budget, site, n: float(n)):
    """Runs of 2 agents × 2 budgets × 2 sites × 3 replicates."""
    return [
        row(agent, n, factors={"budget": budget}, blocks={"site": site}, score=score(budget, site, n))
        for agent, budget, site, n in product(("new", "old"), (1, 2), ("north", "south"), (1, 2, 3))
    ]


@pytest.mark.parametrize(
    ("filters", "arm"),
    [
        (None, 12),
        ({}, 12),
        ("", 12),
        ({"budget": 1}, 6),
        ({"budget": "large"}, 6),
        ({"budget": ["small", 2]}, 12),
        ({"site": "north", "replicate": [1, 2]}, 4),
        ({"agent": ["new", "old"], "status": "success"}, 12),
        ("budget > 1 and site == 'north'", 3),
        ("factors['budget'] == 1", 6),
        ("blocks['site'] == 'south' and replicate != 3", 4),
        ("agent in ['new', 'old'] and problem == None", 12),
        (["budget == 1", {"site": "north"}], 3),
    ],
)
def test_filters_choose_runs(filters, arm):
    study = make_study(plan("welch", filters=filters), blocks=[{"name": "site", "levels": ["north", "south"]}])
    assert only(study, crossed()).result.n == {"new": arm, "old": arm}


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"budgt": 1}, "did you mean 'budget'?"),
        ({"budget": 3}, "3 is no level of budget"),
        ({"status": "lost"}, "no run passes the plan's filters"),
        ({"score": 1}, "the plan's filters name the outcome 'score'"),
        ("score > 1", "unknown name 'score'"),
        ("budget", "gives 1, neither true nor false"),
        ("budget >", "expression"),
        ("site > 1", "'>' not supported"),
        ("budget > 5", "no run passes the plan's filters"),
        (7, "the plan's filters 7 cannot be read"),
    ],
)
def test_filters_that_cannot_be_applied_are_errors_of_their_plan(filters, message):
    study = make_study(
        plan("welch", "t", filters=filters),
        {**plan("welch"), "analysis_plan_id": "p2"},
        blocks=[{"name": "site", "levels": ["north", "south"]}],
    )
    *failed, done = run_plans(study, crossed())
    assert [message in item.error for item in failed] == [True, True]
    assert done.error == ""


def test_without_runs_every_test_says_so():
    assert only(make_study(plan("welch")), []).error == "there are no planned runs to analyse"


def test_texts_and_numbers_are_different_levels_to_filters():
    factors = [{"name": "code", "levels": [{"name": "number", "value": 1}, {"name": "text", "value": "1"}]}]
    study = make_study(plan("welch", filters={"code": "number"}), factors=factors)
    rows = [
        row(agent, n, factors={"code": code}, score=float(n))
        for agent in ("new", "old")
        for n in (1, 2)
        for code in (1, "1")
    ]
    assert only(study, rows).result.n == {"new": 2, "old": 2}


# Pairs


def test_pairs_share_all_but_the_arm_and_replicates_where_seeds_are_shared():
    study = make_study(plan("paired_t"), seed_policy={"strategy": "common_random_numbers"})
    found = only(study, two_arms())
    assert found.result.p_value == pytest.approx(stats.ttest_rel(NEW, OLD, alternative="greater").pvalue)
    assert set(found.result.n.values()) == {6}


def test_replicates_are_averaged_where_seeds_are_not_shared():
    values = {
        ("new", "a"): (1, 3),
        ("old", "a"): (0, 1),
        ("new", "b"): (4, 6),
        ("old", "b"): (2, 5),
        ("new", "c"): (9, 9),
        ("old", "c"): (5, 5),
    }
    rows = [
        row(agent, n, problem=problem, score=float(score))
        for (agent, problem), both in values.items()
        for n, score in enumerate(both, start=1)
    ]
    found = only(make_study(plan("paired_t")), rows)
    expected = stats.ttest_rel([2.0, 5.0, 9.0], [0.5, 3.5, 5.0], alternative="greater")
    assert found.result.p_value == pytest.approx(expected.pvalue)
    assert "3 pairs have several rows an arm, which were averaged" in found.result.notes


def test_pairs_of_a_problem_are_one_where_there_are_several():
    """Runs of a problem are alike: as pairs of their own they would claim more than the problems say."""
    study = make_study(plan("paired_t", "mcnemar"), seed_policy={"strategy": "common_random_numbers"})
    gains = {"a": (1.0, 1.2, 0.8), "b": (-0.5, -0.4, -0.6), "c": (0.4, 0.5, None)}
    rows = [
        row(agent, n, problem=problem, score=None if gain is None else (gain if agent == "new" else 0.0))
        for problem, found in gains.items()
        for n, gain in enumerate(found, start=1)
        for agent in ("new", "old")
    ]
    found = run_plans(study, rows)[0]
    expected = stats.ttest_1samp([1.0, -0.5, 0.45], 0, alternative="greater")
    assert found.result.p_value == pytest.approx(expected.pvalue)
    assert set(found.result.n.values()) == {3}
    assert "1 incomplete pairs were left out" in found.result.notes
    assert "8 pairs were averaged by problem: those of one problem are not independent" in found.result.notes


@pytest.mark.parametrize(
    ("test", "more", "said"),
    [
        ("welch", {}, True),
        ("anova", {}, True),
        ("mixed_effects", {"random_effects": ["problem"]}, True),
        ("mixed_effects", {"random_effects": ["agent|problem"]}, False),
        ("paired_t", {}, False),
    ],
)
def test_runs_of_one_problem_that_count_as_independent_are_told(test, more, said):
    study = make_study(plan(test, **more), seed_policy={"strategy": "common_random_numbers"})
    rows = [
        row(agent, n, problem=problem, score=n + shift * (1 + (agent == "new")) + 0.3 * ((3 * n + shift) % 4))
        for agent, n, (shift, problem) in product(("new", "old"), (1, 2, 3), enumerate(("a", "b", "c", "d")))
    ]
    notes = only(study, rows).result.notes
    told = [note for note in notes if note.startswith("runs of one problem count as independent")]
    assert len(told) == said
    if more.get("random_effects") == ["problem"]:
        assert told[0].endswith("; random_effects 'agent|problem' allows for it")


def test_pairs_that_lost_a_run_are_left_out_and_counted():
    rows = [
        row(
            item.agent_id,
            item.replicate,
            score=None if item.replicate == 2 and item.agent_id == "old" else item.values["score"],
        )
        for item in two_arms()
    ]
    study = make_study(plan("wilcoxon"), seed_policy={"strategy": "common_random_numbers"})
    found = only(study, rows)
    assert found.result.missing == {"new": 0, "old": 1}
    assert set(found.result.n.values()) == {5}


def test_without_anything_shared_there_are_no_pairs():
    found = only(make_study(plan("paired_t")), two_arms())
    assert "set seed_policy.strategy to common_random_numbers" in found.error


def test_the_agent_is_no_pair_where_a_factor_names_it():
    study = make_study(
        plan("paired_t"),
        factors=[{"name": "agent", "levels": [{"name": "new", "value": "new"}, {"name": "old", "value": "old"}]}],
        seed_policy={"strategy": "common_random_numbers"},
    )
    rows = [row(item.agent_id, item.replicate, factors={"agent": item.agent_id}, **item.values) for item in two_arms()]
    assert set(only(study, rows).result.n.values()) == {6}


def test_replicates_pair_no_blocks_or_problems_since_their_seeds_differ():
    hypothesis = {**BETTER, "independent_vars": ["site"], "contrast": {"left": "north", "right": "south"}}
    study = make_study(
        plan("paired_t"),
        hypotheses=[hypothesis],
        blocks=[{"name": "site", "levels": ["north", "south"]}],
        seed_policy={"strategy": "common_random_numbers"},
    )
    rows = [
        row("new", n, blocks={"site": site}, problem=problem, score=float(n + shift + (site == "north") * (1 + shift)))
        for site, n, (problem, shift) in product(("north", "south"), (1, 2), (("a", 0), ("b", 3), ("c", 4)))
    ]
    found = only(study, rows)
    assert set(found.result.n.values()) == {3}
    assert "3 pairs have several rows an arm, which were averaged" in found.result.notes


def test_notes_tell_what_shared_seeds_mean_for_a_test():
    study = make_study(plan("paired_permutation", "welch"), seed_policy={"strategy": "common_random_numbers"})
    rows = [
        row(agent, n, factors={"budget": budget}, score=n * budget + 2.0 * (agent == "new"))
        for agent, budget, n in product(("new", "old"), (1, 2), (1, 2, 3))
    ]
    paired, unpaired = run_plans(study, rows)
    assert "pairs that differ in budget only share their seeds, too; they count as independent" in paired.result.notes
    assert (
        "the arms share their seeds; welch takes them as independent, a paired test would not" in unpaired.result.notes
    )


# Models


GROWS = {**BETTER, "kind": "moderation", "moderators": [{"name": "budget"}], "direction": "different"}


def moderated():
    """An advantage of new over old of 1 at budget 1 and of 5 at budget 2, and a little spread."""
    return [
        row(agent, n, factors={"budget": budget}, score=(agent == "new") * (4 * budget - 3) + 0.1 * (n * n % 5))
        for agent, budget, n in product(("new", "old"), (1, 2), range(1, 7))
    ]


@pytest.mark.parametrize("test", ["moderation", "regression"])
def test_moderation_is_the_interaction(test):
    found = only(make_study(plan(test), hypotheses=[GROWS]), moderated())
    assert found.result.test == "moderation"
    assert found.result.estimate == pytest.approx(4)
    assert found.supported is True


def test_a_test_of_a_main_effect_says_nothing_on_a_moderation():
    found = only(make_study(plan("welch"), hypotheses=[GROWS]), moderated())
    assert found.supported is None
    assert "welch does not use moderators (budget)" in found.result.notes
    assert "welch does not test the moderation that h1 states" in found.result.notes


def test_special_tests_are_for_hypotheses_that_have_what_they_need():
    study = make_study(
        plan("welch", "moderation", hypothesis_ids=["h1", "h3"]), hypotheses=[BETTER, {**GROWS, "hypothesis_id": "h3"}]
    )
    found = [(item.hypothesis_id, item.test) for item in run_plans(study, moderated())]
    assert found == [("h1", "welch"), ("h3", "welch"), ("h3", "moderation")]


def test_moderation_looks_at_the_levels_that_are_named():
    extra = [row(agent, n, factors={"budget": 9}, score=50.0 * n) for agent in ("new", "old") for n in (1, 2, 3)]
    third = [row("third", n, factors={"budget": 1}, score=-50.0 * n) for n in (1, 2, 3)]
    levels = [{"name": name, "value": value} for name, value in (("small", 1), ("large", 2), ("huge", 9))]
    hypothesis = {**GROWS, "moderators": [{"name": "budget", "levels": ["small", 2]}]}
    study = make_study(plan("moderation"), hypotheses=[hypothesis], factors=[{"name": "budget", "levels": levels}])
    found = only(study, [*moderated(), *extra, *third])
    assert found.result.estimate == pytest.approx(4)
    assert "3 rows of other levels of agent were left out" in found.result.notes
    assert "6 rows of other levels of budget were left out" in found.result.notes


def test_moderation_without_a_contrast_compares_all_levels():
    third = [row("third", n, factors={"budget": b}, score=0.1 * (n * n % 5)) for b in (1, 2) for n in range(1, 7)]
    found = only(make_study(plan("moderation"), hypotheses=[{**GROWS, "contrast": None}]), [*moderated(), *third])
    assert found.result.estimate is None
    assert found.result.n == {"new": 12, "old": 12, "third": 12}
    assert found.supported is True


@pytest.mark.parametrize("test", ["mediation", "regression"])
def test_mediation_passes_through_another_outcome(test):
    noise = (0.3, -0.1, 0.4, -0.2, 0.1, -0.4, 0.2, -0.3)
    error = (0.1, -0.1, 0.1, -0.1, -0.1, 0.1, -0.1, 0.1)  # uncorrelated with it
    rows = [
        row(agent, n, effort=effort, score=3 * effort + error[n])
        for agent, base in (("new", 2.0), ("old", 1.0))
        for n, effort in ((n, base + noise[n]) for n in range(8))
    ]
    hypothesis = {**BETTER, "kind": "mediation", "mediators": [{"name": "effort"}]}
    found = only(make_study(plan(test), hypotheses=[hypothesis]), rows)
    assert found.result.test == "mediation"
    assert found.result.estimate == pytest.approx(3)
    assert found.supported is True


def test_random_effects_and_covariates_enter_models_and_are_named_where_they_do_not():
    rows = [
        row(
            agent,
            n,
            problem=problem,
            factors={"budget": n},
            score=level + (agent == "new") * 2 + 0.3 * n + 0.1 * ((n * level) % 3),
        )
        for agent, (problem, level), n in product(("new", "old"), (("a", 1), ("b", 5), ("c", 11), ("d", 4)), (1, 2))
    ]
    study = make_study(plan("mixed_effects", "welch", covariates=["budget"], random_effects=["1|problem"]))
    mixed, welch = run_plans(study, rows)
    assert mixed.result.estimate == pytest.approx(2)
    assert mixed.supported is True
    assert "budget" in [term.name for term in mixed.result.terms]
    assert "welch does not use covariates (budget)" in welch.result.notes
    assert "welch does not use random effects (1|problem)" in welch.result.notes


def test_a_covariate_that_does_not_exist_is_an_error_only_where_it_is_used():
    regression, welch = run_plans(make_study(plan("regression", "welch", covariates=["budgt"])), two_arms())
    assert "did you mean 'budget'?" in regression.error
    assert welch.error == ""


def test_an_omnibus_test_does_not_support_a_directed_hypothesis():
    directed, undirected = (
        only(make_study(plan("anova"), hypotheses=[{**BETTER, "direction": way}]), two_arms())
        for way in ("greater", "different")
    )
    assert directed.result.p_value == undirected.result.p_value
    assert (directed.supported, undirected.supported) == (None, True)


# Equivalence


def test_equivalence_is_shown_by_tost_and_by_no_other():
    hypothesis = {**BETTER, "kind": "equivalence", "direction": "different", "minimum_effect_of_interest": 10.0}
    tost, welch = run_plans(make_study(plan("tost", "welch"), hypotheses=[hypothesis]), two_arms())
    assert tost.result.direction == "equivalent"
    assert tost.supported is True
    assert "use tost" in welch.error


def test_tost_says_nothing_on_a_directed_hypothesis():
    hypothesis = {**BETTER, "minimum_effect_of_interest": 10.0}
    assert only(make_study(plan("tost"), hypotheses=[hypothesis]), two_arms()).supported is None


def test_a_minimum_effect_may_be_written_with_its_sign():
    hypothesis = {**BETTER, "direction": "less", "minimum_effect_of_interest": -0.5}
    assert only(make_study(plan("welch"), hypotheses=[hypothesis]), two_arms()).error == ""


# Order


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed):
    study = make_study(
        plan("welch", "permutation", "moderation", "anova", "wilcoxon", multiple_comparison_policy="holm"),
        hypotheses=[GROWS],
        seed_policy={"strategy": "common_random_numbers"},
    )
    rows = moderated()
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert run_plans(study, shuffled) == run_plans(study, rows)
