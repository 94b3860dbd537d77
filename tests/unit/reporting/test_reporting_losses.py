"""What a summary tells of failures, missing runs and outcomes, spending, stale results and notices."""

import math
import statistics
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.model.runs import RunStatus, Spending
from pytest_dre.model.study import Study
from pytest_dre.reporting.statistics import Moments, TallyCounter, tally, totals
from pytest_dre.reporting.summary import summary_lines

WHERE = {"width": 100, "height": 40, "output_dir": "out", "resume_command": None}


class Why(NamedTuple):
    reason: str
    message: str = ""


def _scored(study: Study, **outcome) -> Study:
    score = {
        "name": "score",
        "source_table": "runs",
        "column": "primary_outcome",
        "aggregation": "mean",
        "primary": True,
    }
    return Study.model_validate({**study.model_dump(), "outcomes": [{**score, **outcome}]})


def _labelled(lines, label) -> list[str]:
    """Return the lines of the entry, without the label and the indent."""
    start = next((index for index, line in enumerate(lines) if line.startswith(f"  {label} ")), None)
    if start is None:
        return []
    found = [lines[start].split(maxsplit=1)[1]]
    for line in lines[start + 1 :]:
        if not line.startswith("     "):
            break
        found.append(line.strip())
    return found


def _failed(make_result, plan, reasons):
    return [
        make_result(run, status="failed", reason=reason)
        for run, reason in zip(plan.runs, reasons, strict=False)
        if reason
    ]


def test_failures_are_told_by_agent_and_condition_the_most_frequent_first(make_study, make_plan, make_result) -> None:
    study = make_study(temperature=[0.1, 0.7], framing=["plain"])
    plan = make_plan(study, 2, agent=["solver", "planner"])
    where = [(run.agent_id, run.condition.assignments["temperature"], run.replicate) for run in plan.runs]
    reasons = {
        ("solver", 0.7, 1): "agent_error",
        ("solver", 0.7, 2): "agent_error",
        ("planner", 0.1, 1): "agent_error",
        ("solver", 0.1, 2): "timeout",
    }
    counted = tally(study, plan, _failed(make_result, plan, [reasons.get(key) for key in where]))
    assert _labelled(summary_lines(study, counted, **WHERE), "failures") == [
        "agent_error 3: solver at temperature = 0.7 (2), planner at temperature = 0.1 (1)",
        "timeout 1: solver at temperature = 0.1",
    ]


def test_agents_alone_and_conditions_alone_are_places_too(make_study, make_plan, make_result) -> None:
    study = make_study(x=[1])
    plan = make_plan(study, 1, agent=["a", "b"])
    lines = summary_lines(study, tally(study, plan, _failed(make_result, plan, ["timeout"])), **WHERE)
    assert _labelled(lines, "failures") == ["timeout 1: a"]
    study = make_study(x=[1, 2], y=["p", "q"])
    plan = make_plan(study, 1)
    lines = summary_lines(study, tally(study, plan, _failed(make_result, plan, ["", "timeout"])), **WHERE)
    assert _labelled(lines, "failures") == ["timeout 1: x = 1 and y = q"]


def test_of_one_row_the_place_is_plain(make_study, make_plan, make_result) -> None:
    study = make_study(x=[1])
    plan = make_plan(study)
    lines = summary_lines(study, tally(study, plan, _failed(make_result, plan, ["timeout"])), **WHERE)
    assert _labelled(lines, "failures") == []


def test_conditions_that_no_factor_tells_apart_are_named_by_their_id(make_plan, make_result, make_study) -> None:
    study = make_study(x={"a": 1, "b": 1})
    plan = make_plan(study, 1)
    lines = summary_lines(study, tally(study, plan, _failed(make_result, plan, ["timeout"])), **WHERE)
    assert _labelled(lines, "failures") == [f"timeout 1: {plan.runs[0].condition_id}"]


def test_many_places_and_reasons_stay_within_bounds(make_study, make_plan, make_result) -> None:
    study = make_study(level=list(range(150)))
    plan = make_plan(study, 2)
    rare = ["b", "c\x1b[2J", "d", "d", "e"]
    counted = tally(study, plan, _failed(make_result, plan, ["a"] * 295 + rare))
    shown = _labelled(summary_lines(study, counted, **{**WHERE, "width": 72}), "failures")
    assert shown == [
        "a 295: level = 0 (2), level = 1 (2), … 146 more",
        "d 2: level = 148 (1), level = 149 (1)",
        "b 1: level = 147",
        "… 2 more reasons (2 runs)",
    ]
    small = summary_lines(study, counted, **{**WHERE, "height": 10})
    assert _labelled(small, "failures") == []


def test_missing_runs_have_their_reasons_and_the_first_message_of_each(make_study, make_plan) -> None:
    study = make_study(x=[1, 2])
    plan = make_plan(study, 4)
    ids = [run.run_id for run in plan.runs]
    spent = "limits.max_cost_usd is spent: $1.02 of $1.00"
    unstarted = {
        ids[0]: Why("interrupted"),
        **{run_id: Why("budget", f"{spent}{number or ''}") for number, run_id in enumerate(ids[1:6])},
        ids[6]: Why("fail_fast", "run \x1b[31m1 failed"),
    }
    lines = summary_lines(study, tally(study, plan, []), unstarted=unstarted, **WHERE)
    assert _labelled(lines, "runs") == ["0 of 8 done, 8 missing (budget 5, fail_fast 1, interrupted 1, not started 1)"]
    assert _labelled(lines, "missing") == [f"budget: {spent}", "fail_fast: run \\x1b[31m1 failed"]
    compact = summary_lines(study, tally(study, plan, []), unstarted=unstarted, **{**WHERE, "height": 7})
    assert _labelled(compact, "runs") == ["0 of 8 done, 8 missing"]
    assert _labelled(compact, "missing") == [f"budget: {spent}"]


def test_each_spent_budget_is_told_once_and_not_too_many(make_study, make_plan) -> None:
    study = make_study(x=[1, 2])
    plan = make_plan(study, 10)
    budgets = ["max_cost_usd", *(f"agents.a{number}: b.max_tokens" for number in range(5))]
    said = [f"limits.{budgets[min(place // 4, 5)]} is reached: ${place}.00 of $1.00 spent" for place in range(20)]
    unstarted = {run.run_id: Why("budget", text) for run, text in zip(plan.runs[:18], said, strict=False)}
    unstarted[plan.runs[18].run_id] = Why("fail_fast", "run 1 failed")
    lines = summary_lines(study, tally(study, plan, []), unstarted=unstarted, **WHERE)
    assert _labelled(lines, "runs") == ["0 of 20 done, 20 missing (budget 18, fail_fast 1, not started 1)"]
    assert _labelled(lines, "missing") == [
        f"budget: limits.{budget} is reached: ${4 * place}.00 of $1.00 spent"
        for place, budget in [(1, budgets[1]), (2, budgets[2]), (3, budgets[3])]
    ] + ["fail_fast: run 1 failed"]


def test_runs_that_nobody_got_to_are_not_started(make_study, make_plan) -> None:
    study = make_study(x=[1, 2])
    plan = make_plan(study, 2)
    counted = tally(study, plan, [])
    assert _labelled(summary_lines(study, counted, **WHERE), "runs") == ["0 of 4 done, 4 missing (not started 4)"]
    unstarted = {plan.runs[0].run_id: Why("not_needed", "gate g came to PASS"), plan.runs[1].run_id: Why("stale")}
    lines = summary_lines(study, counted, unstarted=unstarted, **WHERE)
    assert _labelled(lines, "runs") == ["0 of 4 done, 3 missing (stale 1, not started 2), 1 not needed"]


def test_nothing_is_said_of_reasons_where_nothing_is_missing(make_study, make_plan, make_result) -> None:
    study = make_study(x=[1, 2])
    plan = make_plan(study, 1)
    counted = tally(study, plan, [make_result(run, 1) for run in plan.runs])
    lines = summary_lines(study, counted, unstarted={plan.runs[0].run_id: Why("budget", "spent")}, **WHERE)
    assert not any("spent" in line or "missing" in line for line in lines)


@pytest.mark.parametrize(
    ("outcome", "means", "counts", "said"),
    [
        ({"goal": "maximize"}, [2.0, 4.0], [3, 3], ["3 outcomes missing, taken as the worst (2)"]),
        ({"goal": "minimize"}, [14 / 3, 16 / 3], [3, 3], ["3 outcomes missing, taken as the worst (6)"]),
        (
            {"goal": "maximize", "range": [0.0, 9.0]},
            [2 / 3, 10 / 3],
            [3, 3],
            ["3 outcomes missing, taken as the worst (0)"],
        ),
        (
            {"goal": None, "range": [0.0, 9.0]},
            [2.0, 5.0],
            [1, 2],
            ["3 outcomes missing, left out: no goal says which value is the worst"],
        ),
        ({"goal": "maximize", "missing_data_policy": "drop"}, [2.0, 5.0], [1, 2], []),
    ],
)
def test_missing_outcomes_count_as_their_policy_says(
    make_study, make_plan, make_result, outcome, means, counts, said
) -> None:
    study = _scored(make_study(x=[1, 2]), **{"missing_data_policy": "worst", **outcome})
    plan = make_plan(study, 4)
    runs = plan.runs
    results = [
        make_result(runs[0], 2.0),
        make_result(runs[1], "n/a"),
        make_result(runs[2], 99.0, status="failed", reason="crashed"),
        make_result(runs[3], status="failed", reason="interrupted"),
        make_result(runs[4], 4.0),
        make_result(runs[5], 6.0),
        make_result(runs[6], status="failed", reason="timeout"),
    ]
    counted = tally(study, plan, results)
    assert [row.outcome.mean for row in counted.rows] == pytest.approx(means)
    assert [row.outcome.count for row in counted.rows] == counts
    assert totals(counted).lacking == 3
    lines = summary_lines(study, counted, **WHERE)
    assert _labelled(lines, "outcome") == said


def test_an_outcome_that_no_run_reports_is_told_with_what_they_report(make_study, make_plan, make_result) -> None:
    study = _scored(make_study(x=[1, 2]), column="scor")
    plan = make_plan(study, 1)
    results = [replace(make_result(run), metrics={"score": 1.0, "cost_usd": 0.5}) for run in plan.runs]
    said = ["no run reports 'scor'; they report score, cost_usd: did you mean 'score'?"]
    assert _labelled(summary_lines(study, tally(study, plan, results), **WHERE), "outcome") == said
    failed = [replace(result, status=RunStatus.FAILED) for result in results]
    assert _labelled(summary_lines(study, tally(study, plan, failed), **WHERE), "outcome") == []
    several = study.model_copy(
        update={"outcomes": tuple(study.outcomes[0].model_copy(update={"name": f"s{n}"}) for n in range(5))}
    )
    lines = summary_lines(several, tally(several, plan, results), **WHERE)
    assert _labelled(lines, "outcome") == [*said * 3, "… 2 more outcomes"]


def test_the_problems_of_results_are_counted_not_those_planned(make_study, make_plan, make_result) -> None:
    study = make_study(x=[1, 2])
    plan = make_plan(study, 1, problem=["a", "b", "c"])
    some = [make_result(run, 1.0) for run in plan.runs if run.problem_id != "c"]
    lines = summary_lines(study, tally(study, plan, some), **WHERE)
    assert _labelled(lines, "outcome") == ["mean over 2 of 3 problems"]
    every = [make_result(run, 1.0 if run.problem_id != "c" else None) for run in plan.runs]
    assert _labelled(summary_lines(study, tally(study, plan, every), **WHERE), "outcome") == [
        "mean over 2 of 3 problems"
    ]
    worst = _scored(study, missing_data_policy="worst", goal="maximize")
    (line,) = _labelled(summary_lines(worst, tally(worst, plan, every), **WHERE), "outcome")
    assert line.startswith("mean over 3 problems, 2 outcomes missing, taken as the worst")


def test_without_any_value_there_is_no_worst_to_take(make_study, make_plan, make_result) -> None:
    study = _scored(make_study(x=[1, 2]), missing_data_policy="worst", goal="maximize")
    plan = make_plan(study, 1)
    counted = tally(study, plan, [make_result(plan.runs[0], "n/a")])
    assert _labelled(summary_lines(study, counted, **WHERE), "outcome") == [
        "1 outcome missing, left out: no value to take as the worst",
        "no run has a value of 'score': it is 'n/a', no number",
    ]


def test_the_tally_so_far_can_be_asked_for_more_than_once(make_study, make_plan, make_result) -> None:
    study = _scored(make_study(x=[1]), missing_data_policy="worst", goal="maximize")
    plan = make_plan(study, 3)
    counter = TallyCounter(study, plan)
    counter.add(make_result(plan.runs[0], 5.0))
    counter.add(make_result(plan.runs[1], None))
    assert counter.study.rows[0].outcome.mean == 5.0
    counter.add(make_result(plan.runs[2], 2.0))
    assert [(row.outcome.count, row.outcome.mean) for row in counter.study.rows] == [(3, 3.0)]
    assert counter.study.rows == counter.study.rows


@given(st.lists(st.floats(-1e6, 1e6), max_size=20), st.floats(-1e6, 1e6), st.integers(0, 10))
def test_a_repeated_value_counts_as_if_it_had_come_one_by_one(values, value, times) -> None:
    moments = Moments()
    for item in values:
        moments.add(item)
    joined, everything = moments.with_repeated(value, times), [*values, *[value] * times]
    assert joined.count == len(everything)
    assert moments.count == len(values)
    if everything:
        assert joined.mean == pytest.approx(statistics.mean(everything), rel=1e-9, abs=1e-6)
    if len(everything) > 1:
        assert joined.deviation == pytest.approx(statistics.stdev(everything), rel=1e-6, abs=1e-3)


def test_an_infinite_worst_value_shows_in_the_mean_of_those_it_is_taken_for() -> None:
    moments = Moments()
    moments.add(1.0)
    assert (moments.with_repeated(math.inf, 2).mean, moments.with_repeated(math.inf, 2).count) == (math.inf, 3)
    assert moments.with_repeated(math.inf, 0).mean == 1.0


def test_failed_attempts_are_in_the_costs_and_what_is_not_is_told(make_study, make_plan, make_result) -> None:
    study = make_study(x=[1, 2])
    plan = make_plan(study, 1)
    retried = replace(make_result(plan.runs[0], 1.0, cost=0.5), attempts=3, lost_usd=0.25)
    results = [retried, make_result(plan.runs[1], 1.0, cost=0.5)]
    lines = summary_lines(study, tally(study, plan, results), spending=Spending(1.32, 100, 9.0), **WHERE)
    assert lines[2].endswith("$0.7500")
    assert lines[4].endswith("$1.2500")
    assert _labelled(lines, "runs") == ["2 of 2 done, 1 retried"]
    assert _labelled(lines, "spent") == ["$1.32 in all, of it $0.32 on failed attempts and results that do not count"]


@pytest.mark.parametrize("spending", [None, Spending(1.0), Spending(1.000001), Spending(0.0)])
def test_what_all_went_into_the_results_shown_is_not_told_again(make_study, make_plan, make_result, spending) -> None:
    study = make_study(x=[1, 2])
    plan = make_plan(study, 1)
    results = [make_result(run, 1.0, cost=0.5) for run in plan.runs]
    assert _labelled(summary_lines(study, tally(study, plan, results), spending=spending, **WHERE), "spent") == []


def test_stale_runs_are_named_and_how_to_repeat_them(make_study, make_plan) -> None:
    study = make_study(x=[1, 2])
    counted = tally(study, make_plan(study), [])
    names = ["temperature=0.1-r1", "x" * 50, "\x1b[31m", "last"]
    wide = {**WHERE, "width": 200}
    sentence = (
        "runs have results of another agent, problem or seed only: kept, not shown; rerun them with --dre-rerun stale"
    )
    assert _labelled(summary_lines(study, counted, stale=5, stale_names=names, **wide), "stale") == [
        f"5 {sentence}",
        f"temperature=0.1-r1, {'x' * 20}…{'x' * 19}, \\x1b[31m, last, … 1 more",
    ]
    assert _labelled(summary_lines(study, counted, stale=1, stale_names=["a"], **wide), "stale") == [
        "1 run has results of another agent, problem or seed only: kept, not shown; rerun it with --dre-rerun stale",
        "a",
    ]


@pytest.mark.parametrize("width", range(40, 130, 3))
def test_names_of_stale_runs_are_cut_between_names(make_study, make_plan, width) -> None:
    study = make_study(x=[1, 2])
    names = [f"style=good-r{number}" for number in range(1, 6)]
    lines = summary_lines(
        study, tally(study, make_plan(study), []), stale=900, stale_names=names, **{**WHERE, "width": width}
    )
    *shown, more = _labelled(lines, "stale")[-1].split(", ")
    assert shown == names[: len(shown)]
    assert shown
    assert more == f"… {900 - len(shown)} more"


@pytest.mark.parametrize(("stale", "text"), [(1, "1 of the results shown was"), (4, "4 of the results shown were")])
def test_stale_results_that_are_shown_are_told(make_study, make_plan, stale, text) -> None:
    study = make_study(x=[1, 2])
    lines = summary_lines(study, tally(study, make_plan(study), []), stale=stale, stale_included=True, **WHERE)
    assert " ".join(_labelled(lines, "stale")) == (
        f"{text} made with another version of the agent or problem (--dre-allow-stale)"
    )


def test_notices_are_told_even_of_a_study_whose_results_cannot_be_read(make_study, make_plan) -> None:
    study = make_study(x=[1, 2])
    salvage = "store damaged: 37 results salvaged, the damaged file is kept as \x1bstore.1"
    said = ["store damaged: 37 results salvaged, the damaged file is kept as \\x1bstore.1"]
    for counted in (None, tally(study, make_plan(study), [])):
        assert _labelled(summary_lines(study, counted, notices=[salvage], **WHERE), "notice") == said
    many = summary_lines(study, None, notices=["a", "b", "c", "d", "e"], **WHERE)
    assert _labelled(many, "notice") == ["a", "b", "c", "… 2 more notices"]
